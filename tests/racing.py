"""One of several processes that race for the credit of one customer; run inside `odoo shell` by test_credit_race.

Prints, last, one line `RACE` with a JSON list: what was committed, as (lock version, kind, amount), kinds `add` (to the
exposure, negative for a payment) and `limit` (the new one), and how many attempts the credit check refused.
"""

import random
import time

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

ATTEMPTS = 200


class Racer:
    """Does random things to one customer, each in a transaction of its own.

    :param env: superuser environment of the process.
    :param int partner_id, product_id, account_id: of the customer everybody races for.
    """

    def __init__(self, env, partner_id, product_id, account_id, seed):
        self.env = env
        self.partner_id, self.product_id, self.account_id = partner_id, product_id, account_id
        self.random = random.Random(seed)
        self.confirmed, self.log, self.refused = [], [], 0

    def race(self, count):
        """Do `count` things."""
        kinds = self.random.choices(("confirm", "amend", "limit", "pay"), (5, 3, 1, 3), k=count)
        for kind in kinds:
            self.attempt(getattr(self, kind), self.random.randint(1, 40))

    def attempt(self, work, amount):
        """Do one thing, again after each conflict, as Odoo does with a request."""
        for attempt in range(ATTEMPTS):
            try:
                event = work(amount)
                self.env.flush_all()
                version = self.version()
                self.env.cr.commit()
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                self.roll_back()
                time.sleep(self.random.uniform(0, 0.05 * min(attempt + 1, 8)))
            except UserError:  # refused by the credit check
                self.roll_back()
                self.refused += 1
                return
            else:
                self.log += [(version, *event)] if event else []
                return
        raise AssertionError(f"gave up after {ATTEMPTS} conflicts")

    def roll_back(self):
        self.env.cr.rollback()
        self.env.invalidate_all()

    def version(self):
        """Return how often the customer was locked up to now: the order in which the events count."""
        self.env.cr.execute("SELECT lock_version FROM ar_credit_account WHERE id = %s", [self.account_id])
        return self.env.cr.fetchone()[0]

    def lock(self):
        account = self.env["ar.credit.account"].browse(self.account_id)
        account._lock({(self.partner_id, account.company_id.id)})

    def confirm(self, amount):
        line = {"product_id": self.product_id, "price_unit": amount, "tax_ids": False}
        order = self.env["sale.order"].create(
            {"partner_id": self.partner_id, "order_line": [Command.create(line)]}
        )
        self.confirmed.append(order.id)
        order.action_confirm()
        return "add", amount

    def amend(self, amount):
        orders = self.env["sale.order"].browse(self.confirmed).exists().filtered(lambda o: o.state == "sale")
        if not orders:
            return None
        self.random.choice(orders).order_line.price_unit += amount
        return "add", amount

    def limit(self, amount):
        self.lock()
        self.env["ar.credit.account"].browse(self.account_id).credit_limit = amount * 10
        return "limit", amount * 10

    def pay(self, amount):
        self.lock()
        journal = self.env["account.journal"].search([("type", "=", "bank")], limit=1)
        self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": self.partner_id,
                "amount": amount,
                "journal_id": journal.id,
            }
        ).action_post()
        return "add", -amount
