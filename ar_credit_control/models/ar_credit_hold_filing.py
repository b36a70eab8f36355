from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import format_amount
from odoo.tools.misc import clean_context

from ..core.exposure import PARTS
from ..core.grown import has_grown
from ..core.rule import LIMIT_FACTS, Fact, Outcome

JUDGED_BY_NUMBER = LIMIT_FACTS | {Fact.ORDER_AMOUNT}

# A message about many holds names the first ones only.
TOLD_HOLDS = 5


class ArCreditHoldFiling(models.AbstractModel):
    """The part of `ar.credit.hold` that says how holds come about, and what is said of them."""

    _name = "ar.credit.hold.filing"
    _inherit = ["ar.credit.hold.decision", "ar.credit.hold.again", "ar.credit.hold.cover"]
    _description = "Filing of credit holds"

    # === FILING === #

    @api.model
    def _file_refusal(self, refusal, notify_customer=False):
        """File the holds of what the gate refused.

        :param CreditHoldError refusal: what it raised.
        :return: see `_file`.
        """
        return self._file(refusal.decisions, refusal.check_point, notify_customer, refusal.model)

    @api.model
    def _file(self, decisions, check_point, notify_customer=False, model="sale.order", **values):
        """File the holds of refused documents, and ask the managers for a decision.

        A hold that waits already for the same document as it stands is kept, and so is a rejection of it
        (ar_credit_hold_again.py), which a copy gets as well; one for an earlier version is superseded. What a rule
        blocks is filed as well, as the record of the attempt; nobody can approve it.

        :param dict decisions: document id -> core Decision.
        :param check_point: core CheckPoint that refused, "manual", or "event".
        :param bool notify_customer: send the customer the confirmation once the order is approved.
        :param str model: of the documents.
        :param values: more values for new holds.
        :return: the holds of these documents.
        """
        # sudo: nobody may write holds; the numbers are the check's own; also customers confirm
        # Odoo would take missing values from the context (`default_move_id`).
        filing = self.with_env(self.env(context=clean_context(self.env.context), su=True))
        holds = filing.browse()
        for document in self.env[model].sudo().browse(decisions):  # sudo: as above
            decision = decisions[document.id]
            binding = document._get_ar_credit_binding()
            # What somebody sets by hand takes the place of what was held for what happened, which the money lifts.
            forced = document._get_ar_credit_forced() if check_point != "manual" else filing
            by_hand = forced._prepare_by_hand_vals(**values) if check_point == "event" else {}
            blocks = decision.verdict and decision.verdict.outcome is Outcome.BLOCK
            kind = {
                "state": "blocked" if blocks else "pending",
                "check_point": forced[:1].check_point or str(check_point),
            }
            known, copied = document.ar_credit_hold_ids, document.ar_credit_copied_hold_id
            same = known._get_partial(decision, kind, binding)
            same = same or known._get_standing(decision, kind, binding, copied)
            stale = known - same
            if kind["state"] == "blocked":  # what is held by hand, or for what happened, a decision lets go
                stale -= stale._filtered_forcing()
            stale._supersede()
            if not same & known:
                vals = self._prepare_vals(document, decision, binding) | kind
                vals |= {"orderer_id": document._get_ar_credit_orderer(check_point).id}
                told = (known | copied)._prepare_rejection_vals(binding)
                vals |= same._prepare_repeated_vals() if same else told
                same = filing.create({**vals, **values, **by_hand, "notify_customer": notify_customer})
                if same.state == "pending":
                    same._request_ar_approval()
            elif notify_customer and same.state != "rejected" and not same.notify_customer:
                # held before he signed or paid, and waits for us only from now on
                same.notify_customer = True
            holds |= same
        return holds.sudo(self.env.su)  # sudo: back to the rights of the caller

    @api.model
    def _prepare_vals(self, document, decision, binding):
        """Return the values of a hold: who, what, and the numbers of the decision, frozen.

        :param document: sale.order or account.move.
        """
        exposure = decision.exposure
        sequence = self.env["ir.sequence"].sudo()  # sudo: whoever confirms draws a number
        reasons = decision.verdict.reasons if decision.verdict else ()
        return {
            "name": sequence.next_by_code("ar.credit.hold") or "/",
            self._get_document_field(document._name): document.id,
            "partner_id": binding.partner_id,
            "company_id": document.company_id.id,
            "currency_id": document.company_id.currency_id.id,
            "order_currency_id": binding.currency_id,
            "payment_term_id": binding.payment_term_id or False,
            "salesperson_id": document._get_ar_credit_salesperson().id,
            "requested_by": self.env.uid,
            "control": decision.limit.control.value,
            "credit_limit": float(decision.limit.ceiling or 0),
            "exposure": float(exposure.total),
            **{part: float(getattr(exposure, part)) for part in (*PARTS, "overdue")},
            "days_overdue": exposure.days_overdue,
            "risk_class_id": self._get_risk_class(binding.partner_id, document.company_id).id,
            "order_amount": float(decision.order_amount),
            "order_amount_currency": document._get_ar_credit_total(),
            "above_order": document._get_ar_credit_above_order(),
            "excess": float(decision.excess),
            "binding": binding.as_dict(),
            "binding_hash": binding.digest,
            "rule_id": reasons[0].rule.key if reasons else False,
            "reason_ids": self.env["ar.credit.hold.reason"]._prepare_commands(reasons),
            **self._prepare_cover_vals(document, decision),
        }

    def _prepare_by_hand_vals(self, request_note):
        """Return what a hold tells that takes the place of a pending one set by hand, as what it is about has grown.

        :param str request_note: what happened.
        """
        kept = self.filtered(lambda hold: hold.check_point == "manual" and hold.state == "pending")[:1]
        if not kept:
            return {}
        note = kept.request_note or ""
        return {
            "reason_code_id": kept.reason_code_id.id,
            "requested_by": kept.requested_by.id,
            "request_note": note if request_note in note else f"{note}\n{request_note}".strip(),
        }

    @api.model
    def _get_document_field(self, model):
        """Return the name of the field that points to documents of a model."""
        return {"sale.order": "order_id", "account.move": "move_id"}[model]

    @api.model
    def _get_risk_class(self, partner_id, company):
        """Return the risk class of a commercial partner in a company."""
        return self.env["ar.credit.account"]._search_pairs({(partner_id, company.id)}).risk_class_id

    def _covers_amendment(self, current):
        """Whether an order changed by no more than what was asked for; its lines may be others.

        :param current: core Binding of the order now.
        """
        approved = self._get_binding()
        allowed = Decimal(approved.total) + Decimal(str(self.granted_amount or self.order_amount_currency))
        same = all(
            getattr(approved, name) == getattr(current, name)
            for name in ("partner_id", "company_id", "currency_id", "payment_term_id")
        )
        return same and Decimal(current.total) <= allowed

    # === DECIDING === #

    def _tells_reasons(self, decision):
        """Whether the approvers were shown every rule that holds a document now (core Decision), at least as it is now.

        Rules about nothing but the limit and the amount are judged by those numbers, whichever rule it is.
        """
        self.ensure_one()
        tolerance = self._get_ar_approval_request()._get_tolerance()
        days = (fields.Date.today() - self.requested_on.date()).days
        if has_grown(self._get_told(), decision.verdict, tolerance, days):
            return False
        shown = set(self.reason_ids.rule_id.ids)
        return all(
            finding.rule.key in shown or (finding.rule.facts and finding.rule.facts <= JUDGED_BY_NUMBER)
            for finding in decision.verdict.reasons
            if finding.rule.outcome is Outcome.HOLD
        )

    def _confirm_order(self):
        """Do what the approval allows: confirm a quotation, post an invoice; a step of others they take themselves."""
        self.ensure_one()
        hold = self.sudo()  # sudo: deciding on credit needs no rights on sales or invoices
        if hold.move_id:
            move = hold.move_id.with_env(self.env(context={"lang": self.env.lang}, su=True))
            edge = self.env["ar.credit.edge"]
            with edge._caught(), edge._granted():  # as for orders
                move.with_company(move.company_id).action_post()
        elif hold.order_id.state in ("draft", "sent"):
            return super()._confirm_order()
        else:
            if self._filtered_forcing():
                self._release()
            self._tell_salesperson()
        return None

    # === TELLING === #

    def _get_banner(self):
        """Return the sentences shown on the document while the hold waits."""
        self.ensure_one()
        if self.state == "blocked":
            return self.env._("%(hold)s: %(reasons)s", hold=self.name, reasons=self.reason_text)
        if self.state == "rejected":
            way_out = self.env._("Change the document, or press Ask Again on the hold and say why.")
            return f"{self._get_rejection()}. {way_out}"
        if self.granted_amount and self.state != "pending":
            return self._get_grant_text()
        sentences = [self._get_banner_reason()]
        if self.helper_names:
            sentences.append(self.env._("%(helpers)s can approve it.", helpers=self.helper_names))
        else:
            sentences.append(
                self.env._(
                    "Nobody independent of the document may approve it."
                    " Ask your administrator for another credit manager."
                )
            )
        return " ".join(sentences)

    def _get_banner_reason(self):
        """Return why the document waits."""
        others = self.reason_ids.filtered(lambda reason: not reason.is_about_limit).mapped("sentence")
        if self.orderer_id:
            others.append(self.env["ar.credit.gate"]._get_orderer_reason(self.orderer_id, self.partner_id))
        if self._filtered_forcing():
            others.append(self._get_forced_reason())
        if not self.excess or (others and not self.reason_ids.filtered("is_about_limit")):
            return self.env._("%(hold)s: %(reasons)s.", hold=self.name, reasons="; ".join(others))
        sentence = self.env._(
            "%(hold)s: with this order %(customer)s would be %(excess)s over the credit limit of %(limit)s"
            " (owed before: %(exposure)s).",
            hold=self.name,
            customer=self.partner_id.display_name,
            excess=format_amount(self.env, self.excess, self.currency_id),
            limit=format_amount(self.env, self.credit_limit, self.currency_id),
            exposure=format_amount(self.env, self.exposure, self.currency_id),
        )
        return " ".join([sentence, *(f"{other}." for other in others)])

    def _get_batch_line(self, passed):
        """Return the sentence that tells how many of several documents were held.

        :param int passed: how many were not.
        """
        return self.env._(
            "%(passed)s of %(all)s documents went through, %(held)s did not:",
            passed=passed,
            all=passed + len(self),
            held=len(self),
        )

    def _get_notification(self, passed=0, following=None):
        """Return the client action that tells the user which documents were held, and why.

        :param int passed: how many others went through with the same click.
        :param following: what that click returned; an action is opened after the message.
        """
        holds = self.sudo()  # sudo: whoever was refused is told why, also without the right to see holds
        pending = holds.filtered(lambda hold: hold.state == "pending")
        rejected = holds.filtered(lambda hold: hold.state == "rejected")
        partial = holds.filtered(lambda hold: hold.state in ("approved", "released"))
        titles = {
            bool(rejected): self.env._("Rejected"),
            bool(partial): self.env._("Released in part only"),
            bool(holds - pending - rejected - partial): self.env._("Refused by a credit rule"),
            bool(pending): self.env._("Waiting for credit approval"),
        }
        lines = [hold._get_banner() for hold in holds[:TOLD_HOLDS]]
        if len(holds) > TOLD_HOLDS:
            lines.append("…")
        if passed or len(holds) > 1:
            lines.insert(0, self._get_batch_line(passed))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if pending else "danger",
                "sticky": True,
                "title": titles[True],
                "message": "\n".join(lines),
                "next": following if isinstance(following, dict) else {"type": "ir.actions.act_window_close"},
            },
        }
