"""What the credit check costs, next to plain Odoo and OCA sale_financial_risk: `./ar bench credit [SIZES]`.

Three databases (plain Odoo, ours, OCA's) get the same customer with N open invoices and N open orders. In one process
they take turns in confirming a new order (rolled back each time), so that what else the machine does meets all of them;
median time and queries are noted. Then the exposure of 10,000 customers is read in one statement and compared with the
bare aggregate over the same rows.

SIZES: numbers of open documents, comma-separated; 10,1000,10000 without it. Exits 1 where a figure is missed.
"""

import os
import sys
from contextlib import ExitStack
from pathlib import Path

from tests.bench.shell import WORK, copied, in_shell, run

# A peer to measure, never a dependency; unpacked into the work folder.
OCA = ["odoo-addon-sale-financial-risk==19.0.1.0.1", "odoo-addon-account-financial-risk==19.0.1.0.0.6"]
CUSTOMERS, RUNS = 10_000, 100
MORE_QUERIES, MORE_MS, RATIO = 5, 5.0, 2.0

FILL = """
import json
from tests.bench.credit_measure import fill
print("RESULT", json.dumps(fill(env, {kind!r}, {sizes!r}, {customers})))
"""
CONFIRM = """
import json
from tests.bench.credit_measure import confirm
print("RESULT", json.dumps(confirm({databases!r}, {sizes!r}, {runs})))
"""


def measured(templates, conf, sizes):
    """Measure on copies of databases.

    :param dict templates: which addon checks (plain, ours, oca) -> the database to copy.
    :return: the same keys -> what `fill` and `confirm` return.
    """
    with ExitStack() as stack:
        databases = {
            kind: stack.enter_context(copied(template, f"ar_bench_credit_{kind}"))
            for kind, template in templates.items()
        }
        options = ["-c", str(conf), "-d", databases["oca"], "--no-http", "--log-level=error"]
        run("odoo", *options, "-i", "sale_financial_risk", "--stop-after-init")
        results = {
            kind: in_shell(database, conf, FILL.format(kind=kind, sizes=sizes, customers=CUSTOMERS))
            for kind, database in databases.items()
        }
        script = CONFIRM.format(databases=databases, sizes=sizes, runs=RUNS)
        for kind, confirmed in in_shell(databases["plain"], conf, script).items():
            results[kind]["confirm"] = confirmed
        return results


def with_oca(conf):
    """Fetch the peer; return an odoo.conf that finds it."""
    folder = WORK / "oca"
    if not (folder / "odoo" / "addons" / "sale_financial_risk").is_dir():
        uv = WORK / "venv" / "bin" / "uv"
        run(
            str(uv), "pip", "install", "--quiet", "--no-deps", "--python", sys.executable,
            "--target", str(folder), *OCA,
        )  # fmt: skip
    text = Path(conf).read_text(encoding="utf-8")
    target = WORK / "bench_oca.conf"
    target.write_text(
        text.replace("addons_path = ", f"addons_path = {folder}/odoo/addons,", 1), encoding="utf-8"
    )
    return target


def main(database, conf, sizes="10,1000,10000"):
    """Measure all three, print the table and the verdict."""
    sizes = [int(size) for size in sizes.split(",")]
    base = os.environ["AR_BASE_DB"]
    results = measured({"plain": base, "ours": database, "oca": base}, with_oca(conf), sizes)
    print(f"{'open documents':>14} {'':>6} {'confirm ms':>11} {'queries':>8}")
    for size in sizes:
        for kind, result in results.items():
            milliseconds, queries = result["confirm"][str(size)]
            print(f"{size:>14,} {kind:>6} {milliseconds:>11.1f} {queries:>8}")
    extra = {
        size: (
            results["ours"]["confirm"][str(size)][0] - results["plain"]["confirm"][str(size)][0],
            results["ours"]["confirm"][str(size)][1] - results["plain"]["confirm"][str(size)][1],
        )
        for size in sizes
    }
    exposure, bare = results["ours"]["exposure_ms"], results["ours"]["bare_ms"]
    oca_1000 = results["oca"]["risk_ms_1000"]
    print(f"exposure of {CUSTOMERS:,} customers: {exposure:.0f} ms, bare aggregate {bare:.0f} ms")
    print(f"OCA risk_total of 1,000 customers: {oca_1000:.0f} ms")
    flat = max(ms for ms, _queries in extra.values())
    queries = max(queries for _ms, queries in extra.values())
    print(
        f"credit: more_ms={flat:.1f} more_queries={queries} exposure_ms={exposure:.0f} ratio={exposure / bare:.2f}"
        f" oca_risk_1000_ms={oca_1000:.0f}"
    )
    return int(queries > MORE_QUERIES or flat > MORE_MS or exposure > RATIO * bare)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
