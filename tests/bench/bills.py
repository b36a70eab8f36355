"""A bill of many rows: `./ar bench bills [ROWS]`.

ROWS (10,000 without it) paid orders of one day, each with its payment in the books, and Alipay's bill of that day. It
is uploaded (read, checked, stored, compared with our orders) and then booked in chunks, each committed, as the cron
does.
Exits 1 where it takes longer than a minute, or where a payment is left that the bill should have settled.
"""

import sys

from tests.bench.gateways import merchant_of
from tests.bench.shell import copied, in_shell
from tests.simulators.alipay_keys import Merchant

SECONDS = 60.0

SCRIPT = """
import json
from tests.bench.bills_measure import measure
print("RESULT", json.dumps(measure(env, {merchant!r}, {rows!r})))
"""


def main(database, conf, rows="10000"):
    """Measure, print the table and the verdict."""
    rows = int(rows.replace(",", ""))
    merchant = merchant_of(Merchant.new())
    with copied(database, "ar_bench_bills") as name:
        found = in_shell(name, conf, SCRIPT.format(merchant=merchant, rows=rows))
    print(f"{'step':>10} {'seconds':>9} {'queries':>9}")
    for step in ("import", "book"):
        print(f"{step:>10} {found[step][0]:>9.1f} {found[step][1]:>9,}")
    total = found["import"][0] + found["book"][0]
    print(
        f"{rows:,} rows: state {found['state']}, payments open {found['open']},"
        f" differences {found['differences']}, statement lines {found['statement_lines']}"
    )
    print(
        f"bills: rows={rows} import_s={found['import'][0]:.1f} book_s={found['book'][0]:.1f} total_s={total:.1f}"
        f" left_open={found['open']}"
    )
    right = found["state"] == "booked" and not found["open"] and not found["differences"]
    return int(total > SECONDS or not right)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
