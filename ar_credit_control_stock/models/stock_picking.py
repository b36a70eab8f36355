from odoo import fields, models

from odoo.addons.ar_credit_control.core.binding import Binding
from odoo.addons.ar_credit_control.models.ar_credit_hold import CREDIT_GROUPS


class StockPicking(models.Model):
    """Validating a delivery in its form or from a list holds it where the credit rules refuse, instead of an error.

    With a sales order it is the order that is held; a transfer made by hand is a document of its own.
    """

    _name = "stock.picking"
    _inherit = ["stock.picking", "ar.credit.document"]

    ar_credit_hold_ids = fields.One2many(
        "ar.credit.hold", "picking_id", string="Credit Holds", groups=CREDIT_GROUPS
    )

    # === ACTIONS === #

    def button_validate(self):
        """Validate those that the rules let go; the others are put before a credit manager, and their goods stay.

        :return: what Odoo returns, or the message about the holds as a client action.
        """
        if not self:
            return super().button_validate()
        result, passed, holds = self._pass_or_hold(lambda pickings: super().button_validate())
        if not holds:
            return result
        holds._tell_salesperson()
        done = passed.filtered(lambda picking: picking.state == "done")
        # sudo: only names go into the message
        return self._get_ar_credit_notification(holds.sudo(), len(done), result)

    def action_cancel(self):
        """Cancel; no hold waits on for goods that don't leave any more."""
        result = super().action_cancel()
        # sudo: holds are written by the credit control only
        gone = self.sudo().filtered(lambda picking: picking.state == "cancel")
        orders = gone.move_ids._get_ar_credit_orders().filtered(
            lambda order: all(picking.state in ("done", "cancel") for picking in order.picking_ids)
        )
        of_orders = orders.ar_credit_hold_ids.filtered(lambda hold: hold.check_point == "delivery")
        (gone.ar_credit_hold_ids | of_orders)._supersede()
        return result

    def _get_ar_credit_refused(self, refusal):
        """Return the transfers among these that a refusal, of them or of their orders, is about."""
        if refusal.model != "sale.order":
            return super()._get_ar_credit_refused(refusal)
        return self.filtered(
            lambda picking: (
                not set(picking.move_ids._get_ar_credit_orders().ids).isdisjoint(refusal.decisions)
            )
        )

    # === CREDIT === #

    def _get_ar_credit_pair(self):
        """Return (commercial partner id, company id)."""
        return self.partner_id.commercial_partner_id.id, self.company_id.id

    def _get_ar_credit_decimal(self):
        """Return what leaves, at list price without tax, in company currency, as a Decimal."""
        currency = self.company_id.currency_id
        return self.env["ar.credit.exposure"]._to_decimal(currency, self._get_ar_credit_total())

    def _get_ar_credit_total(self):
        """Return the value of the goods at list price in company currency."""
        self.ensure_one()
        company, today = self.company_id, fields.Date.today()
        total = 0.0
        moves = self.move_ids.filtered(lambda move: move.state != "cancel")
        for move in moves._filtered_ar_credit_by_hand():
            product = move.product_id.with_company(company)
            asked = max(move.product_uom_qty, move.quantity)
            quantity = move.product_uom._compute_quantity(asked, product.uom_id)
            total += product.currency_id._convert(
                product.lst_price * quantity, company.currency_id, company, today
            )
        return total

    def _get_ar_credit_salesperson(self):
        """Return who sells to the customer."""
        return self.partner_id.commercial_partner_id.user_id or self.user_id

    def _get_ar_rule_facts(self, asked):
        """Return what rules may ask of a transfer, which has no terms and no discount: it is one by hand."""
        return {"unordered": True}

    def _get_ar_credit_binding(self):
        """Return what an approval binds to: the customer and the value. What is delivered later is asked for anew.

        :rtype: ar_credit_control.core.binding.Binding
        """
        self.ensure_one()
        currency = self.company_id.currency_id
        return Binding(
            partner_id=self.partner_id.commercial_partner_id.id,
            company_id=self.company_id.id,
            currency_id=currency.id,
            payment_term_id=0,
            total=f"{self._get_ar_credit_total():.{currency.decimal_places}f}",
            lines=(),
        )

    def _is_ar_credit_free(self, decision):
        """Whether it needs no credit: never, as goods without a price do not mean that somebody paid."""
        return False

    # === TELLING === #

    def _get_ar_credit_notification(self, holds, done=0, following=None):
        """Return the client action that tells who validates why the goods stay; no figures of the customer.

        :param int done: how many others went through with the same click.
        :param following: what that click returned; an action is opened after the message.
        """
        lines = [self._get_ar_credit_line(hold) for hold in holds]
        if done or len(holds) > 1:
            lines.insert(0, holds._get_batch_line(done))
        pending = holds.filtered(lambda hold: hold.state == "pending")
        title = self.env._("Not delivered: waiting for credit approval")
        if not pending:
            title = self.env._("Not delivered: refused by credit control")
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if pending else "danger",
                "sticky": True,
                "title": title,
                "message": "\n".join(lines),
                "next": following if isinstance(following, dict) else {"type": "ir.actions.act_window_close"},
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
        if hold.state == "rejected":
            return self.env._(
                "%(order)s: %(hold)s was rejected by %(user)s. Ask sales or a credit manager to press Ask Again on it.",
                order=hold.document_name,
                hold=hold.name,
                user=hold.decided_by.name,
            )
        if hold.state in ("approved", "released"):
            return self.env._("%(order)s: %(grant)s", order=hold.document_name, grant=hold._get_grant_text())
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
