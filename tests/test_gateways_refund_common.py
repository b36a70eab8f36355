"""What the tests of refunds share: a payment that can be given back."""

from unittest.mock import patch

from odoo import fields

from .test_gateways_common import GatewaysCase

REFUND = "alipay.trade.refund"


class RefundCase(GatewaysCase):
    """An invoice of 100.00 that was paid through its link."""

    def setUp(self):
        super().setUp()
        self.registry_enter_test_mode()
        self.alipay.knobs.no_notify = True
        self.alipay.trades.balance_minor = None
        self.inv = self.invoice(100.0, taxes=self.env["account.tax"])
        self.assertEqual(self.inv.amount_total, 100.0)
        self.order = self.paid_order(self.inv)
        self.payment = self.order.transaction_id.payment_id
        self.alipay.requests.clear()

    def paid_order(self, invoice):
        self.env.flush_all()
        path = invoice._get_ar_payment_link().sudo()._open_order(self.provider.sudo())
        self.env.invalidate_all()
        order = self.env["ar.gateway.order"]._by_access_token(path.rsplit("/", 1)[1])
        self.alipay.pay(order.name)
        order._query()
        order.transaction_id._post_process()
        return order

    def commit(self):
        """What happens when the request is committed: the refund is sent."""
        self.env.flush_all()
        self.env.cr.postcommit.run()
        self.env.invalidate_all()

    def refund(self, amount=None, commit=True):
        """Refund by Odoo's own wizard, as its button does; return the gateway's refund."""
        wizard = self.env["payment.refund.wizard"].with_context(active_id=self.payment.id).create({})
        if amount is not None:
            wizard.amount_to_refund = amount
        wizard.action_refund()
        if commit:
            self.commit()
        return self.order.refund_ids[:1]

    def run_cron(self):
        self.env["ar.gateway.refund"].sudo().search(
            [("next_query_at", "!=", False)]
        ).next_query_at = "2020-01-01"
        self.env.flush_all()
        with patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda *a, **k: float("inf")):
            self.env["ar.gateway.refund"].sudo()._cron_settle()
        self.env.invalidate_all()

    def sent(self):
        """The contents of the refund requests that Alipay has got."""
        return [content for method, content in self.alipay.requests if method == REFUND]

    def refunded_there(self):
        return sum(self.alipay.trades.by_number[self.order.name].refunds.values())

    def credit_note(self, amount):
        note = self.inv._reverse_moves([{"invoice_date": fields.Date.today()}])
        note.invoice_line_ids.price_unit = amount
        note.action_post()
        return note
