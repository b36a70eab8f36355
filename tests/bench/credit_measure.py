"""The part of the credit benchmark that runs inside `odoo shell`."""

import statistics
import time

from odoo.fields import Command

from .clone import clone_documents


def measure(env, kind, sizes, customers, runs):
    """Fill the database and measure.

    :param str kind: plain, ours or oca: which addon checks.
    :return: confirm: per size [median milliseconds, queries]; and the times of mass reading in milliseconds.
    """
    env.cr.execute("SET jit = off")
    product = env["product.product"].create({"name": "Bench", "type": "service", "taxes_id": False})
    partners = {size: _customer(env, kind, f"Bench {size}") for size in sizes}
    for size, partner in partners.items():
        clone_documents(env, partner, product, [partner.id], per_partner=size)
    result = {}
    if kind != "plain":
        sample = _customer(env, kind, "Bench mass")
        ids = [partner.id for partner in _copies(env, sample, customers if kind == "ours" else 1000)]
        clone_documents(env, sample, product, ids, per_partner=3)
        result = _mass(env, kind, ids)
    env.cr.commit()
    _vacuum(env)
    return {"confirm": {size: _confirm(env, partners[size], product, runs) for size in sizes}, **result}


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


def _confirm(env, partner, product, runs):
    """Return [median milliseconds, queries] of confirming one order of the partner, each run rolled back."""
    times, queries = [], 0
    for _run in range(runs):
        order = env["sale.order"].create(
            {
                "partner_id": partner.id,
                "order_line": [Command.create({"product_id": product.id, "price_unit": 1.0})],
            }
        )
        env.flush_all()
        env.invalidate_all()
        order.partner_id.name, order.order_line.product_id.name  # noqa: B018  # as a form that was open has them
        before = env.cr.sql_log_count
        started = time.perf_counter()
        order.action_confirm()
        env.flush_all()
        times.append((time.perf_counter() - started) * 1000)
        queries = env.cr.sql_log_count - before
        assert order.state == "sale"
        env.cr.rollback()
        env.invalidate_all()
    return [statistics.median(times), queries]


def _mass(env, kind, partner_ids):
    env.flush_all()
    env.cr.commit()
    _vacuum(env)
    if kind == "oca":
        partners = env["res.partner"].browse(partner_ids)
        return {
            "risk_ms_1000": _timed(
                env, lambda: partners.invalidate_recordset() or partners.mapped("risk_total")
            )
        }
    gauge, company = env["ar.credit.exposure"], env.company
    measured = gauge._measure(company, partner_ids)
    assert all(float(measured.exposures[i, company.id].total) == 600 for i in partner_ids), (
        "3 invoices, 3 orders of 100"
    )
    return {
        "exposure_ms": _timed(env, lambda: gauge._measure(company, partner_ids)),
        "bare_ms": _timed(env, lambda: _bare(env, partner_ids)),
    }


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


def _timed(env, work):
    times = []
    for _run in range(5):
        env.flush_all()
        started = time.perf_counter()
        work()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)
