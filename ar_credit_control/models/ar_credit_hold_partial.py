from decimal import Decimal
from math import isfinite

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount

from ..core.rule import CheckPoint


class ArCreditHoldPartial(models.AbstractModel):
    """The part of `ar.credit.hold` that is released up to an amount: approvers say yes to less than was asked for.

    The document goes on once it was cut down to that; goods of an order leave as far as it reaches, the rest as a
    backorder. The amount is a ceiling: the company's tolerance does not add to it. Whoever wants more says why (Ask
    Again), or changes what is asked for.
    """

    _name = "ar.credit.hold.partial"
    _description = "Partial release of a credit hold"

    # === DECIDING === #

    def _get_ar_approval_whole(self):
        """Return (currency, amount) of what may be approved in part; None for what no rule holds, or in a batch."""
        if len(self) != 1 or self._filtered_forcing():
            return None
        return self.order_currency_id, self.order_amount_currency

    def _limit_ar_approval(self, amount):
        """Bind the approval that follows to an amount, or to the lower one of an earlier step.

        :param float amount: in the currency of the document.
        :raise AccessError: not the user's to decide; the attempt is logged.
        :raise UserError: more than was asked for, nothing, or not to be approved in part.
        :return: the words for the log.
        """
        whole = self._get_ar_approval_whole()
        if whole is None:
            return super()._limit_ar_approval(amount)
        self._check_ar_approval()
        currency, total = whole
        amount = currency.round(amount) if isfinite(amount) else 0.0
        if not 0 < amount <= total:
            raise UserError(
                self.env._(
                    "Enter an amount above zero, and no more than %(total)s.",
                    total=format_amount(self.env, total, currency),
                )
            )
        amount = min(amount, self.granted_amount or amount)
        if currency.compare_amounts(amount, total) < 0:
            self.sudo().granted_amount = amount  # sudo: nobody may write holds; the decider was checked
        return self.env._("up to %(amount)s", amount=format_amount(self.env, amount, currency))

    def _get_ar_approval_numbers(self):
        """Return what the log keeps of the decision beside the numbers put."""
        return {"released up to": str(self.granted_amount)} if self.granted_amount else {}

    def _keep_delivered(self):
        """Freeze what had left when the decision was taken: the amount is for what leaves from now on."""
        hold = self.sudo()  # sudo: nobody may write holds, and deciding needs no rights on sales
        hold.delivered_before = hold.order_id._get_ar_credit_delivered() if hold.order_id else 0.0

    # === GOING ON === #

    def _is_for_goods(self):
        """Whether the amount is for goods of an order, which may leave in parts."""
        return self.check_point == "delivery" and bool(self.order_id)

    def _get_granted_rest(self):
        """Return what is left of the amount: of goods less what has left since, in the currency of the document."""
        left = 0.0
        if self._is_for_goods():
            left = self.order_id._get_ar_credit_delivered() - self.delivered_before
        return self.order_currency_id.round(self.granted_amount - left)

    def _is_within_grant(self, binding, decision=None):
        """Whether a document (core Binding, and core Decision of the check) is within what was released of it."""
        self.ensure_one()
        if not self.granted_amount:
            return True
        currency, rest = self.order_currency_id, self._get_granted_rest()
        if self._is_for_goods():
            return currency.compare_amounts(rest, 0) >= 0
        # How far a confirmed order may grow, `_covers_amendment` says.
        if self.check_point != "amend" and currency.compare_amounts(float(binding.total), rest) > 0:
            return False
        return decision is None or self._get_granted_excess() >= decision.excess

    def _get_granted_excess(self):
        """Return how far over the limit the part may be, in company currency, with the tolerance, as a Decimal."""
        currency = self.currency_id
        excess = self.env["ar.credit.exposure"]._to_decimal(currency, self.excess)
        excess -= self._to_company(self.order_amount_currency - self.granted_amount)
        share = 1 + self._get_ar_approval_request()._get_tolerance() / 100
        # Converted amounts don't add up to the last cent.
        rounding = 0 if currency == self.order_currency_id else Decimal(str(currency.rounding))
        return max(Decimal(0), excess) * share + rounding

    def _to_company(self, amount):
        """Return an amount in the currency of the document in company currency at today's rate, as a Decimal."""
        today = fields.Date.today()
        converted = self.order_currency_id._convert(amount, self.currency_id, self.company_id, today)
        return self.env["ar.credit.exposure"]._to_decimal(self.currency_id, converted)

    def _get_partial(self, decision, kind, binding):
        """Return the hold among those of a document that lets a part of it go, while more is being tried.

        :param decision, kind, binding: see `_get_standing`.
        """
        if kind["state"] != "pending" or kind["check_point"] == CheckPoint.AMEND:
            return self.browse()
        holds = self.filtered(
            lambda hold: (
                hold.granted_amount
                and hold.state in ("approved", "released")
                and hold.check_point == kind["check_point"]
                and not hold.asked_again_by
            )
        )
        return holds.filtered(lambda hold: hold._lets_a_part(decision, binding)).sorted("id")[-1:]

    def _lets_a_part(self, decision, binding):
        """Whether the document would go on if only it was cut down to what was released of it."""
        request = self._get_ar_approval_request()
        if request.state != "approved" or request._get_lapses(binding) or not self._tells_reasons(decision):
            return False
        grant, today, rest = request._get_grant(), fields.Date.today(), self._get_granted_rest()
        if self._is_for_goods():
            return rest > 0 and grant.covers(decision.excess, decision.order_amount, today)
        over = float(binding.total) - rest
        left = decision.excess - self._to_company(over)
        return over > 0 and grant.is_in_time(today) and left <= self._get_granted_excess()

    # === TELLING === #

    def _get_grant_text(self):
        """Return the sentence that tells what was released, and how to go on."""
        self.ensure_one()
        currency = self.order_currency_id
        values = {
            "hold": self.name,
            "amount": format_amount(self.env, self.granted_amount, currency),
            "user": self.decided_by.name,
        }
        if self.check_point == "amend":
            return self.env._("%(hold)s: the order may grow by up to %(amount)s (%(user)s).", **values)
        if self._is_for_goods():
            values["amount"] = format_amount(self.env, self._get_granted_rest(), currency)
            return self.env._(
                "%(hold)s: goods worth up to %(amount)s may leave (%(user)s). Lower the quantities, and keep the rest"
                " as a backorder.",
                **values,
            )
        return self.env._(
            "%(hold)s: released up to %(amount)s by %(user)s. Lower the quantities to that and go on, or press Ask"
            " Again on the hold and say why.",
            **values,
        )
