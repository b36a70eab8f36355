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
    local fresh= prepare=
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
    rm -f "$work/log/$demo_db.log" "$work/$demo_db.stamp"
    copy_db "$base" "$demo_db"
    # Odoo loads an addon's demo data only on top of addons that have theirs: say so, and ours alone is loaded.
    psql -Xq "$demo_db" -c "update ir_module_module set demo = true where state = 'installed'"
    odoo_quietly "$demo_db.log" -c "$demo_conf" -d "$demo_db" -i "$(all_addons)" --with-demo --stop-after-init 7>&-
    ! grep -q 'demo data failed to install' "$work/log/$demo_db.log" || die "the demo data did not load, see $work/log/$demo_db.log"
}
