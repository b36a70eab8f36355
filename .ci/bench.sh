# Benchmarks. Sourced by ./ar; expects root, python and the functions of ./ar.
# A benchmark is tests/bench/NAME.py, called as `NAME.py DATABASE CONF [SIZE]`. It prints its table, then one line
# `NAME: key=value ...`, and exits non-zero where it falls short of the figures it states.

bench() {  # bench NAME [SIZE]
    local names
    names=$(cd "$root/tests/bench" && find . -name "[a-z]*.py" | sed 's,^\./,,; s,\.py$,,' | sort | paste -sd ' ')
    [ $# -gt 0 ] || die "./ar bench NAME [SIZE]; benchmarks: ${names:-none yet}"
    [ -f "$root/tests/bench/$1.py" ] || die "no benchmark called '$1'; benchmarks: ${names:-none yet}"
    test_db
    (cd "$root" && AR_BASE_DB=$base "$python" "tests/bench/$1.py" "$db" "$conf" "${@:2}")
}
