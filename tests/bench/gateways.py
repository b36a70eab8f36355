"""The payment page next to Odoo's own, and notifications: `./ar bench gateways [SECONDS]`.

One server of two worker processes, on a copy of the database. Four visitors at once, each time from another address
(behind a proxy: nobody may open a page that often), load our page of an invoice, and Odoo's payment page of the same
invoice, for SECONDS each (8 without it), in turns so that both meet the same machine.
Then 300 genuine notifications, each about another order, arrive over four connections. The visitors run on the same
machine and take their share of it. Exits 1 where a figure is missed.
"""

import http.client
import random
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlencode, urlsplit

from tests.bench.shell import copied, in_shell
from tests.server import OdooServer
from tests.simulators import alipay_keys
from tests.simulators.alipay import AlipaySimulator
from tests.simulators.alipay_trades import now

VISITORS, ROUNDS, NOTIFICATIONS = 4, 2, 300
FASTER, MOST_QUERIES = 2.0, 12

PREPARE = """
import json
from tests.bench.gateways_setup import prepare
print("RESULT", json.dumps(prepare(env, *{arguments!r})))
"""
PAID = """
import json
from tests.bench.gateways_setup import paid
print("RESULT", json.dumps(paid(env, {names!r})))
"""


def visit(url, path, until, times):
    """Load a page again and again over one connection until a time; note the seconds of each."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    while time.perf_counter() < until:
        started = time.perf_counter()
        address = f"198.18.{random.randrange(256)}.{random.randrange(256)}"
        headers = {
            "User-Agent": "bench",
            "X-Forwarded-For": address,
            "X-Forwarded-Host": urlsplit(url).netloc,
        }
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        response.read()
        if response.status != 200:
            raise AssertionError(f"{path}: {response.status}")
        times.append(time.perf_counter() - started)
    connection.close()


def load(url, path, seconds):
    """Return the seconds of all requests that VISITORS made."""
    times, until = [], time.perf_counter() + seconds
    together([lambda: visit(url, path, until, times) for _visitor in range(VISITORS)])
    return times


def together(jobs):
    """Run jobs in threads, all at once; raise what one of them raised."""
    errors = []

    def guarded(job):
        try:
            job()
        except Exception as error:  # noqa: BLE001  # raised below
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def notify(url, path, bodies):
    """Send notifications over one connection; the gateway has to hear that each need not come again."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    for body in bodies:
        connection.request("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})
        response = connection.getresponse()
        if response.read() != b"success":
            raise AssertionError("a genuine notification was turned away")
    connection.close()


def notification(simulator, number, amount_minor, index):
    """Return the signed body that says that an order was paid."""
    trade = SimpleNamespace(
        number=number,
        amount_minor=amount_minor,
        created=now(),
        paid=now(),
        content={"subject": "bench"},
        cashier_id=f"bench{index}",
        status="TRADE_SUCCESS",
        trade_no=f"2026000000000000{index:06d}",
    )
    return urlencode(simulator.notification(trade))


def percentile(times, share):
    """Return the milliseconds that a share of the requests stayed below."""
    return 1000 * statistics.quantiles(times, n=100)[share - 1]


def measure(server, setup, bodies, seconds):
    """Measure a running server.

    :return: seconds of all requests per page; notifications a second; queries per page.
    """
    times = {"core": [], "ours": []}
    for kind in times:
        load(server.url, setup[kind], 2)  # templates, caches
    for _round in range(ROUNDS):
        for kind, found in times.items():
            found.extend(load(server.url, setup[kind], seconds / ROUNDS))
    started = time.perf_counter()
    parts = [bodies[part::VISITORS] for part in range(VISITORS)]
    together([lambda part=part: notify(server.url, setup["notify"], part) for part in parts])
    notified = NOTIFICATIONS / (time.perf_counter() - started)
    queries = {kind: statistics.median(server.queries_of(urlsplit(setup[kind]).path)) for kind in times}
    return times, notified, queries


def merchant_of(merchant):
    """Return what the provider's form asks of a simulator's merchant."""
    return {
        "app_id": merchant.app_id,
        "seller_id": merchant.seller_id,
        "private_key": alipay_keys.private_pem(merchant.merchant_key),
        "public_key": alipay_keys.public_pem(merchant.alipay_key),
    }


def main(database, conf, seconds="8"):
    """Measure, print the table and the verdict."""
    seconds = float(seconds)
    merchant = alipay_keys.Merchant.new()
    keys = merchant_of(merchant)
    with (
        copied(database, "ar_bench_gateways") as name,
        AlipaySimulator(merchant) as simulator,
        tempfile.TemporaryDirectory() as folder,
    ):
        server = OdooServer(name, conf, Path(folder) / "odoo.log", options=("--proxy-mode",))
        arguments = (server.url, simulator.url, keys, NOTIFICATIONS)
        setup = in_shell(name, conf, PREPARE.format(arguments=arguments))
        bodies = [notification(simulator, *order, index) for index, order in enumerate(setup["orders"])]
        with server:
            times, notified, queries = measure(server, setup, bodies, seconds)
        done = in_shell(name, conf, PAID.format(names=[number for number, _amount in setup["orders"]]))
    return show(
        {kind: (found, len(found) / seconds) for kind, found in times.items()}, queries, notified, done
    )


def show(pages, queries, notified, done):
    """Print the table; return the exit code."""
    print(f"{'page':>6} {'queries':>8} {'p50 ms':>8} {'p95 ms':>8} {'req/s':>8}")
    for kind, (found, rate) in pages.items():
        print(
            f"{kind:>6} {queries[kind]:>8.0f} {percentile(found, 50):>8.1f} {percentile(found, 95):>8.1f} {rate:>8.1f}"
        )
    print(f"{NOTIFICATIONS} notifications: {notified:.1f} a second; orders paid, payments confirmed: {done}")
    ours, core = pages["ours"][1], pages["core"][1]
    print(
        f"gateways: ours_per_s={ours:.1f} core_per_s={core:.1f} faster={ours / core:.2f}"
        f" queries={queries['ours']:.0f} notifications_per_s={notified:.1f}"
    )
    wrong = done != [NOTIFICATIONS, NOTIFICATIONS]
    return int(ours < FASTER * core or queries["ours"] > MOST_QUERIES or wrong)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
