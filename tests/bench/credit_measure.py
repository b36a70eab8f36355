"""The part of the credit benchmark that runs inside `odoo shell`."""

import statistics
import time
from collections import defaultdict
from contextlib import ExitStack
from itertools import product

from odoo import SUPERUSER_ID, api
from odoo.fields import Command
from odoo.modules.registry import Registry

from .clone import clone_documents

# As in ar_credit_sum.py, which the other databases do not have.
PILED_UP = 100
# First runs fill caches and have PostgreSQL keep plans, as a server that is up has long done.
WARM_UP = 10


def fill(env, kind, sizes, customers):
    """Give customers their open documents, and measure many of them at once.

    :param str kind: plain, ours or oca: which addon checks.
    :param sizes: for each a customer with so many open invoices and orders.
    :return: the times of mass reading in milliseconds.
    """
    env.cr.execute("SET jit = off")
    sold = env["product.product"].create({"name": "Bench", "type": "service", "taxes_id": False})
    partners = [_customer(env, kind, f"Bench {size}") for size in sizes]
    for size, partner in zip(sizes, partners, strict=True):
        clone_documents(env, partner, sold, [partner.id], per_partner=size)
    result = {}
    if kind != "plain":
        sample = _customer(env, kind, "Bench mass")
        ids = [partner.id for partner in _copies(env, sample, customers if kind == "ours" else 1000)]
        clone_documents(env, sample, sold, ids, per_partner=3)
        result = _mass(env, kind, ids)
    _sum_up(env, kind, full=partners)
    env.cr.commit()
    _vacuum(env)
    return result


def confirm(databases, sizes, runs):
    """Confirm orders in databases that take turns.

    :param dict databases: kind -> name of a database that `fill` was run in.
    :return: kind -> size -> [median milliseconds, queries].
    """
    times, queries = defaultdict(list), {}
    with ExitStack() as stack:
        envs = {}
        for kind, database in databases.items():
            cursor = stack.enter_context(Registry(database).cursor())
            cursor.execute("SET jit = off")
            cursor.commit()  # a rollback would take it back
            envs[kind] = api.Environment(cursor, SUPERUSER_ID, {})
        for run in range(runs + WARM_UP):
            for size, (kind, env) in product(sizes, envs.items()):
                spent, queries[kind, size] = _confirm(env, f"Bench {size}")
                if run >= WARM_UP:
                    times[kind, size].append(spent)
    return {
        kind: {size: [statistics.median(times[kind, size]), queries[kind, size]] for size in sizes}
        for kind in databases
    }


def _sum_up(env, kind, full=()):
    """Have what SQL wrote past the triggers in the sums.

    :param full: partners whose sums get as many rows as the scheduled action leaves to what came and went since: two
        for each that is needed, and a hundred.
    """
    if kind != "ours":
        return
    sums = env["ar.credit.sum"]
    for kept in sums._get_sums():
        sums._replace(kept, sums._find_wrong(kept))
        nothing = ", ".join([*kept.keys, *("0" for _name in kept.amounts)])
        for partner in full:
            for limit in (None, PILED_UP):
                env.cr.execute(
                    f"INSERT INTO {kept.table} SELECT {nothing} FROM {kept.table} WHERE partner_id = %s LIMIT %s",
                    [partner.id, limit],
                )


def _vacuum(env):
    """Do what the autovacuum of a server that runs for more than a minute has done."""
    connection = env.cr._obj.connection
    connection.set_session(autocommit=True)
    env.cr.execute("VACUUM ANALYZE")
    connection.set_session(autocommit=False)


def _customer(env, kind, name):
    partner = env["res.partner"].create({"name": name, "is_company": True})
    if kind == "ours":
        env["ar.credit.account"].sudo().create(
            {"partner_id": partner.id, "control": "limited", "credit_limit": 1e12}
        )
    elif kind == "oca":
        partner.write(
            {
                "risk_sale_order_include": True,
                "risk_invoice_open_include": True,
                "risk_invoice_unpaid_include": True,
                "credit_limit": 1e12,
            }
        )
    return partner


def _copies(env, sample, number):
    return env["res.partner"].create(
        [{"name": f"{sample.name} {n}", "is_company": True} for n in range(number)]
    )


def _confirm(env, name):
    """Return milliseconds and queries of confirming one order of a customer; the order is rolled back."""
    order = env["sale.order"].create(
        {
            "partner_id": env["res.partner"].search([("name", "=", name)]).id,
            "order_line": [
                Command.create(
                    {
                        "product_id": env["product.product"].search([("name", "=", "Bench")]).id,
                        "price_unit": 1.0,
                    }
                )
            ],
        }
    )
    env.flush_all()
    env.invalidate_all()
    order.partner_id.name, order.order_line.product_id.name  # noqa: B018  # as a form that was open has them
    before = env.cr.sql_log_count
    started = time.perf_counter()
    order.action_confirm()
    env.flush_all()
    spent = (time.perf_counter() - started) * 1000
    queries = env.cr.sql_log_count - before
    assert order.state == "sale"
    env.cr.rollback()
    env.invalidate_all()
    return spent, queries


def _mass(env, kind, partner_ids):
    _sum_up(env, kind)
    env.cr.commit()
    _vacuum(env)
    if kind == "oca":
        partners = env["res.partner"].browse(partner_ids)
        work = lambda: partners.invalidate_recordset() or partners.mapped("risk_total")  # noqa: E731
        return {"risk_ms_1000": _timed(env, work)[0]}
    gauge, company = env["ar.credit.exposure"], env.company
    measured = gauge._measure(company, partner_ids)
    assert all(float(measured.exposures[i, company.id].total) == 600 for i in partner_ids), (
        "3 invoices, 3 orders of 100"
    )
    works = (lambda: gauge._measure(company, partner_ids)), (lambda: _bare(env, partner_ids))
    return dict(zip(("exposure_ms", "bare_ms"), _timed(env, *works), strict=True))


def _bare(env, partner_ids):
    """Read the same numbers with the least SQL there is: two sums, no policy, no currency, no contacts."""
    env.cr.execute(
        """
        SELECT item.partner_id, SUM(item.amount_residual)
          FROM account_move_line item
          JOIN account_account account ON account.id = item.account_id AND account.account_type = 'asset_receivable'
         WHERE item.parent_state = 'posted' AND item.reconciled IS NOT TRUE AND item.partner_id = ANY(%s)
         GROUP BY item.partner_id
        """,
        [partner_ids],
    )
    env.cr.fetchall()
    env.cr.execute(
        """
        SELECT so.partner_invoice_id, SUM(line.ar_credit_open)
          FROM sale_order so
          JOIN sale_order_line line ON line.order_id = so.id
         WHERE so.state = 'sale' AND line.ar_credit_open <> 0 AND so.partner_invoice_id = ANY(%s)
         GROUP BY so.partner_invoice_id
        """,
        [partner_ids],
    )
    env.cr.fetchall()


def _timed(env, *works):
    """Return the median milliseconds of each of `works`, which take turns."""
    times = [[] for _work in works]
    for _run in range(9):
        for work, spent in zip(works, times, strict=True):
            env.flush_all()
            started = time.perf_counter()
            work()
            spent.append((time.perf_counter() - started) * 1000)
    return [statistics.median(spent) for spent in times]
