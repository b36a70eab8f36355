# `./ar test`: every kind of test, two streams side by side, one table. Sourced by ./ar.

report=${AR_REPORT:-$work/report}

run_kind() {  # run_kind KIND COMMAND... : its output in report/KIND.log, its exit code and seconds beside
    local kind=$1 start=$SECONDS rc=0
    shift
    "$@" >"$report/$kind.log" 2>&1 || rc=$?
    echo "$rc $((SECONDS - start))" >"$report/$kind.rc"
    if [ $rc = 0 ]; then say "$kind: passed ($((SECONDS - start)) s)"; else say "$kind: FAILED, see .work/report/$kind.log"; fi
}

all_lint() { . "$root/.ci/lint.sh"; lint; }

all_unit() {
    local addon options=()
    for addon in $(all_addons | tr , ' '); do
        # A glue addon has no rules of its own.
        [ ! -d "$root/$addon/core" ] || options+=("--cov=$addon/core")
    done
    COVERAGE_FILE=$report/.coverage "$python" -m pytest tests/unit -p no:odoo -q --junitxml="$report/unit.xml" \
        "${options[@]}" --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=95
}

all_odoo() {  # all_odoo KIND FOLDER DATABASE CONF
    ODOO_RC="" AR_BASE_DB=$base "$python" -m pytest "$2" -q --junitxml="$report/$1.xml" \
        --odoo-config="$4" --odoo-database="$3" --odoo-http
}

next_kind() {  # take the first line of the queue
    exec 8>"$report/queue.lock"
    flock 8
    sed -n 1p "$report/queue"
    sed -i 1d "$report/queue"
    exec 8>&-
}

stream() {  # stream DATABASE CONF: run kinds on this database until the queue is empty
    local kind
    while kind=$(next_kind) && [ -n "$kind" ]; do
        case $kind in
            odoo) run_kind odoo all_odoo odoo tests/integration "$1" "$2" ;;
            *) run_kind "$kind" all_odoo "$kind" "tests/$kind" "$1" "$2" ;;
        esac
    done
}

test_all() {
    local second=${AR_TEST_DB:-ar_test}_2 second_conf
    cd "$root" || return
    rm -rf "$report"
    mkdir -p "$report"
    # What needs no database runs while PostgreSQL and Odoo make them, which keeps one core busy.
    { run_kind lint all_lint; run_kind unit all_unit; } &
    local without_database=$!
    test_db
    second_conf=$(write_conf "$second")
    copy_db "$db" "$second"
    # Two streams, each with a database of its own; who is free takes the next kind, the longest first.
    printf '%s\n' odoo life tours http >"$report/queue"
    stream "$db" "$conf" &
    wait $without_database
    stream "$second" "$second_conf"
    wait
    drop_db "$second"
    rm -f "$second_conf"
    "$python" "$root/.ci/report.py" "$report"
}
