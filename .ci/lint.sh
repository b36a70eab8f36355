# The lint gate. Sourced by ./ar; expects root, work, python, node and .work/venv/bin on the PATH.
# Every tool runs, also after one has failed; each prints what it found, then one line with its verdict and seconds.

# pylint-odoo and the OCA checks leave out, with the reason:
#   missing-readme, prefer-readme-rst  the fragments in readme/ are the text, static/description/index.html shows it
#   xml-header-wrong                   Odoo itself writes encoding="utf-8", and prettier leaves the case alone
#   xml-field-numeric-without-eval     the ORM converts; Odoo itself writes <field name="sequence">10</field>
#   xml-tag-position                   wants t-if and id first; Odoo's own order is by meaning
#   weblate-component-too-long         there is no Weblate here
#   po-pretty-format                   wraps at 78; `odoo i18n export` and ./ar i18n do not, so each run would differ
# odl leaves out module-unwanted-file: it counts data/neutralize.sql, which `odoo neutralize` looks for, as unwanted
pylint_odoo_off=missing-readme
oca_off=prefer-readme-rst,xml-header-wrong,xml-field-numeric-without-eval,xml-tag-position,weblate-component-too-long
oca_po_off=po-pretty-format

sources() {  # sources EXTENSION... : our files of these kinds, new ones included, one a line
    local extension globs=()
    for extension in "$@"; do globs+=("*.$extension"); done
    git -C "$root" ls-files --cached --others --exclude-standard --deduplicate -- "${globs[@]}" |
        while IFS= read -r file; do [ ! -e "$root/$file" ] || echo "$file"; done
}

shell_sources() { ls ar .ci/run; sources sh; }

odoo_folder() { "$python" -c 'import odoo.addons.web as web, os; print(os.path.dirname(os.path.dirname(list(web.__path__)[0])))'; }

run_prettier() {
    sources xml js scss css cjs mjs yaml yml | xargs -r env NODE_PATH="$work/node/node_modules" "$node/bin/node" \
        "$work/node/node_modules/prettier/bin/prettier.cjs" --config "$root/.ci/prettier.json" --no-editorconfig \
        --plugin "$work/node/node_modules/@prettier/plugin-xml/src/plugin.js" --log-level warn "$@"
}

lint_ruff() { ruff check --output-format concise .; }
lint_ruff_format() { ruff format --check --output-format concise .; }
lint_mypy() { mypy --strict --no-error-summary ar_*/core; }
lint_pylint_odoo() {
    pylint --load-plugins=pylint_odoo --disable=all --enable=odoolint --disable="$pylint_odoo_off" --score=n \
        --valid-odoo-versions=19.0 --manifest-required-authors="AR Suite" ar_*/
}
lint_odl() { odl check --ignore ODOO002 --addons-path "$(odoo_folder)" ar_*/; }
lint_oca_module() { oca-checks-odoo-module --disable="$oca_off" ar_*/; }
lint_oca_po() { sources po pot | xargs -r oca-checks-po --disable="$oca_po_off"; }
lint_prettier() { run_prettier --check; }
lint_eslint() {
    [ -z "$(sources js)" ] ||
        sources js | xargs -r env NODE_PATH="$work/node/node_modules" "$node/bin/node" \
            "$work/node/node_modules/eslint/bin/eslint.js" --config "$root/.ci/eslint.config.cjs" --max-warnings 0 --no-warn-ignored
}
lint_shell() {  # SC2034, SC2154: ./ar and the files it sources set each other's variables
    local file failed=0
    while IFS= read -r file; do bash -n "$file" || failed=1; done < <(shell_sources)
    shell_sources | xargs -r shellcheck --shell=bash --severity=warning --exclude=SC2034,SC2154 --format=gcc || failed=1
    return $failed
}

lint_tools=(ruff ruff_format mypy pylint_odoo odl oca_module oca_po prettier eslint shell)

lint_one() {  # lint_one TOOL FOLDER : leaves FOLDER/TOOL.{out,rc,seconds}
    local start=$EPOCHREALTIME rc=0
    (cd "$root" && "lint_$1") >"$2/$1.out" 2>&1 || rc=$?
    echo "$rc" >"$2/$1.rc"
    "$python" -c "print(f'{$EPOCHREALTIME - $start:.1f}')" >"$2/$1.seconds"
}

lint() {
    local tool out failed=0
    out=$(mktemp -d)
    # Two at a time, because there are seldom fewer cores than that.
    for tool in "${lint_tools[@]}"; do
        while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n || true; done
        lint_one "$tool" "$out" &
    done
    wait
    for tool in "${lint_tools[@]}"; do
        [ "$(cat "$out/$tool.rc")" = 0 ] || { cat "$out/$tool.out"; echo; }
    done
    for tool in "${lint_tools[@]}"; do
        local verdict=ok
        [ "$(cat "$out/$tool.rc")" = 0 ] || { verdict=FAILED; failed=$((failed + 1)); }
        printf '%-12s %-6s %5s s\n' "${tool//_/-}" "$verdict" "$(cat "$out/$tool.seconds")"
    done
    rm -rf "$out"
    [ $failed = 0 ] || { echo "lint: $failed of ${#lint_tools[@]} tools found something" >&2; return 1; }
}

format() {
    cd "$root" || return
    ruff check --fix --quiet . || true
    ruff format --quiet .
    run_prettier --write
}
