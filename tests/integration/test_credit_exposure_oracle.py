"""Random lives of documents; after each step the measurement is compared with a slow one in plain Python."""

import random

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import mute_logger

from tests.integration.test_credit_common import CreditCase

SEEDS, STEPS = 3, 30


class Oracle:
    """What a partner owes, told by the documents: nothing stored by credit control, no SQL, no sums reused."""

    def __init__(self, env, company, partner):
        self.env, self.company, self.partner = env, company, partner
        self.family = env["res.partner"].search([("id", "child_of", partner.id)])
        self.today = fields.Date.today()

    def total(self):
        return sum(self.parts().values())

    def parts(self):
        items = self.env["account.move.line"].search(
            [("partner_id", "in", self.family.ids), ("company_id", "=", self.company.id)]
        )
        items = items.filtered(
            lambda item: item.parent_state == "posted" and item.account_id.account_type == "asset_receivable"
        )
        residuals = items.mapped("amount_residual")
        nets = self.company.ar_credit_net_credits
        return {
            "receivable": sum(amount for amount in residuals if amount > 0),
            "unapplied_credits": sum(amount for amount in residuals if amount < 0) if nets else 0.0,
            "payments_in_process": self.payments(),
            "open_orders": self.orders(),
            "draft_invoices": self.drafts(),
        }

    def payments(self):
        banked = self.company.ar_credit_payments_counted == "banked"
        nets = self.company.ar_credit_net_credits
        amount = 0.0
        for payment in self.env["account.payment"].search([("partner_id", "in", self.family.ids)]):
            if payment.is_matched or payment.state not in ("in_process", "paid"):
                continue
            whole = payment.amount_company_currency_signed
            if payment.move_id and banked:
                kept = payment.move_id.line_ids.filtered(
                    lambda line: line.account_id.account_type == "asset_receivable"
                )
                amount += whole if nets else whole + sum(kept.mapped("amount_residual"))
            elif not payment.move_id and not banked:
                due = payment.invoice_ids.filtered(lambda move: move.state == "posted")
                amount -= whole if nets else max(0, min(whole, sum(due.mapped("amount_residual_signed"))))
        return amount

    def orders(self):
        sums = {}
        for order in self.env["sale.order"].search([("partner_invoice_id", "in", self.family.ids)]):
            sums[order.currency_id] = sums.get(order.currency_id, 0.0) + self.counted(order)
        return sum(
            currency._convert(amount, self.company.currency_id, self.company, self.today)
            for currency, amount in sums.items()
        )

    def counted(self, order):
        days = self.company.ar_credit_horizon_days
        far = days and order.commitment_date and (order.commitment_date.date() - self.today).days > days
        promised = order.state == "sale" and not far
        whole = max(0.0, sum(self.line(line, order.state == "sale") for line in order.order_line))
        return min(whole, max(0.0, sum(self.line(line, promised) for line in order.order_line)))

    def line(self, line, promised):
        if line.display_type:
            return 0.0
        posted = self.env["account.move.line"].search(
            [("sale_line_ids", "in", line.ids), ("parent_state", "=", "posted")]
        )
        sign = {"out_invoice": 1, "out_refund": -1}
        if line.is_downpayment:
            return -sum(sign[item.move_type] * item.price_total for item in posted)
        invoiced = max(0.0, sum(sign[item.move_type] * item.quantity for item in posted))
        if line.price_total < 0 and line.product_id.invoice_policy == "delivery":
            promised = False  # what lowers the debt does so once it is invoiced
        wanted = max(line.product_uom_qty, line.qty_delivered) if promised else line.qty_delivered
        return max(0.0, wanted - invoiced) * line.price_total / line.product_uom_qty

    def drafts(self):
        amount = 0.0
        for move in self.env["account.move"].search([("state", "=", "draft"), ("amount_total", "!=", 0)]):
            if move.commercial_partner_id != self.partner or move.move_type not in (
                "out_invoice",
                "out_receipt",
            ):
                continue
            lines = move.invoice_line_ids.filtered(
                lambda line: (
                    line.display_type == "product" and not any(map(self.counts, line.sale_line_ids.order_id))
                )
            )
            rate = move.amount_total_signed / move.amount_total
            amount += max(0.0, sum(lines.mapped("price_total")) * rate)
        return amount

    def counts(self, order):
        whole = sum(self.line(line, order.state == "sale") for line in order.order_line)
        return order.partner_invoice_id.commercial_partner_id == self.partner and whole > 0.005


