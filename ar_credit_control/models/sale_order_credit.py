from datetime import timedelta

from odoo import fields, models
from odoo.tools import format_amount

from ..core.rule import LIMIT_FACTS, CheckPoint, Outcome
from .ar_credit_document import DocumentFields

# Whoever changes one of these had a part in what the order is worth or when it is paid, beside those of its lines.
PRICED_FIELDS = frozenset(
    """
    commitment_date company_id currency_id fiscal_position_id partner_id partner_invoice_id partner_shipping_id
    payment_term_id prepayment_percent pricelist_id require_payment
    """.split()
)


class SaleOrderCredit(models.AbstractModel):
    """What the credit gate needs to know of an order, and what it tells about it."""

    _name = "sale.order.credit"
    _inherit = ["sale.order.credit.paid", "sale.order.credit.closed", "ar.credit.document"]
    _description = "Sales order under credit control"

    _ar_credit_fields = DocumentFields(
        debtor="partner_invoice_id",
        payment_term="payment_term_id",
        salesperson="user_id",
        lines="order_line",
        quantity="product_uom_qty",
        product_line=False,
    )
    _ar_priced_fields = PRICED_FIELDS

    ar_priced_by_ids = fields.Many2many(
        "res.users",
        relation="ar_sale_order_priced_by_rel",
        string="Prices Edited By",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="Who deleted or moved lines, or changed customer, terms, currency or price list. They can't approve the"
        " order's credit.",
    )

    def _await_ar_credit_review(self):
        """Take the order out of the customer's cart, where he could change or pay it again, to his quotations."""
        # sudo: it is the customer who acts
        drafts = self.sudo().filtered(lambda order: order.state == "draft")
        drafts.with_context(tracking_disable=True).action_quotation_sent()

    def _get_ar_credit_orderer(self, check_point):
        """Return the customer under control who orders or gets what somebody else, whom no limit bounds, is to pay.

        Of a confirmed order a credit manager, or Odoo itself, may change that, as he may its debtor.
        """
        user = self.env.user
        debtor = self.partner_invoice_id.commercial_partner_id
        others = (self.partner_id | self.partner_shipping_id).commercial_partner_id - debtor
        asked = check_point in (CheckPoint.CONFIRM, CheckPoint.AMEND) and debtor
        if not others or not asked or 0 < self.amount_total <= self.amount_paid:
            return others.browse()
        manages = user._is_superuser() or user.has_group("ar_credit_control.group_manager")
        if check_point is CheckPoint.AMEND and manages:
            return others.browse()
        company_id = self.company_id._origin.id
        if self.env["ar.credit.rule"]._get_facts_asked(company_id, [check_point]) is None:
            return others.browse()
        pairs = {(partner._origin.id, company_id) for partner in debtor | others}
        checked = self.env["ar.credit.account"]._get_checked_pairs(pairs)
        if (debtor._origin.id, company_id) in checked:
            return others.browse()
        return others.filtered(lambda partner: (partner._origin.id, company_id) in checked)[:1]

    def _can_see_ar_credit(self):
        """Whether the user may see credit figures of the order's company (onchange lets him try any company)."""
        user = self.env.user
        return user._is_superuser() or (user._is_internal() and self.company_id <= user.company_ids)

    def _get_ar_credit_pair(self):
        """Return (id of the commercial partner who will be invoiced, company id)."""
        debtor = (self.partner_invoice_id or self.partner_id).commercial_partner_id
        return debtor._origin.id, self.company_id._origin.id

    def _get_ar_credit_amount(self):
        """Return what the order would add to the exposure now, in company currency at today's rate."""
        self.ensure_one()
        unpaid = max(0.0, self.amount_total - self.amount_paid)
        return self.currency_id._convert(
            unpaid, self.company_id.currency_id, self.company_id, fields.Date.today()
        )

    def _get_ar_credit_decimal(self):
        """Return the same as a Decimal, rounded to the company currency."""
        currency = self.company_id.currency_id
        return self.env["ar.credit.exposure"]._to_decimal(currency, self._get_ar_credit_amount())

    def _get_ar_credit_counted(self):
        """Return what of an order counts as exposure, in order currency: beyond the horizon what was delivered.

        So a delivery date that comes nearer is a change like a dearer line.
        """
        self.ensure_one()
        horizon = self.company_id._get_ar_credit_horizon()
        if horizon and self.commitment_date and self.commitment_date > horizon:
            return self.ar_credit_due
        return self.ar_credit_open

    def _get_ar_credit_unasked(self):
        """Return what of the order never passed a check, in its currency: hours and costs that nobody has decided on.

        Who approved what was held by hand or for such, decided on all of them so far, also those on invoices; a little
        more than that the tolerance lets pass, as it did when they were booked.
        """
        self.ensure_one()
        unasked = sum(line._get_ar_credit_unchecked() for line in self.order_line)
        if not unasked:
            return 0.0
        decided = self.ar_credit_hold_ids._filtered_forcing().filtered(
            lambda hold: (
                hold.state in ("approved", "released") and hold.decided_by and not hold.granted_amount
            )
        )
        approved = max(decided.mapped("above_order"), default=0.0)
        approved *= 1 + self.company_id.ar_credit_tolerance_percent / 100
        return min(unasked, max(0.0, self._get_ar_credit_above_order() - approved))

    def _get_ar_credit_above_order(self):
        """Return what hours and costs add to what was ordered, invoiced or not, in order currency, tax included."""
        return sum(line._get_ar_credit_above_order() for line in self.order_line)

    def _get_ar_credit_delivered(self):
        """Return what was delivered of the order so far, invoiced or not, in order currency, tax included."""
        return sum(
            max(0.0, line.qty_delivered) * max(0.0, line._get_ar_credit_unit_total())
            for line in self.order_line
            if not line.display_type
        )

    def _passed_ar_credit_recently(self, decision, check_point):
        """Whether the order was confirmed or approved so recently that its delivery is not held again.

        Not where the customer went further over the limit since then by more than the tolerated share of the order.
        """
        self.ensure_one()
        company = self.company_id
        if check_point is not CheckPoint.DELIVERY or not company.ar_credit_recheck_days:
            return False
        # What the cash or the limit let go, nobody has decided on.
        last = self.ar_credit_hold_ids.filtered(lambda hold: hold.state == "released" and hold.decided_by)
        last = last.sorted("id")[-1:]
        passed_on = max(filter(None, (self.ar_credit_confirmed_on, last.decided_on)), default=None)
        if not passed_on or passed_on < fields.Datetime.now() - timedelta(
            days=company.ar_credit_recheck_days
        ):
            return False
        grown = float(decision.excess) - last.excess
        allowed = float(decision.order_amount) * company.ar_credit_recheck_tolerance / 100
        return company.currency_id.compare_amounts(grown, allowed) <= 0

    # === BANNER === #

    def _get_ar_credit_banner(self):
        """Return the sentences of the warning on the quotation, or an empty string."""
        self.ensure_one()
        if not self._can_see_ar_credit():
            return ""
        hold = self.ar_credit_hold_id
        if hold.state == "pending" or (hold.state == "approved" and hold.granted_amount):
            return hold._get_banner()
        if self.state not in ("draft", "sent") or not all(self._get_ar_credit_pair()):
            return ""
        confirming = self._preview_ar_credit(CheckPoint.CONFIRM)
        sentences = self._get_ar_credit_forecast(confirming) if confirming else []
        quoting = self._preview_ar_credit(CheckPoint.QUOTATION)
        told = sentences and quoting and all(f.rule.facts <= LIMIT_FACTS for f in quoting.verdict.reasons)
        if quoting and not told:
            sentences += [s for s in self._get_ar_credit_reasons(quoting) if s not in sentences]
        return "\n".join(sentences)

    def _preview_ar_credit(self, check_point):
        """Return what the rules say of the order now, without effect: a core Decision, or None where none concerns it.

        :param check_point: core CheckPoint.
        """
        self.ensure_one()
        # sudo: the gate reads past access rights; who may see the result, the caller decides
        gate = self.env["ar.credit.gate"].sudo()
        return gate._decide_orders(self.sudo(), check_point, preview=True).get(self.id)  # sudo: as above

    def _get_ar_credit_forecast(self, decision):
        """Return what would happen on confirmation: sentences, none where it would just pass."""
        outcome = decision.verdict.outcome
        reasons = decision.verdict.reasons
        if outcome is None:
            return []
        limit_only = reasons and all(f.rule.facts <= LIMIT_FACTS for f in reasons)
        if outcome is Outcome.HOLD and decision.excess and limit_only and not decision.verdict.forced:
            return [self._get_ar_credit_limit_forecast(decision)]
        endings = {
            Outcome.HOLD: [self.env._("Confirming this order asks a credit manager for approval.")],
            Outcome.BLOCK: [self.env._("This order can't be confirmed.")],
        }
        return [*self._get_ar_credit_reasons(decision), *endings.get(outcome, [])]

    def _get_ar_credit_limit_forecast(self, decision):
        """Return the sentence about an order that will not fit the limit."""
        currency = self.company_id.currency_id
        available = decision.limit.available(decision.exposure) or 0
        return self.env._(
            "%(customer)s has %(available)s of credit left. Confirming this order goes over the limit by %(excess)s,"
            " so a credit manager will have to approve it.",
            customer=self.partner_invoice_id.commercial_partner_id.display_name,
            available=format_amount(self.env, float(available), currency),
            excess=format_amount(self.env, float(decision.excess), currency),
        )
