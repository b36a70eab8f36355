"""The part of the bills' benchmark that runs inside `odoo shell`."""

import time
from datetime import UTC, datetime, timedelta

from odoo import fields

from odoo.addons.ar_payment_gateways.core.settlement_read import read_bill

from tests.simulators import alipay_bill

from .clone import insert_copies, reserve
from .gateways_setup import company_with_alipay, open_invoice, order_of

CHINA_OFFSET = timedelta(hours=8)


def measure(env, merchant, rows):
    """Make paid orders and their bill; import it and book it.

    :param dict merchant: as in `gateways_setup.prepare`.
    :return: import, book: [seconds, queries]; and what became of the bill.
    """
    env, provider = company_with_alipay(env, merchant)
    day = (datetime.now(UTC) + CHINA_OFFSET).date() - timedelta(days=1)
    sample = _paid_order(env, provider, datetime.combine(day, datetime.min.time()) + timedelta(hours=4))
    _copies(env, sample, rows - 1)
    env.cr.commit()
    content = _bill(env, day, merchant["seller_id"] + "0156")
    result = {"import": _timed(env, lambda: _import(env, provider, content))}
    bill = env["ar.gateway.bill"].search([("provider_id", "=", provider.id)])
    result["book"] = _timed(env, lambda: _book(env, bill))
    payments = env["ar.gateway.order"].search([]).transaction_id.payment_id
    return result | {
        "state": bill.state,
        "open": len(payments) - len(payments.filtered("is_matched")),
        "differences": bill.open_difference_count,
        "statement_lines": env["account.bank.statement.line"].search_count(
            [("journal_id", "=", provider.journal_id.id)]
        ),
    }


def _import(env, provider, content):
    env["ar.gateway.bill"]._import(provider, read_bill(content), content=content, filename="bill.zip")


def _book(env, bill):
    while bill._book_chunk():
        env.flush_all()
        env.cr.commit()
        env.invalidate_all()  # as the cron's commit does


def _timed(env, work):
    env.invalidate_all()
    before, started = env.cr.sql_log_count, time.perf_counter()
    work()
    env.flush_all()
    env.cr.commit()
    return [time.perf_counter() - started, env.cr.sql_log_count - before]


def _paid_order(env, provider, at):
    """Have an invoice paid through the gateway at a time; return the order."""
    order = order_of(env, open_invoice(env)._get_ar_payment_link().sudo(), provider)
    order.write({"state": "paid", "paid_at": at, "gateway_reference": "2026112322001"})
    order.transaction_id._set_done()
    order.transaction_id._post_process()
    env.flush_all()
    assert order.transaction_id.payment_id.move_id, "the payment has no journal entry"
    return order


def _copies(env, order, count):
    """Copy an order with its transaction, payment and journal entry; of the invoice it paid there is one."""
    transaction = order.transaction_id
    payment = transaction.payment_id
    move = payment.move_id
    plan = f"(SELECT g FROM generate_series(1, {int(count)}) g)"
    ids = {
        record: reserve(env, record._table, count)
        for record in (order, transaction, payment, move, *move.line_ids)
    }

    def of(record):
        return f"{ids[record]} + s.g"

    env.cr.execute("SELECT set_config('session_replication_role', 'replica', true)")
    number = f"'{move.sequence_prefix}' || lpad(({of(move)})::text, 9, '0')"
    for record, columns in (
        (move, {"name": number, "sequence_number": of(move), "origin_payment_id": of(payment)}),
        (payment, {"move_id": of(move), "payment_transaction_id": of(transaction), "name": number}),
        (transaction, {"reference": f"'COPY' || {ids[transaction]} + s.g", "payment_id": of(payment)}),
        (order, _order_columns(ids[order]) | {"transaction_id": of(transaction)}),
        *(
            (line, {"move_id": of(move), "move_name": number, "payment_id": of(payment)})
            for line in move.line_ids
        ),
    ):
        insert_copies(env, record._table, record.id, plan, {"id": of(record), **columns})
    env.cr.execute("SELECT set_config('session_replication_role', 'origin', true)")
    env.invalidate_all()
    env.cr.commit()
    env.cr.execute("ANALYZE")


def _order_columns(first):
    """Return what each gateway order has of its own, as SQL."""
    return {
        "name": f"'ARCOPY' || {first} + s.g",
        "gateway_reference": f"'20261123' || {first} + s.g",
        "access_token": f"md5(({first} + s.g)::text)",
        "access_digest": f"md5(({first} + s.g)::text)",
    }


def _bill(env, day, account):
    """Return Alipay's bill of all orders."""
    orders = env["ar.gateway.order"].search([("state", "=", "paid")])
    amounts = orders.mapped("amount_minor")
    lines = [
        alipay_bill.row(
            order.gateway_reference,
            order.name,
            "Goods",
            fields.Datetime.to_string(order.paid_at + CHINA_OFFSET),
            order.amount_minor,
            fee_minor=-(order.amount_minor * 6 // 1000),
        )
        for order in orders
    ]
    text = alipay_bill.details(lines, (len(orders), sum(amounts), 0, 0), account=account)
    return alipay_bill.archive(text, account=account, day=f"{day:%Y%m%d}")
