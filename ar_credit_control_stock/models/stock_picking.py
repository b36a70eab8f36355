from odoo import models


class StockPicking(models.Model):
    """Validating a delivery in its form holds the order where the credit rules refuse, instead of an error."""

    _inherit = "stock.picking"

    def button_validate(self):
        """Validate; a delivery that the rules refuse is put before a credit manager, and the goods stay.

        :return: what Odoo returns, or the message about the holds as a client action.
        """
        validate = super().button_validate
        result, holds = self.env["sale.order"]._try_or_hold(validate)
        if not holds:
            return result
        holds._tell_salesperson()
        return self._get_ar_credit_notification(holds.sudo())  # sudo: only names go into the message

    def _get_ar_credit_notification(self, holds):
        """Return the client action that tells who validates why the goods stay; no figures of the customer."""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "sticky": True,
                "title": self.env._("Not delivered: waiting for credit approval"),
                "message": "\n".join(self._get_ar_credit_line(hold) for hold in holds),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _get_ar_credit_line(self, hold):
        """Return the sentence about one hold."""
        if hold.state == "blocked":
            return self.env._(
                "%(order)s: %(rule)s. No approval lifts this.",
                order=hold.document_name,
                rule=hold.rule_id.name,
            )
        if not hold.helper_names:
            return self.env._(
                "%(order)s: held as %(hold)s. Nobody may approve it; ask your administrator.",
                order=hold.document_name,
                hold=hold.name,
            )
        return self.env._(
            "%(order)s: held as %(hold)s. %(helpers)s can approve it; then validate the transfer again.",
            order=hold.document_name,
            hold=hold.name,
            helpers=hold.helper_names,
        )
