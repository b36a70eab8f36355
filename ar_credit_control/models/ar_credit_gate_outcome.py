import logging
from dataclasses import replace

from psycopg2.errors import UniqueViolation

from odoo import models

from ..core.rule import CheckPoint, Outcome, Verdict
from ..exceptions import CreditExceededError, CreditHoldError, refused


class ArCreditGateOutcome(models.AbstractModel):
    """The part of the gate that acts on what the rules refuse: an error, or a hold where it has happened already.

    Payments that are taken back, hours and costs are facts: their booking never fails. What an order then owes beyond
    the rules is held, so that no more of it is delivered until somebody has decided, or the money has come.
    """

    _name = "ar.credit.gate.outcome"
    _description = "Credit gate: what follows"

    def _pass_or_raise(self, documents, check_point, decisions):
        """Raise what is refused; note the warnings of what passes, and hold what was booked in spite of a refusal.

        :param dict decisions: document id -> core Decision.
        """
        refusals = {key: decision for key, decision in decisions.items() if not decision.passed}
        booked = refusals if self.env["ar.credit.edge"]._is_booking_cost() else {}
        if refusals and not booked:
            raise self._get_refusal(documents.browse(refusals), check_point, refusals)
        for document in documents:
            decision = decisions.get(document.id)
            if decision and (decision.verdict.outcome is Outcome.WARN or document.id in booked):
                document._note_ar_credit_warning(decision)
        if booked:
            self._file_event(booked, self.env._("Costs were charged to the order."))

    def _get_refusal(self, documents, check_point, refusals):
        """Return the error for documents that are refused; log it, as an attempt where nobody catches it."""
        # An amendment can't be put before anybody as it stands: it is undone with the transaction.
        kind = CreditExceededError if check_point is CheckPoint.AMEND else CreditHoldError
        message = documents._get_ar_credit_refusal(refusals, check_point)
        error = kind(message, refusals, check_point, documents._name)
        excess = ", ".join(f"{decision.excess:.2f}" for decision in refusals.values())
        caught = self.env[
            "ar.credit.edge"
        ]._is_caught()  # the hold that follows tells more than a line of a log
        level = logging.INFO if caught else logging.WARNING
        return refused(documents.with_env(self.env), error, f"{check_point} (excess {excess})", level)

    # === WHAT HAS HAPPENED === #

    def _hold_grown(self, orders, check_point, cause):
        """Measure confirmed orders that something made dearer which nobody can refuse; hold what does not pass.

        Without the lock of a check: that may fail, and the request be run again, which would tell a payment provider
        everything twice.

        :param check_point: core CheckPoint whose rules are asked.
        :param str cause: what happened, for whoever decides.
        :return: the holds.
        """
        # sudo: whoever books is bound by rules that he can't read
        orders = orders.sudo().filtered(lambda order: order.state == "sale")
        decisions = self._decide_orders(orders, check_point, lock=False) if orders else {}
        refusals = {key: decision for key, decision in decisions.items() if not decision.passed}
        return self._file_event(refusals, cause) if refusals else self.env["ar.credit.hold"]

    def _file_event(self, refusals, cause):
        """File holds, also where a rule blocks: what has happened can't be undone.

        One that waits already is replaced by one with the numbers of now; the salesperson knows of it.

        :param dict refusals: order id -> core Decision.
        """
        # sudo: whoever books hours need not see holds
        holds_before = self.env["sale.order"].sudo().browse(refusals).ar_credit_hold_ids
        told = holds_before.filtered(
            lambda hold: hold._filtered_forcing() and hold.told_state == hold.state == "pending"
        ).order_id
        forced = {}
        for key, decision in refusals.items():
            findings = tuple(f for f in decision.verdict.findings if f.rule.outcome is not Outcome.BLOCK)
            forced[key] = replace(decision, verdict=Verdict(findings, forced=True))
        holds = self.env["ar.credit.hold"]
        try:
            with self.env.cr.savepoint():
                holds = holds._file(forced, "event", request_note=cause)
        except UniqueViolation:
            return holds  # somebody has filed one at this moment: it keeps the order as well
        again = holds.filtered(lambda hold: hold.order_id in told)
        again._keep_news()
        (holds - again)._tell_salesperson()
        return holds
