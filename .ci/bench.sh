# Benchmarks. Sourced by ./ar; expects root, python and the functions of ./ar.
# A benchmark is tests/bench/NAME.py, run as a module with DATABASE CONF [SIZE]. It prints its table, then one line
# `NAME: key=value ...`, and exits non-zero where it falls short of the figures it states.

bench() {  # bench NAME [SIZE]
    local names
    names=$(cd "$root/tests/bench" && grep -l '^if __name__' ./*.py | sed 's,^\./,,; s,\.py$,,' | paste -sd ' ')
    [ $# -gt 0 ] || die "./ar bench NAME [SIZE]; benchmarks: ${names:-none yet}"
    [ -f "$root/tests/bench/$1.py" ] || die "no benchmark called '$1'; benchmarks: ${names:-none yet}"
    test_db
    (cd "$root" && AR_BASE_DB=$base "$python" -m "tests.bench.$1" "$db" "$conf" "${@:2}")
}