class TestExposureOracle(CreditCase):
    """Each step takes one document a step further; one that Odoo refuses is no step."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True, "mail_notrack": True})
        cls.company = cls.env.company
        cls.euro = cls.setup_other_currency("EUR", rates=[("2016-01-01", 0.8), ("2020-01-01", 0.5)])
        cls.lists = cls.env["product.pricelist"].create(
            [
                {"name": "EUR", "currency_id": cls.euro.id},
                {"name": "USD", "currency_id": cls.company.currency_id.id},
            ]
        )
        cls.tax = cls.env["account.tax"].create({"name": "13", "amount": 13.0})
        cls.other = cls.env["res.partner"].create({"name": "Ningbo Tools", "is_company": True})
        cls.debtors = cls.customer | cls.other
        cls.addresses = cls.debtors | cls.contact

    def _pick(self, model, *domain):
        found = self.env[model].search([*domain, ("partner_id", "in", self.addresses.ids)])
        return found.browse(self.random.choice(found.ids)) if found else found

    def _line(self, order):
        lines = order.order_line.filtered(lambda line: not line.display_type and not line.is_downpayment)
        return lines.browse(self.random.choice(lines.ids))

    def _lines(self):
        return [
            Command.create(
                {
                    "product_id": self.random.choice((self.product, self.service)).id,
                    "product_uom_qty": self.random.randint(1, 9),
                    "price_unit": self.random.choice((10, 33.33, 7.77, 250, -5)),
                    "discount": self.random.choice((0, 0, 10)),
                    "tax_ids": self.random.choice(([], self.tax.ids)),
                }
            )
            for _line in range(self.random.randint(1, 3))
        ]

    def step_order(self):
        self.env["sale.order"].create(
            {
                "partner_id": self.random.choice(self.addresses.ids),
                "pricelist_id": self.random.choice(self.lists.ids),
                "commitment_date": self.random.choice((False, "2099-01-01 12:00:00")),
                "order_line": self._lines(),
            }
        ).action_confirm()

    def step_deliver(self):
        order = self._pick("sale.order", ("state", "=", "sale"))
        if order:
            self._line(order).qty_delivered = self.random.randint(0, 12)

    def step_amend(self):
        order = self._pick("sale.order", ("state", "=", "sale"))
        if order:
            self._line(order).write({"price_unit": self.random.randint(1, 99)})
            self._line(order).product_uom_qty = self.random.randint(1, 12)

    def step_readdress(self):
        order = self._pick("sale.order")
        order.partner_invoice_id = self.random.choice(self.addresses.ids)

    def step_cancel(self):
        self._pick("sale.order", ("state", "=", "sale"))._action_cancel()

    def step_reopen(self):
        order = self._pick("sale.order", ("state", "=", "cancel"))
        order.action_draft()
        if self.random.random() < 0.5:
            order.action_confirm()

    def step_invoice(self):
        order = self._pick("sale.order", ("state", "=", "sale"))
        if order:
            invoice = self._create_final_invoice(order)
            line = self.random.choice(invoice.invoice_line_ids)
            if line.display_type == "product" and line.quantity > 1:
                line.quantity -= 1
            if self.random.random() < 0.7:
                invoice.action_post()

    def step_down_payment(self):
        order = self._pick("sale.order", ("state", "=", "sale"))
        if order:
            self._create_down_payment_invoice(
                order, "percentage", self.random.choice((20, 50, 100)), post=True
            )

    def step_bill(self):
        kind = self.random.choice(("out_invoice", "out_receipt", "out_refund"))
        amounts = [self.random.choice((12, 345.67, -3)) for _line in range(2)]
        currency = self.random.choice((self.euro, self.company.currency_id))
        partner = self.addresses.browse(self.random.choice(self.addresses.ids))
        self.init_invoice(kind, partner=partner, amounts=amounts, taxes=[], currency=currency)

    def step_post(self):
        self._pick("account.move", ("state", "=", "draft"), ("move_type", "!=", "entry")).action_post()

    def step_unpost(self):
        self._pick("account.move", ("state", "=", "posted"), ("move_type", "!=", "entry")).button_draft()

    def step_refund(self):
        invoice = self._pick("account.move", ("state", "=", "posted"), ("move_type", "=", "out_invoice"))
        if invoice:
            self._reverse_invoice(invoice, post=self.random.random() < 0.8)

    def step_pay_invoice(self):
        domain = [("state", "=", "posted"), ("move_type", "=", "out_invoice"), ("amount_residual", ">", 1)]
        invoice = self._pick("account.move", *domain)
        if invoice:
            self._register_payment(invoice, amount=invoice.amount_residual * self.random.choice((0.5, 1)))

    def step_pay(self):
        payment = self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": self.random.choice(self.addresses.ids),
                "amount": self.random.randint(1, 99),
                "currency_id": self.random.choice((self.euro, self.company.currency_id)).id,
                "journal_id": self.company_data["default_journal_bank"].id,
                "payment_method_line_id": self.inbound_payment_method_line.id,
            }
        )
        if self.random.random() < 0.5:
            payment.outstanding_account_id = False
            invoice = self._pick("account.move", ("state", "=", "posted"), ("move_type", "=", "out_invoice"))
            payment.invoice_ids = invoice if self.random.random() < 0.5 else False
        payment.action_post()

    def step_take_payment_back(self):
        self._pick("account.payment", ("state", "in", ("in_process", "paid"))).action_draft()

    def step_policy(self):
        self.company.write(
            {
                "ar_credit_net_credits": self.random.choice((True, False)),
                "ar_credit_payments_counted": self.random.choice(("registered", "banked")),
                "ar_credit_horizon_days": self.random.choice((0, 30)),
            }
        )

    def _steps(self):
        names = [name for name in dir(self) if name.startswith("step_")]
        weights = [4 if name in ("step_order", "step_invoice", "step_deliver") else 1 for name in names]
        return self.random.choices(names, weights, k=STEPS)

    def _assert_measured(self, told):
        for partner in self.debtors:
            expected = Oracle(self.env, self.company, partner).parts()
            found = self._exposure(partner)
            for part, amount in expected.items():
                self.assertAlmostEqual(float(getattr(found, part)), amount, delta=0.05, msg=f"{part}: {told}")

    def test_random_lives(self):
        self.enterContext(mute_logger("odoo.models.unlink"))
        taken = 0
        for seed in range(SEEDS):
            self.random, told = random.Random(seed), []
            for name in ["step_order", "step_order", *self._steps()]:
                try:
                    with self.env.cr.savepoint():
                        getattr(self, name)()
                        self.env.flush_all()
                except (UserError, ValueError):  # Odoo refuses, or there is no such document
                    continue
                told.append(name)
                taken += 1
                self._assert_measured(f"seed {seed}: {told}")
        self.assertGreater(taken, SEEDS * STEPS / 2)
