from decimal import Decimal

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .. import const
from ..core import link_payment, link_token, qr
from ..core.link_payment import Source, total
from .res_company import OFFLINE_PROVIDERS


class ArPaymentLinkPage(models.AbstractModel):
    """What a customer gets to see: whether anything can be paid, how much of it, and with whom."""

    _name = "ar.payment.link.page"
    _description = "Payment link: its page"

    # What the page shows or asks: fetched with the search.
    _PAGE_FIELDS = (
        "token", "kind", "sale_order_id", "partner_id", "currency_id", "company_id", "expiry_date",
        "revoked_on", "single_use", "attempt_count",
    )  # fmt: skip
    # The same of the records around it. Reading one field of a record reads all of its hundred columns: read without
    # this list, they were half of the time of a visit.
    _PAGE_READS = {
        "move_ids": ("name", "state", "amount_residual", "currency_id", "partner_id", "payment_state"),
        "currency_id": ("symbol", "position", "rounding", "decimal_places"),
        "company_id": (
            "name", "active", "currency_id", "ar_link_partial", "ar_link_partial_minimum", "ar_link_partial_percent",
        ),
        "partner_id": ("country_id",),
    }  # fmt: skip
    _PROVIDER_READS = ("code", "state", "maximum_amount")

    scan_ids = fields.One2many("ar.payment.link.scan", "link_id", string="Scans", readonly=True)
    scans_before = fields.Integer("Opened Before the Log Begins", readonly=True, copy=False)
    last_scan_before = fields.Datetime("Last Opened Before the Log Begins", readonly=True, copy=False)
    scan_count = fields.Integer(
        "Opened",
        compute="_compute_scans",
        search="_search_scan_count",
        help="How often the page was opened; link previews of chat programs count as well.",
    )
    last_scan = fields.Datetime("Last Opened", compute="_compute_scans")

    @api.depends("scan_ids.scanned_at", "scans_before", "last_scan_before")
    def _compute_scans(self):
        """Count the log, and what was counted when old rows of it were deleted."""
        log = {
            link: (count, last)
            for link, count, last in self.env["ar.payment.link.scan"]._read_group(
                [("link_id", "in", self.ids), ("event", "=", "opened")],
                ["link_id"],
                ["__count", "scanned_at:max"],
            )
        }
        for link in self:
            count, last = log.get(link._origin, (0, False))
            link.scan_count = count + link.scans_before
            link.last_scan = last or link.last_scan_before

    def _search_scan_count(self, operator, value):
        """Find links that were opened, or never: all that people ask for."""
        if operator != "in" or set(value) != {0}:
            return NotImplemented
        return Domain("scans_before", "in", (0, False)) & ~Domain(
            "scan_ids", "any", Domain("event", "=", "opened")
        )

    # === OPENING === #

    @api.model
    def _by_token(self, token):
        """Return the link of a token that came from outside, in sudo, or an empty recordset."""
        if not link_token.has_token_shape(token):
            return self.sudo().browse()  # sudo: nothing in it
        # sudo: the token is the permission; nobody is logged in where this is called.
        link = self.sudo().search_fetch(
            [("token_digest", "=", link_token.digest(token))], self._PAGE_FIELDS, limit=1
        )
        for name, fields_read in self._PAGE_READS.items():
            link[name].fetch(fields_read)
        return link

    def _condition(self):
        """Return which page there is to show: "active" if something may be paid, or why nothing may be.

        One of revoked, closed (the company is), overpaid, paid, used, expired, disputed, active.
        """
        self.ensure_one()
        state = self.state
        if state == "revoked" or not self.company_id.active:
            return "revoked" if state == "revoked" else "closed"
        if state == "paid":
            return "overpaid" if self._customer_credit() else "paid"
        order = self.sale_order_id
        if state == "active" and order.state in ("draft", "sent") and order.is_expired:
            return "expired"
        if state == "active" and self._is_disputed():
            return "disputed"
        return state

    def _is_disputed(self):
        """Tell whether all that is open here is disputed, so that nothing is to be paid.

        What is open beside it is asked for as ever.
        """
        self.ensure_one()
        moves = self.move_ids or self.sale_order_id.invoice_ids
        if not moves and not self.amount_due and self._kind().source is Source.PARTNER:
            partner_id, currency_id, company_id = self._owner()
            # sudo: as the link, which whoever opens its page may not read either.
            moves = moves.sudo().search(
                [
                    ("commercial_partner_id", "=", partner_id),
                    ("currency_id", "=", currency_id),
                    ("company_id", "=", company_id),
                    ("move_type", "=", "out_invoice"),
                    ("payment_state", "=", "blocked"),
                ]
            )
        return bool(self._disputed(moves)) and not self.amount_due

    # === HOW MUCH === #

    def _smallest_part(self, due):
        """Return the least that may be paid of `due`, or None if all of it must be.

        A link for one payment is paid as a whole.

        :param Decimal due: what the link asks for.
        """
        self.ensure_one()
        company = self.company_id
        if not company.ar_link_partial or self.single_use or not self._kind().partial:
            return None
        minimum = company.ar_link_partial_minimum
        if minimum and company.currency_id != self.currency_id:
            minimum = company.currency_id._convert(minimum, self.currency_id, company)
        smallest = link_payment.smallest_part(
            due,
            Decimal(str(minimum)),
            Decimal(str(company.ar_link_partial_percent)),
            self.currency_id.decimal_places,
        )
        return smallest if smallest < due else None

    def _amount_to_pay(self, items, wanted=None):
        """Return the amount of a payment made now (Decimal).

        :param items: what is asked for now, of `_open_items`.
        :param wanted: what the customer has typed, None if he was not asked; heeded where parts may be paid only.
        :raise UserError: if that much cannot be paid.
        """
        due = total(items)
        smallest = self._smallest_part(due)
        if wanted is None or smallest is None:
            return due
        amount = link_payment.read_amount(wanted, self.currency_id.decimal_places)
        if amount is None or not smallest <= amount <= due:
            raise UserError(
                self.env._(
                    "Please enter an amount from %(least)s to %(most)s.",
                    least=self.currency_id.format(float(smallest)),
                    most=self.currency_id.format(float(due)),
                )
            )
        return amount

    # === WAYS TO PAY === #

    def _ways_to_pay(self, amount=None, exactly=False):
        """Return the providers, in sudo, that take the money on our own page, and those on Odoo's payment page.

        :param float amount: of the payment; what the link asks for if it is left out.
        :param bool exactly: ask Odoo anew instead of showing what it said last time; for when money is to move.
        """
        self.ensure_one()
        # sudo: for a customer who is not logged in; what he gets to see are names.
        providers = self.env["payment.provider"].sudo()
        key = (self.company_id.id, self.partner_id.country_id.id, self.currency_id.id)
        offered = providers.browse(providers._ar_offered_ids(*key, self.partner_id.id))
        offered.fetch(self._PROVIDER_READS)
        if exactly or any(provider.maximum_amount for provider in offered):
            offered = providers._get_compatible_providers(
                self.company_id.id,
                self.partner_id.id,
                self.amount_due if amount is None else amount,
                currency_id=self.currency_id.id,
            )
        gateways = offered.filtered(lambda provider: provider.code in const.AR_GATEWAYS)
        return gateways, (offered - gateways).filtered(lambda p: p.code not in OFFLINE_PROVIDERS)

    def _core_payment_path(self, providers, items=None, amount=None):
        """Return the path of Odoo's payment form for what is open now, or False.

        :param providers: those that take the money there, see `_ways_to_pay`.
        :param items: what `_open_items` has just said, if it was asked.
        :param float amount: of the payment; what the link asks for if it is left out.
        """
        self.ensure_one()
        if not providers or total(self._open_items()[self] if items is None else items) <= 0:
            return False
        path = f"{const.PAY_ROUTE}/{self.token}/form"
        if amount is None:
            return path
        return f"{path}?amount={amount:.{self.currency_id.decimal_places}f}"

    def _other_payment_values(self, wanted=None):
        """Return what a payment on Odoo's form is made of: its amount, the providers that take it, the documents it is
        booked on (as values of a transaction, the customer among them), and the beginning of its reference.

        :param str wanted: the amount that the customer has typed, see `_amount_to_pay`.
        :raise UserError: if nothing can be paid now, or not that much.
        """
        self.ensure_one()
        items = self._open_items()[self] if self._condition() == "active" else ()
        if total(items) <= 0:
            raise UserError(self.env._("There is nothing to pay."))
        amount = float(self._amount_to_pay(items, wanted))
        gateways, others = self._ways_to_pay(amount, exactly=True)
        documents = self._payable_documents(items)
        more = f"+{len(documents) - 1}" if len(documents) > 1 else ""
        return {
            "amount": amount,
            "providers": gateways | others,
            "documents": self._transaction_documents(items),
            "reference": f"{documents[0].name}{more}" if documents else None,
        }

    # === QR === #

    def _qr_svg(self):
        """Return the QR code of the link as inline SVG (Markup, which is a str): templates may print it as it is."""
        self.ensure_one()
        return Markup(qr.svg(self.url))  # noqa: S704 squares and numbers only

    def _qr_png(self):
        """Return the QR code of the link as a PNG (bytes)."""
        self.ensure_one()
        return qr.png(self.url)
