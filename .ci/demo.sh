# `./ar demo`: the demo database, the simulators, a mail catcher and Odoo, until Ctrl-C. Sourced by ./ar.

demo_usage() {
    cat <<'TXT'
./ar demo [--fresh] [--prepare]
    --fresh      throw the demo database away and make it again
    --prepare    only make or upgrade the database
AR_PORT=8069     the port of Odoo; without it the first free one from 8069
TXT
}

demo() {
    local fresh='' prepare=''
    while [ $# -gt 0 ]; do
        case $1 in
            --fresh) fresh=1 ;;
            --prepare) prepare=1 ;;
            -h | --help) demo_usage; return ;;
            *) demo_usage >&2; die "unknown option '$1'" ;;
        esac
        shift
    done
    demo_db=${AR_DEMO_DB:-ar_demo}
    demo_conf=$(write_conf "$demo_db")
    exec 7>"$work/$demo_db.lock"
    flock -n 7 || die "the demo is already running: $(cat "$work/$demo_db.url" 2>/dev/null || echo "see its terminal")"
    demo_database
    [ -n "$prepare" ] || demo_serve
}

# --- database ------------------------------------------------------------------------------------

demo_stamps() {  # "ADDON CHECKSUM" a line, of the contents: a checkout or a touch changes nothing
    local addon
    for addon in $(all_addons | tr , ' '); do
        echo "$addon $(cd "$root" && find "$addon" -type f ! -name '*.pyc' | LC_ALL=C sort | xargs -d '\n' cat | cksum | tr ' ' -)"
    done
}

demo_database() {
    local stamp=$work/$demo_db.stamp changed
    base_db
    if [ -n "$fresh" ] || [ ! -s "$stamp" ] || ! db_exists "$demo_db"; then
        demo_create
    elif changed=$(demo_stamps | grep -vxFf "$stamp" | cut -d ' ' -f 1 | paste -sd ,) && [ -n "$changed" ]; then
        say "upgrading $changed"
        mv "$stamp" "$stamp.old"
        rm -f "$work/log/$demo_db.log"
        (odoo_quietly "$demo_db.log" -c "$demo_conf" -d "$demo_db" -i "$changed" -u "$changed" --stop-after-init 7>&-) || {
            mv "$stamp.old" "$stamp"
            die "the upgrade failed; './ar demo --fresh' makes a new database"
        }
    else
        return 0
    fi
    demo_stamps >"$stamp"
}

demo_create() {
    say "creating the demo database (a minute)"
    rm -f "$work/log/$demo_db.log" "$work/$demo_db.stamp" "$work/$demo_db.gateways"
    rm -rf "$work/mail/$demo_db"
    copy_db "$base" "$demo_db"
    # Odoo loads an addon's demo data only on top of addons that have theirs: say so, and ours alone is loaded.
    psql -Xq "$demo_db" -c "update ir_module_module set demo = true where state = 'installed'"
    odoo_quietly "$demo_db.log" -c "$demo_conf" -d "$demo_db" -i "$(all_addons)" --with-demo --stop-after-init 7>&-
    ! grep -q 'demo data failed to install' "$work/log/$demo_db.log" || die "the demo data did not load, see $work/log/$demo_db.log"
}

# --- processes -----------------------------------------------------------------------------------

demo_pids=()
demo_names=()

demo_start() {  # demo_start NAME COMMAND... : in the background, its output in .work/log/DB-NAME.log; dies with us
    local name=$1
    shift
    # setsid: Ctrl-C reaches only us, and we end it once. pdeathsig: nor does a kill -9 of ./ar leave it running.
    # The descriptor of the lock stays ours.
    setsid setpriv --pdeathsig TERM -- "$@" >"$work/log/$demo_db-$name.log" 2>&1 7>&- &
    demo_pids+=($!)
    demo_names+=("$name")
}

