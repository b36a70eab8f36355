from dataclasses import dataclass

from odoo import models
from odoo.tools import format_amount

from ..core.binding import Binding, BoundLine
from ..core.rule import LIMIT_FACTS, CheckPoint
from ..exceptions import CreditHoldError


@dataclass(frozen=True)
class DocumentFields:
    """What Odoo calls the same things on different documents."""

    debtor: str
    payment_term: str
    salesperson: str
    lines: str
    quantity: str
    product_line: str | bool  # `display_type` of the lines with a price


class ArCreditDocument(models.AbstractModel):
    """What the gate needs of a document that rules are asked about, and how its refusal is told.

    The model gives: `ar_credit_hold_ids`, `_get_ar_credit_pair`, `_get_ar_credit_decimal`, and the names of its fields.
    """

    _name = "ar.credit.document"
    _inherit = ["ar.credit.document.copy", "ar.credit.document.facts"]
    _description = "Document under credit control"

    _ar_credit_fields = None

    # === HOLDING === #

    def _try_or_hold(self, step, notify_customer=False):
        """Call `step`; where the credit check refuses, undo all it did and file holds instead.

        The savepoint also takes back what addons around us did before the check (loyalty points, coupons). Only
        the refusal is caught: a serialization failure has to reach Odoo's retry.

        :param step: callable without arguments.
        :param bool notify_customer: send the customer the confirmation once the order is approved.
        :return: (result of `step` or None, the holds)
        """
        holds = self.env["ar.credit.hold"]
        try:
            with self.env.cr.savepoint(), self.env["ar.credit.edge"]._caught():
                return step(), holds
        except CreditHoldError as refusal:
            if notify_customer:
                self._await_ar_credit_review()
            return None, holds._file_refusal(refusal, notify_customer)

    def _await_ar_credit_review(self):
        """Do what follows when the customer has done his part, and waits for us."""

    def _pass_or_hold(self, step):
        """Take `step` with as many documents as the rules let pass, and file holds for the others.

        What is refused commits to nothing, so the step is tried again without it, each time undone as in
        `_try_or_hold`; as a rule the second time passes.

        :param step: callable with the documents.
        :return: (result of `step` or None, the documents that passed, the holds)
        """
        holds, rest = self.env["ar.credit.hold"], self
        while rest:
            try:
                with self.env.cr.savepoint(), self.env["ar.credit.edge"]._caught():
                    return step(rest), rest, holds
            except CreditHoldError as refusal:
                refused = rest._get_ar_credit_refused(refusal)
                holds |= holds._file_refusal(refusal)
                rest = rest - refused if refused else rest.browse()
        return None, rest, holds

    def _get_ar_credit_refused(self, refusal):
        """Return the documents among these that a refusal is about.

        :param CreditHoldError refusal: what the gate raised.
        """
        if refusal.model != self._name:
            return self.browse()
        return self.filtered(lambda document: document.id in refusal.decisions)

    def _get_ar_credit_orderer(self, check_point):
        """Return the customer under control whom somebody else, whom none bounds, is to pay for; nobody by default.

        :param check_point: core CheckPoint, "manual", or "event".
        """
        return self.env["res.partner"]

    def _is_ar_credit_forced(self, check_point):
        """Whether a decision is needed whatever the rules say.

        :param check_point: core CheckPoint.
        """
        return bool(self._get_ar_credit_forcing() or self._get_ar_credit_orderer(check_point))

    def _get_ar_credit_forcing(self):
        """Return the holds, also of other documents, that keep this one whatever the rules say."""
        return self._get_ar_credit_forced()

    def _use_ar_credit_approval(self, decision, check_point):
        """Use an approval that covers the document as it stands and what the check found; return whether there is one.

        :param decision: core Decision of the check.
        :param check_point: core CheckPoint that asks.
        """
        self.ensure_one()
        # sudo: the decision was taken by an authorised approver and is only looked up here
        return self.sudo().ar_credit_hold_ids._use_approval(decision, check_point)

    def _passed_ar_credit_recently(self, decision, check_point):
        """Whether an earlier check point is so recent that this one does not hold the document again."""
        return False

    def _release_ar_credit_holds(self, check_point=None):
        """Close requests for a decision that is needed no more: the documents went through within the rules.

        :param check_point: what they passed; None closes all, as a confirmation does.
        """
        self.sudo().ar_credit_hold_ids._release_unneeded(check_point)  # sudo: also of who can't see holds

    # === READING === #

    def _get_ar_credit_lines(self):
        """Return the lines that have a price."""
        names = self._ar_credit_fields
        return self[names.lines].filtered(lambda line: line.display_type == names.product_line)

    def _get_ar_credit_total(self):
        """Return the total in the currency of the document."""
        return self.amount_total

    def _get_ar_credit_above_order(self):
        """Return what was delivered above the order without a check, in the currency of the document."""
        return 0.0

    def _get_ar_credit_salesperson(self):
        """Return who sells."""
        return self[self._ar_credit_fields.salesperson]

    def _get_ar_credit_binding(self):
        """Return what an approval of the document binds to, as it stands now.

        :rtype: ar_credit_control.core.binding.Binding
        """
        self.ensure_one()
        names, digits = self._ar_credit_fields, self.currency_id.decimal_places
        lines = self._get_ar_credit_lines().sorted("id")
        return Binding(
            partner_id=self[names.debtor].commercial_partner_id.id,
            company_id=self.company_id.id,
            currency_id=self.currency_id.id,
            payment_term_id=self[names.payment_term].id or 0,
            total=f"{sum(lines.mapped('price_total')):.{digits}f}",
            lines=tuple(
                BoundLine(
                    line.id,
                    line.product_id.id or 0,
                    f"{line[names.quantity]:g}",
                    f"{line.price_total:.{digits}f}",
                )
                for line in lines
            ),
        )

    def _is_ar_credit_free(self, decision):
        """Whether the document needs no credit: it adds nothing, and that is the company's policy.

        :param decision: core Decision so far.
        """
        return decision.order_amount <= 0 and self.company_id.ar_credit_prepaid_free

    # === TELLING === #

    def _get_ar_credit_refusal(self, decisions, check_point):
        """Return the error message for documents that are refused.

        :param dict decisions: document id -> core Decision.
        :param check_point: core CheckPoint.
        """
        sentences = [
            sentence
            for document in self
            for sentence in document._get_ar_credit_reasons(decisions[document.id])
        ]
        blocked = all(decision.verdict.outcome == "block" for decision in decisions.values())
        return "\n".join([*sentences, self._get_ar_credit_way_out(check_point, blocked)])

    def _get_ar_credit_way_out(self, check_point, blocked):
        """Return the sentence that says what can be done about a refusal."""
        if blocked:
            return self.env._("No approval lifts this. Ask a credit manager about the rule.")
        return {
            "amend": self.env._(
                "Lower the change, or choose Request More Credit on the order to have it approved."
            ),
            "invoice": self.env._("Confirm the invoice in its form to ask a credit manager for a decision."),
            "delivery": self.env._(
                "Validate the transfer in its form to ask a credit manager for a decision."
            ),
        }.get(check_point, self.env._("Confirm it in its form to ask a credit manager for a decision."))

    def _get_ar_credit_reasons(self, decision):
        """Return why one document is refused or warned about: sentences with numbers in company currency."""
        self.ensure_one()
        sentences = []
        if any(finding.rule.facts & LIMIT_FACTS for finding in decision.verdict.reasons) and decision.excess:
            sentences.append(self._get_ar_credit_limit_reason(decision))
        for finding in decision.verdict.reasons:
            if not (finding.rule.facts and finding.rule.facts <= LIMIT_FACTS and sentences):
                sentences.append(self._get_ar_credit_rule_reason(finding))
        orderer = self._get_ar_credit_orderer(CheckPoint.CONFIRM)
        if orderer:
            debtor = orderer.browse(self._get_ar_credit_pair()[0])
            sentences.append(self.env["ar.credit.gate"]._get_orderer_reason(orderer, debtor))
        for hold in self._get_ar_credit_forcing():
            values = {"document": hold.document_name, "hold": hold.name, "reason": hold._get_forced_reason()}
            sentences.append(self.env._("%(document)s is kept by %(hold)s: %(reason)s.", **values))
        return sentences

    def _get_ar_credit_rule_reason(self, finding):
        """Return one rule with what it measured."""
        conditions = self.env["ar.credit.rule.condition"]
        # sudo: the name of a rule is part of the explanation of a refusal
        rule = self.env["ar.credit.rule"].sudo().browse(finding.rule.key)
        currency = self.company_id.currency_id
        measured = [
            conditions._describe_measure(
                reason.condition.fact.value,
                reason.condition.operator.value,
                reason.value,
                reason.condition.value,
                currency,
            )
            for reason in finding.reasons
        ]
        return self.env._(
            "%(document)s: %(rule)s. %(reasons)s",
            document=self.display_name,
            rule=rule.name,
            reasons="; ".join(measured),
        ).strip()

    def _get_ar_credit_limit_reason(self, decision):
        """Return why one document does not fit the limit."""
        currency = self.company_id.currency_id

        def money(value):
            return format_amount(self.env, float(value), currency)

        return self.env._(
            "%(order)s: %(customer)s owes %(exposure)s already; with %(amount)s of this order that is %(excess)s"
            " over the credit limit of %(limit)s.",
            order=self.display_name,
            customer=self.partner_id.commercial_partner_id.display_name,
            exposure=money(decision.exposure.total),
            amount=money(decision.order_amount),
            excess=money(decision.excess),
            limit=money(decision.limit.ceiling or 0),
        )

    def _note_ar_credit_warning(self, decision):
        """Keep in the log of the document that it went on in spite of a warning."""
        self.ensure_one()
        self._message_log(body="\n".join(self._get_ar_credit_reasons(decision)))
