from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import format_amount, format_date

from ..core.credit_check import Control
from ..core.exposure import ZERO
from ..core.limit import Effect, Kind, Why

BAR_PARTS = (
    ("receivable", "bg-info"),
    ("open_orders", "bg-primary"),
    ("draft_invoices", "bg-secondary"),
)


class ArCreditExplanation(models.AbstractModel):
    """Turns what `core.limit` decided into sentences and pictures for the screens."""

    _name = "ar.credit.explanation"
    _description = "Explanation of credit limits"

    @api.model
    def _get_table(self, loaded, pair, position):
        """Return the parts of a customer's limit as an HTML table.

        :param loaded: `ar.credit.terms` Loaded, which knows the pair.
        :param pair: (commercial partner id, company id).
        :param position: core Position of the pair.
        """
        currency = self.env["res.company"].sudo().browse(pair[1]).currency_id  # sudo: its currency only
        rows = [
            self._get_row(part, currency) for part in loaded.in_force(pair, fields.Date.today()).components
        ]
        group_id = loaded.group_of(pair)
        if group_id:
            rows.append(self._get_group_row(group_id, position, currency))
        return self.env["ir.qweb"]._render("ar_credit_control.limit_explanation", {"rows": rows})

    def _get_row(self, part, currency):
        amount = "" if part.amount is None else format_amount(self.env, float(part.amount), currency)
        if part.amount is None:
            amount = self._get_controls()[part.control]
        sign = {Effect.ADDS: "+ ", Effect.DEDUCTS: "− "}.get(part.effect, "")
        return {
            "label": self._get_label(part),
            "amount": sign + amount,
            "window": self._get_window(part.window),
            "why": self._get_reason(part),
            "counts": part.counts,
        }

    def _get_label(self, part):
        if part.kind is Kind.OWN:
            return self.env._("Own limit")
        if part.kind is Kind.DEFAULT:
            return self.env._("Company default")
        # sudo: the reader of the account sees what is part of its limit
        record = self.env[
            "ar.credit.limit.change" if part.kind is Kind.TEMPORARY else "ar.credit.cover"
        ].sudo()
        name = record.browse(part.reference).display_name
        if part.kind is Kind.TEMPORARY:
            return self.env._("Temporary limit %(name)s", name=name)
        return self.env._("Cover %(name)s", name=name)

    def _get_group_row(self, group_id, position, currency):
        # sudo: as in _get_label
        group = self.env["ar.credit.group"].sudo().browse(group_id)
        bound = position.bounds[1]
        binds = position.tightest is bound
        ceiling = bound.limit.ceiling
        amount = (
            self.env._("No Shared Limit")
            if ceiling is None
            else format_amount(self.env, float(ceiling), currency)
        )
        owed = format_amount(self.env, float(bound.exposure.total), currency)
        why = (
            self.env._("The tighter one: its members owe %(owed)s together.", owed=owed)
            if binds
            else self.env._("Its members owe %(owed)s together; the own limit is tighter.", owed=owed)
        )
        return {
            "label": self.env._("Group %(name)s", name=group.name),
            "amount": amount,
            "window": self.env._("until %(date)s", date=format_date(self.env, group.valid_until))
            if group.valid_until
            else "",
            "why": why if ceiling is not None else "",
            "counts": binds,
        }

    def _get_controls(self):
        return {
            Control.NONE: self.env._("Not Controlled"),
            Control.UNLIMITED: self.env._("Unlimited"),
            Control.NO_CREDIT: self.env._("No Credit"),
        }

    def _get_window(self, window):
        start = format_date(self.env, window.start) if window.start else ""
        end = format_date(self.env, window.end) if window.end else ""
        if start and end:
            return f"{start} – {end}"
        if start:
            return self.env._("from %(date)s", date=start)
        return self.env._("until %(date)s", date=end) if end else ""

    def _get_reason(self, part):
        if part.why is Why.COUNTS and part.effect is Effect.DEDUCTS:
            return self.env._("Counts: taken off the exposure")
        return {
            Why.COUNTS: self.env._("Counts"),
            Why.NOT_YET: self.env._("Not yet"),
            Why.ENDED: self.env._("Over"),
            Why.REPLACED: self.env._("Replaced by a temporary limit"),
            Why.NOT_LOWER: self.env._("Does not count: the limit behind it is no higher"),
            Why.NOT_LIMITED: self.env._("Does not count: the customer is not on a limit"),
        }[part.why]

    @api.model
    def _get_bar(self, currency, position):
        """Return the exposure against the limit as an HTML bar of its parts, with their amounts.

        :param position: core Position, or None.
        """
        if not position:
            return Markup("")
        bound, exposure = position.tightest, position.bounds[0].exposure
        available = bound.limit.available(bound.exposure)
        left = max(ZERO, available or ZERO)
        labels = {
            "receivable": self.env._("Receivables"),
            "open_orders": self.env._("Open orders"),
            "draft_invoices": self.env._("Draft invoices"),
        }
        parts = [(labels[name], getattr(exposure, name), css) for name, css in BAR_PARTS]
        others = bound.exposure.total - exposure.total
        if bound is not position.bounds[0] and others > 0:
            parts.append((self.env._("Others of the group"), others, "bg-warning"))
        credits_total = exposure.unapplied_credits + exposure.payments_in_process
        whole = sum((amount for _label, amount, _css in parts if amount > 0), ZERO) + left
        values = {
            "parts": [
                {
                    "label": label,
                    "amount": format_amount(self.env, float(amount), currency),
                    "css": css,
                    "width": f"{float(100 * amount / whole):.2f}%",
                }
                for label, amount, css in parts
                if amount > 0
            ],
            "credits": credits_total and format_amount(self.env, float(credits_total), currency),
            "left": format_amount(self.env, float(left), currency) if available is not None else "",
            "over": available is not None
            and available < 0
            and format_amount(self.env, float(-available), currency),
        }
        return self.env["ir.qweb"]._render("ar_credit_control.exposure_bar", values)
