"""Makes many documents out of one: the ORM writes a sample, SQL copies it with all its columns."""

from odoo.fields import Command


def clone_documents(env, sample_partner, product, partner_ids, per_partner):
    """Give each partner posted open invoices and confirmed open orders of 100, due and promised all over a quarter.

    :param sample_partner: whose documents are the sample; they count among his own.
    :param partner_ids: ids of commercial partners without other contacts.
    :param int per_partner: how many invoices, and how many orders, each gets.
    """
    line = {"product_id": product.id, "price_unit": 100.0, "tax_ids": [Command.clear()]}
    invoice = env["account.move"].create(
        {
            "move_type": "out_invoice",
            "partner_id": sample_partner.id,
            "invoice_date": "2026-01-31",
            "invoice_line_ids": [Command.create(line)],
        }
    )
    invoice.action_post()
    order = env["sale.order"].create({"partner_id": sample_partner.id, "order_line": [Command.create(line)]})
    order.action_confirm()
    env.flush_all()
    env.cr.execute("SELECT set_config('session_replication_role', 'replica', true)")
    ids = ",".join(map(str, partner_ids))
    plan = f"""
        (SELECT row_number() OVER () AS g, partner_id
           FROM unnest(ARRAY[{ids}]::int[]) partner_id, generate_series(1, {int(per_partner)}))
    """
    of_partner = dict.fromkeys(("partner_id", "commercial_partner_id"), "s.partner_id")
    of_item = {"partner_id": "s.partner_id", "date_maturity": "t.date_maturity + (s.g % 90)::int"}
    _copy(env, plan, invoice, "move_id", "line_ids", of_partner, of_item)
    # `partner_invoice_id` is who owes
    of_partner = dict.fromkeys(("partner_id", "partner_invoice_id", "partner_shipping_id"), "s.partner_id")
    of_order = {**of_partner, "commitment_date": "t.date_order + (s.g % 90) * INTERVAL '1 day'"}
    _copy(env, plan, order, "order_id", "order_line", of_order, {"order_partner_id": "s.partner_id"})
    env.cr.execute("SELECT set_config('session_replication_role', 'origin', true)")
    _drop_sample(env, invoice, order)
    env.invalidate_all()


def _copy(env, plan, document, parent, lines_field, of_document, of_line):
    env.cr.execute(f"SELECT count(*) FROM {plan} p")
    count = env.cr.fetchone()[0]
    lines = document[lines_field]
    base = reserve(env, document._table, count)
    # Odoo checks that the numbers of a journal go with their dates.
    prefix = document.sequence_prefix if "sequence_prefix" in document._fields else "S"
    number = f"'{prefix}' || lpad(({base} + s.g)::text, 9, '0')"
    names = {"name": number, "payment_reference": number, "access_token": "NULL"}
    names |= {"sequence_number": f"{base} + s.g"}
    insert_copies(
        env,
        document._table,
        document.id,
        plan,
        {"id": f"{base} + s.g", **names, **of_document},
    )
    for line in lines:
        line_base = reserve(env, lines._table, count)
        insert_copies(
            env,
            lines._table,
            line.id,
            plan,
            {
                "id": f"{line_base} + s.g",
                parent: f"{base} + s.g",
                "move_name": names["name"],
                **of_line,
            },
        )


def insert_copies(env, table, template_id, plan, override):
    env.cr.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s"
        " AND is_generated = 'NEVER' ORDER BY ordinal_position",
        [table],
    )
    columns = [row[0] for row in env.cr.fetchall()]
    names = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join(override.get(column, f't."{column}"') for column in columns)
    env.cr.execute(
        f"INSERT INTO {table} ({names}) SELECT {values} FROM {plan} s, {table} t WHERE t.id = {template_id}"
    )


def reserve(env, table, count):
    env.cr.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [table])
    base = env.cr.fetchone()[0]
    env.cr.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, base + count + 1])
    return base


def _drop_sample(env, invoice, order):
    """Cancel the samples, so that what is open are the copies alone."""
    invoice.button_draft()
    invoice.button_cancel()
    order._action_cancel()
    env.flush_all()
