"""What the tests of refunds share: a payment that can be given back."""

from unittest.mock import patch

from odoo import fields

from .test_gateways_common import GatewaysCase


class RefundCase(GatewaysCase):
    """An invoice of 100.00 that was paid through its link."""

    def setUp(self):
        super().setUp()
        self.registry_enter_test_mode()
        self.kit.knobs.no_notify = True
        self.inv = self.invoice(100.0, taxes=self.env["account.tax"])
        self.assertEqual(self.inv.amount_total, 100.0)
        self.order = self.paid_order(self.inv)
        self.payment = self.order.transaction_id.payment_id
        self.kit.simulator.requests.clear()

    def paid_order(self, invoice):
        self.env.flush_all()
        path = invoice._get_ar_payment_link().sudo()._open_order(self.provider.sudo())
        self.env.invalidate_all()
        order = self.env["ar.gateway.order"]._by_access_token(path.rsplit("/", 1)[1])
        self.kit.pay(order.name)
        order._query()
        self.book()
        return order

    def book(self):
        """Post-process, as the cron does: in a transaction of its own (Odoo remembers sequences per transaction)."""
        self.env.flush_all()

        def work(env):
            domain = [("is_post_processed", "=", False), ("state", "=", "done")]
            for transaction in env["payment.transaction"].search(domain, order="id"):
                transaction._post_process()

        self.env["ar.gateway.order"]._in_own_transaction(work)
        self.env.invalidate_all()

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
            self.settle()
        return self.order.refund_ids[:1]

    def settle(self):
        """Where refunds take time at the gateway: that time passes, and we ask what came of them."""
        if not self.kit.refunds_take_time:
            return
        self.kit.finish_refunds()
        self.run_cron_once()
        self.book()

    def run_cron(self):
        self.run_cron_once()
        self.settle()

    def run_cron_once(self):
        self.env["ar.gateway.refund"].sudo().search(
            [("next_query_at", "!=", False)]
        ).next_query_at = "2020-01-01"
        self.env.flush_all()
        with patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda *a, **k: float("inf")):
            self.env["ar.gateway.refund"].sudo()._cron_settle()
        self.env.invalidate_all()

    def sent(self):
        """The contents of the refund requests that the gateway has got."""
        return self.kit.calls("refund")

    def refunded_there(self):
        return self.kit.refunded(self.order.name)

    def credit_note(self, amount):
        note = self.inv._reverse_moves([{"invoice_date": fields.Date.today()}])
        note.invoice_line_ids.price_unit = amount
        note.action_post()
        return note