demo_stop() {
    trap - EXIT INT TERM HUP
    [ ${#demo_pids[@]} = 0 ] || { kill -TERM "${demo_pids[@]}" 2>/dev/null; wait "${demo_pids[@]}" 2>/dev/null; }
    rm -f "$work/$demo_db.url"
    say "the demo has stopped"
}

demo_dead() {  # the name of a process of ours that has ended, if one has
    local i
    for i in "${!demo_pids[@]}"; do
        kill -0 "${demo_pids[i]}" 2>/dev/null || { echo "${demo_names[i]}"; return; }
    done
}

demo_ports() {  # demo_ports FIRST... : for each the first free port from it on, on 127.0.0.1, one a line
    "$python" - "$@" <<'PY'
import socket, sys

taken = set()
for first in map(int, sys.argv[1:]):
    for port in range(first, min(first + 200, 65536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                if port in taken:
                    continue
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        taken.add(port)
        print(port)
        break
    else:
        sys.exit(f"no free port from {first} on")
PY
}

demo_serve() {
    local ports port smtp_port mail_port alipay_port wechat_port
    ports=$(demo_ports "${AR_PORT:-8069}" 2525 8025 8470 8480) || die "no free port on 127.0.0.1"
    { read -r port; read -r smtp_port; read -r mail_port; read -r alipay_port; read -r wechat_port; } <<<"$ports"
    [ -z "${AR_PORT:-}" ] || [ "$port" = "$AR_PORT" ] || die "port $AR_PORT is in use; choose another with AR_PORT, or leave it out"
    demo_url=http://127.0.0.1:$port
    demo_mails=http://127.0.0.1:$mail_port
    trap demo_stop EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    cd "$root" || return
    demo_start mailbox "$python" -m tests.simulators.mailbox --smtp-port "$smtp_port" --http-port "$mail_port" --folder "$work/mail/$demo_db"
    demo_start alipay "$python" -m tests.simulators.alipay --port "$alipay_port" --state-dir "$work/alipay/$demo_db"
    demo_start wechat "$python" -m tests.simulators.wechat --port "$wechat_port" --state-dir "$work/wechat/$demo_db"
    demo_settings "alipay=http://127.0.0.1:$alipay_port/gateway.do" "wechatpay=http://127.0.0.1:$wechat_port"
    demo_start odoo odoo server -c "$demo_conf" -d "$demo_db" --http-port "$port" --smtp 127.0.0.1 --smtp-port "$smtp_port" \
        --max-cron-threads 1
    demo_until odoo demo_answers "$demo_url/web/login"
    echo "$demo_url" >"$work/$demo_db.url"
    demo_welcome
    # Wake up when a process ends; a signal ends the wait through the traps.
    wait -n || true
    die "$(demo_dead) has ended; its last words are in .work/log/$demo_db-$(demo_dead).log"
}

demo_settings() {  # demo_settings CODE=ADDRESS... : what depends on the ports and on the simulators' keys
    local folders=("$work/alipay/$demo_db" "$work/wechat/$demo_db") marker=$work/$demo_db.gateways sum each
    psql -Xq -v ON_ERROR_STOP=1 -v url="$demo_url" "$demo_db" <<'SQL'
insert into ir_config_parameter (key, value)
values ('web.base.url', :'url'), ('web.base.url.freeze', 'True')
    on conflict (key) do update set value = excluded.value;
-- Odoo sends queued mail once an hour; who tries things out wants to see it.
update ir_cron set interval_number = 1, interval_type = 'minutes', nextcall = now() at time zone 'utc'
 where id = (select res_id from ir_model_data where module = 'mail' and name = 'ir_cron_mail_scheduler_action');
SQL
    for each in "$@"; do
        psql -Xq -v ON_ERROR_STOP=1 -v key="ar_payment_gateways.${each%%=*}_test_url" -v value="${each#*=}" "$demo_db" <<'SQL'
insert into ir_config_parameter (key, value) values (:'key', :'value') on conflict (key) do update set value = excluded.value;
SQL
    done
    for each in alipay wechat; do demo_until "$each" grep -qs ^ready "$work/log/$demo_db-$each.log"; done
    sum=$(find "${folders[@]}" -type f | LC_ALL=C sort | xargs -d '\n' cat | cksum)
    [ "$(cat "$marker" 2>/dev/null)" = "$sum" ] && return
    ALIPAY_KEYS=${folders[0]} WECHAT_KEYS=${folders[1]} odoo shell -c "$demo_conf" -d "$demo_db" --no-http --log-level=warn \
        --shell-interface=python <.ci/demo_provider.py >"$work/log/$demo_db-provider.log" 2>&1 7>&- &&
        ! grep -q ^Traceback "$work/log/$demo_db-provider.log" ||
        die "the payment providers could not be set up, see .work/log/$demo_db-provider.log"
    echo "$sum" >"$marker"
}

demo_until() {  # demo_until NAME COMMAND... : wait for the command to succeed, two minutes at most, while process NAME lives
    local name=$1 deadline=$((SECONDS + 120))
    shift
    until "$@"; do
        [ -z "$(demo_dead)" ] || die "$(demo_dead) did not start: $(tail -n 3 "$work/log/$demo_db-$(demo_dead).log")"
        [ $SECONDS -lt $deadline ] || die "$name does not answer, see .work/log/$demo_db-$name.log"
        sleep 0.2
    done
}

demo_answers() { "$python" -c 'import sys, urllib.request as r; r.urlopen(sys.argv[1], timeout=20)' "$1" 2>/dev/null; }

demo_welcome() {
    cat <<TXT

  Odoo      $demo_url/odoo
  mails     $demo_mails        (what Odoo sends arrives here within a minute; nothing leaves this machine)

  login / password                who
  sales / sales                   Vivian Lin, salesperson
  credit / credit                 Eric Chen, credit manager
  accountant / accountant         王丽娟, accountant, works in Chinese
  auditor / auditor               Helen Zhao, auditor: sees everything, changes nothing
  admin / admin                   administrator

  The road of a receivable:
  1 sales       Sales: confirm quotation S00002 of 上海联科; it exceeds the credit limit and is held
  2 credit      Sales > Orders > Credit Holds: read the numbers, approve; the order confirms
  3 sales       on the order: Create Invoice; accountant: Confirm it; its QR code is on the form and the PDF
  4 customer    scan the code, or open the payment link, and pay with Alipay or WeChat Pay (simulators on this machine)
  5 accountant  Invoicing > Customers > Dunning Runs: look at the preview, send; the letters are among the mails above
  6 accountant  Invoicing > Customers > Bank Receipts: match the receipts; then Reporting > Aged Receivables

  Ctrl-C stops it.
TXT
}
