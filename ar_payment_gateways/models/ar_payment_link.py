from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ..core import link_token, qr


class ArPaymentLink(models.Model):
    """A secret address where a customer pays certain invoices, whatever is open on them at that moment.

    The link holds no amount: what it asks for is computed from the residuals whenever it is opened, so a code
    printed weeks ago is right after a part payment and harmless after a full one.
    """

    _name = "ar.payment.link"
    _description = "Payment Link"
    _inherit = ["mail.thread"]
    _order = "id desc"
    _rec_name = "label"
    _check_company_auto = True
    _mail_post_access = "read"

    # What a link pays and who made it what it is never changes by a plain write, whoever the caller.
    _FROZEN_FIELDS = frozenset(
        {
            "token",
            "token_digest",
            "move_ids",
            "moves_key",
            "partner_id",
            "currency_id",
            "company_id",
            "scan_count",
            "last_scan",
            "revoked_on",
            "revoked_by_id",
        }
    )

    label = fields.Char(compute="_compute_label", store=True, string="Pays")
    token = fields.Char(required=True, readonly=True, copy=False, groups="base.group_system")
    token_digest = fields.Char(required=True, readonly=True, copy=False, groups="base.group_system")
    move_ids = fields.Many2many(
        "account.move",
        "ar_payment_link_move_rel",
        "link_id",
        "move_id",
        string="Invoices",
        required=True,
        check_company=True,
        domain="[('move_type', '=', 'out_invoice'), ('state', '=', 'posted')]",
    )
    moves_key = fields.Char(compute="_compute_from_moves", store=True, index=True, readonly=True)
    partner_id = fields.Many2one(
        "res.partner", "Customer", compute="_compute_from_moves", store=True, index=True, readonly=True
    )
    currency_id = fields.Many2one("res.currency", compute="_compute_from_moves", store=True, readonly=True)
    company_id = fields.Many2one(
        "res.company", compute="_compute_from_moves", store=True, index=True, readonly=True
    )
    expiry_date = fields.Date(
        "Expires",
        copy=False,
        tracking=True,
        help="Last day on which the link works. Empty: it does not expire.",
    )
    revoked_on = fields.Datetime(readonly=True, copy=False, tracking=True)
    revoked_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    scan_count = fields.Integer("Opened", readonly=True, copy=False, help="How often the page was opened.")
    last_scan = fields.Datetime("Last Opened", readonly=True, copy=False)
    amount_due = fields.Monetary(compute="_compute_amount_due", help="Open on the invoices right now.")
    state = fields.Selection(
        [("active", "Active"), ("paid", "Paid"), ("revoked", "Revoked"), ("expired", "Expired")],
        "Status",
        compute="_compute_state",
        search="_search_state",
    )
    url = fields.Char("Link", compute="_compute_url")
    qr_code = fields.Html(compute="_compute_qr_code", sanitize=False, string="QR Code")

    _token_digest_unique = models.UniqueIndex("(token_digest)")

    # === COMPUTE === #

    @api.depends("move_ids.name")
    def _compute_label(self):
        for link in self:
            link.label = ", ".join(link.move_ids.sorted("id").mapped(lambda move: move.name or "/"))

    @api.depends("move_ids.commercial_partner_id", "move_ids.currency_id", "move_ids.company_id")
    def _compute_from_moves(self):
        for link in self:
            first = link.move_ids[:1]
            link.moves_key = self._moves_key(link.move_ids)
            link.partner_id = first.commercial_partner_id
            link.currency_id = first.currency_id
            link.company_id = first.company_id

    @api.depends("move_ids.amount_residual", "move_ids.state")
    def _compute_amount_due(self):
        for link in self:
            link.amount_due = sum(link._payable_moves().mapped("amount_residual"))

    @api.depends("revoked_on", "expiry_date", "amount_due", "move_ids.state")
    def _compute_state(self):
        today = fields.Date.today()
        for link in self:
            if link.revoked_on:
                link.state = "revoked"
            elif link._is_settled():
                link.state = "paid"
            elif link.expiry_date and link.expiry_date < today:
                link.state = "expired"
            else:
                link.state = "active"

    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        revoked = Domain("revoked_on", "!=", False)
        unsettled = Domain(
            "move_ids", "any", Domain("state", "!=", "posted") | Domain("amount_residual", "!=", 0)
        )
        overdue = Domain("expiry_date", "<", fields.Date.today())
        domains = {
            "revoked": revoked,
            "paid": ~revoked & ~unsettled,
            "expired": ~revoked & unsettled & overdue,
            "active": ~revoked & unsettled & ~overdue,
        }
        return Domain.OR(domains[state] for state in value if state in domains)

    @api.depends("token")
    def _compute_url(self):
        for link in self:
            # sudo: the token itself is hidden from the web client; its address is what users are meant to have.
            link.url = f"{link.get_base_url()}/pay/{link.sudo().token}"

    @api.depends("url", "state")
    def _compute_qr_code(self):
        for link in self:
            link.qr_code = link._qr_svg() if link.state == "active" else False

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        """Make the token ourselves, whatever the caller sends, and refuse what cannot be paid in one go."""
        for vals in vals_list:
            unexpected = self._FROZEN_FIELDS.intersection(vals) - {"move_ids"}
            if unexpected:
                raise AccessError(
                    self.env._("A payment link makes its own %s.", ", ".join(sorted(unexpected)))
                )
            token = link_token.new_token()
            vals.update(
                token=token,
                token_digest=link_token.digest(token),
                # Named here so that a default_... key in the context cannot set them.
                scan_count=0,
                last_scan=False,
                revoked_on=False,
                revoked_by_id=False,
            )
        # The invoices are checked with the caller's rights: a link shows what is open on them.
        links = super().create(vals_list)
        for link in links:
            link.move_ids.check_access("read")
            self._check_moves(link.move_ids)
        return links

    def write(self, vals):
        """Let users move the expiry date; all else is fixed when the link is made or done by an action."""
        frozen = self._FROZEN_FIELDS.intersection(vals)
        if frozen and not self.env.su:
            raise AccessError(self.env._("Make a new payment link instead of changing this one."))
        return super().write(vals)

    # === ACTIONS === #

    def action_revoke(self):
        """Close the links for good: their codes lead to a page that says so. Revoking twice changes nothing."""
        self.check_access("write")
        open_links = self.filtered(lambda link: not link.revoked_on)
        # sudo: `write` keeps these fields from everybody but this action, which has just checked the rights.
        open_links.sudo().write({"revoked_on": fields.Datetime.now(), "revoked_by_id": self.env.uid})
        open_links._close_orders_soon()
        return True

    def action_open_page(self):
        """Open the page that the customer sees."""
        self.ensure_one()
        # A computed field of a record one may not read is computed all the same.
        self.check_access("read")
        return {"type": "ir.actions.act_url", "url": self.url, "target": "new"}

    # === BUSINESS === #

    @api.model
    def _for_moves(self, moves):
        """Return the active link that pays exactly `moves`, made if there is none.

        :param moves: posted customer invoices of one company, one commercial partner and one currency, which the
            current user may read.
        :return: the link, in sudo: whoever may see the invoices may see where they are paid.
        :raise UserError: if the invoices cannot be paid together.
        """
        moves.check_access("read")
        self._check_moves(moves)
        # sudo: see :return:
        links = self.sudo()
        return links._find_active(moves) or links._create_for([moves])

    @api.model
    def _find_active(self, moves):
        """Return the oldest link that pays exactly `moves`, is not revoked and has not expired, or nothing."""
        return self.search(
            [
                ("moves_key", "=", self._moves_key(moves)),
                ("revoked_on", "=", False),
                "|",
                ("expiry_date", "=", False),
                ("expiry_date", ">=", fields.Date.today()),
            ],
            order="id",
            limit=1,
        )

    @api.model
    def _create_for(self, moves_list):
        """Make one link for each recordset of `moves_list`, quietly (no chatter notes), in one statement."""
        return self.with_context(tracking_disable=True).create(
            [{"move_ids": [fields.Command.set(moves.ids)]} for moves in moves_list]
        )

    @api.model
    def _moves_key(self, moves):
        return ",".join(str(move_id) for move_id in sorted(moves.ids))

    @api.model
    def _check_moves(self, moves):
        """Raise UserError unless `moves` are posted customer invoices that one payment can settle."""
        if not moves:
            raise UserError(self.env._("A payment link needs at least one invoice."))
        if any(move.move_type != "out_invoice" or move.state != "posted" for move in moves):
            raise UserError(self.env._("A payment link pays posted customer invoices only."))
        if len(moves.company_id) > 1 or len(moves.commercial_partner_id) > 1 or len(moves.currency_id) > 1:
            raise UserError(
                self.env._("A payment link pays invoices of one company, one customer and one currency.")
            )

    def _payable_moves(self):
        """Return the invoices of the link that are open now and still of its customer and currency.

        An invoice reset to draft may come back with another customer; its new owner's debt is not asked for here.
        """
        self.ensure_one()
        return self.move_ids.filtered(
            lambda move: (
                move.state == "posted"
                and move.commercial_partner_id == self.partner_id
                and move.currency_id == self.currency_id
                and move.amount_residual > 0
            )
        )

    def _is_settled(self):
        """Tell whether every invoice of the link is posted and nothing is open on any."""
        self.ensure_one()
        return all(
            move.state == "posted" and move.currency_id.is_zero(move.amount_residual)
            for move in self.move_ids
        )

    # === QR === #

    def _qr_svg(self):
        """Return the QR code of the link as inline SVG (Markup, which is a str): templates may print it as it is."""
        self.ensure_one()
        return Markup(qr.svg(self.url))  # noqa: S704 squares and numbers only

    def _qr_png(self):
        """Return the QR code of the link as a PNG (bytes)."""
        self.ensure_one()
        return qr.png(self.url)
