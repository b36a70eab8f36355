"""One of several processes that race for the credit of one customer; see test_credit_race."""

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

    log: what was committed, as (lock version, kind, amount), kinds `add` (to the exposure, negative for a payment) and
    `limit` (the new one). refused: how many attempts the credit check refused.
    """

    def __init__(self, env, partner_id, product_id, account_id, seed):
        self.env = env
        self.partner_id, self.product_id, self.account_id = partner_id, product_id, account_id
        self.random = random.Random(seed)
        self.confirmed, self.log, self.refused = [], [], 0

    def race(self, count):
        """Do `count` things; the drafts of them are there before, as quotations are before somebody confirms them."""
        kinds = self.random.choices(("confirm", "amend", "limit", "pay"), (5, 3, 1, 3), k=count)
        amounts = [self.random.randint(1, 40) for _kind in kinds]
        drafts = {
            "confirm": iter(self.quote([a for k, a in zip(kinds, amounts, strict=True) if k == "confirm"])),
            "pay": iter(self.draft_payments([a for k, a in zip(kinds, amounts, strict=True) if k == "pay"])),
        }
        self.env.cr.commit()
        for kind, amount in zip(kinds, amounts, strict=True):
            draft = next(drafts[kind]) if kind in drafts else None
            if self.attempt(getattr(self, kind), amount, draft) and kind == "confirm":
                self.confirmed.append(draft)

    def attempt(self, work, *arguments):
        """Do one thing, again after each conflict, as Odoo does with a request; return whether it was done."""
        for attempt in range(ATTEMPTS):
            try:
                event = work(*arguments)
                self.env.flush_all()
                version = self.version()
                self.env.cr.commit()
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                self.roll_back()
                time.sleep(self.random.uniform(0, 0.05 * min(attempt + 1, 8)))
            except UserError:  # refused by the credit check
                self.roll_back()
                self.refused += 1
                return False
            else:
                self.log += [(version, *event)] if event else []
                return True
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

    def quote(self, amounts):
        """Return quotations, by id."""
        lines = [
            {"product_id": self.product_id, "price_unit": amount, "tax_ids": False} for amount in amounts
        ]
        return (
            self.env["sale.order"]
            .create([{"partner_id": self.partner_id, "order_line": [Command.create(line)]} for line in lines])
            .ids
        )

    def draft_payments(self, amounts):
        """Return draft payments, by id.

        One in four will have a journal entry, which costs six times as much as all else that is done here; the others
        wait for the bank statement, as those of a journal without an outstanding account.
        """
        common = {"payment_type": "inbound", "partner_type": "customer", "partner_id": self.partner_id}
        common["journal_id"] = self.env["account.journal"].search([("type", "=", "bank")], limit=1).id
        payments = self.env["account.payment"].create([{**common, "amount": amount} for amount in amounts])
        payments.filtered(lambda payment: payment.amount % 4).outstanding_account_id = False
        return payments.ids

    def confirm(self, amount, order_id):
        self.env["sale.order"].browse(order_id).action_confirm()
        return "add", amount

    def amend(self, amount, _none):
        if not self.confirmed:
            return None
        order = self.env["sale.order"].browse(self.random.choice(self.confirmed))
        order.order_line.price_unit += amount
        return "add", amount

    def limit(self, amount, _none):
        self.lock()
        self.env["ar.credit.account"].browse(self.account_id).credit_limit = amount * 10
        return "limit", amount * 10

    def pay(self, amount, payment_id):
        self.lock()
        self.env["account.payment"].browse(payment_id).action_post()
        return "add", -amount
