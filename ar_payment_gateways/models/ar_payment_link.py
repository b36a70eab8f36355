from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools.misc import clean_context

from ..core import link_token
from ..core.link_payment import total


class ArPaymentLink(models.Model):
    """A secret address where a customer pays certain documents, whatever is open on them at that moment.

    The link holds no amount: what it asks for is computed from the residuals whenever it is opened, so a code
    printed weeks ago is right after a part payment and harmless after a full one. What kinds of links there are and
    what each asks for is in ar_payment_link_scope.py.
    """

    _name = "ar.payment.link"
    _description = "Payment Link"
    _inherit = ["ar.payment.link.scope", "ar.payment.link.page", "ar.payment.link.paid", "mail.thread"]
    _order = "id desc"
    _rec_name = "label"
    _check_company_auto = True
    _mail_post_access = "read"

    # What a link pays and who made it what it is never changes by a plain write, whoever the caller.
    _FROZEN_FIELDS = frozenset(
        {
            "token",
            "token_digest",
            "kind",
            "move_ids",
            "sale_order_id",
            "scope_key",
            "single_use",
            "partner_id",
            "currency_id",
            "company_id",
            "scan_count",
            "scan_ids",
            "scans_before",
            "last_scan",
            "last_scan_before",
            "revoked_on",
            "revoked_by_id",
            "attempt_count",
            "order_ids",
            "transaction_ids",
        }
    )

    # What a caller may say about a new link; the rest it makes itself.
    _SCOPE_FIELDS = frozenset({"kind", "move_ids", "sale_order_id", "single_use", "expiry_date"})
    _OWNER_FIELDS = ("partner_id", "currency_id", "company_id")

    kind = fields.Selection(
        [
            ("invoices", "Invoices"),
            ("instalment", "Instalment"),
            ("order", "Order"),
            ("deposit", "Down Payment"),
            ("customer", "Everything Open"),
        ],
        default="invoices",
        required=True,
        readonly=True,
        help="Instalment: what is due by now of one invoice, or what comes due next. Everything Open: whatever is"
        " posted and open of the customer in the currency when the link is opened.",
    )
    # Not stored: every journal entry that gets a number would look for links that name it.
    label = fields.Char(compute="_compute_label", search="_search_label", compute_sudo=True, string="Pays")
    token = fields.Char(required=True, readonly=True, copy=False, groups="base.group_system")
    token_digest = fields.Char(required=True, readonly=True, copy=False, groups="base.group_system")
    move_ids = fields.Many2many(
        "account.move",
        "ar_payment_link_move_rel",
        "link_id",
        "move_id",
        string="Invoices",
        readonly=True,
        check_company=True,
        domain="[('move_type', '=', 'out_invoice'), ('state', '=', 'posted')]",
    )
    sale_order_id = fields.Many2one(
        "sale.order", "Sales Order", index="btree_not_null", readonly=True, check_company=True
    )
    scope_key = fields.Char(compute="_compute_scope_key", store=True, index=True, readonly=True)
    partner_id = fields.Many2one("res.partner", "Customer", index=True, readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    company_id = fields.Many2one("res.company", index=True, readonly=True)
    single_use = fields.Boolean(
        "For One Payment", readonly=True, help="The link ends with the first payment through it."
    )
    expiry_date = fields.Date(
        "Expires",
        copy=False,
        tracking=True,
        help="Last day on which the link works. Empty: it does not expire.",
    )
    revoked_on = fields.Datetime(readonly=True, copy=False, tracking=True)
    revoked_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    # Computed in sudo: who may read a link may know what it asks for, whatever else of its documents he may read.
    amount_due = fields.Monetary(
        compute="_compute_amount_due", compute_sudo=True, help="What the link asks for right now."
    )
    state = fields.Selection(
        [
            ("active", "Active"),
            ("paid", "Paid"),
            ("used", "Used"),
            ("revoked", "Revoked"),
            ("expired", "Expired"),
        ],
        "Status",
        compute="_compute_state",
        compute_sudo=True,
        search="_search_state",
    )
    url = fields.Char("Link", compute="_compute_url")
    qr_code = fields.Html(compute="_compute_qr_code", sanitize=False, string="QR Code")

    _token_digest_unique = models.UniqueIndex("(token_digest)")

    # === COMPUTE === #

    @api.depends("move_ids.name", "sale_order_id.name", "partner_id.name")
    def _compute_label(self):
        for link in self:
            names = link.move_ids.sorted("id").mapped(lambda move: move.name or "/")
            link.label = ", ".join(names) or link.sale_order_id.name or link.partner_id.name

    def _search_label(self, operator, value):
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        name = Domain("name", operator, value)
        # Past the rules of the documents, as the label itself: who sees a link sees what it pays.
        of_moves, of_order = Domain("move_ids", "any!", name), Domain("sale_order_id", "any!", name)
        others = Domain("move_ids", "=", False) & Domain("sale_order_id", "=", False)
        return of_moves | of_order | (others & Domain("partner_id", "any!", name))

    @api.depends("move_ids", "sale_order_id", "partner_id")
    def _compute_scope_key(self):
        for link in self:
            document = link.sale_order_id or link.partner_id
            link.scope_key = self._moves_key(link.move_ids) or str(document.id)

    @api.depends(
        "move_ids.amount_residual",
        "move_ids.state",
        "sale_order_id.amount_total",
        "sale_order_id.transaction_ids",
    )
    def _compute_amount_due(self):
        for link, items in self._open_items().items():
            link.amount_due = float(total(items))

    @api.depends(
        "revoked_on", "expiry_date", "single_use", "transaction_ids.state", "amount_due", "move_ids.state"
    )
    def _compute_state(self):
        today = fields.Date.today()
        by_move, _by_partner = self.filtered("sale_order_id")._open_lines()
        for link in self:
            if link.revoked_on:
                link.state = "revoked"
            elif link._is_settled(by_move):
                link.state = "paid"
            elif link.single_use and link._paying_transactions():
                link.state = "used"
            elif link.expiry_date and link.expiry_date < today:
                link.state = "expired"
            else:
                link.state = "active"

    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        revoked = Domain("revoked_on", "!=", False)
        open_move = Domain(
            "move_ids", "any", Domain("state", "!=", "posted") | Domain("amount_residual", "!=", 0)
        )
        of_order = Domain("sale_order_id", "!=", False)
        # Whether an order is paid stands in no column. It is not as long as nobody has paid for it or been billed.
        some = Domain("sale_order_id.transaction_ids", "!=", False) | Domain(
            "sale_order_id.order_line.invoice_lines", "!=", False
        )
        nothing = Domain("sale_order_id.amount_total", "<=", 0) | Domain("kind", "=", "deposit")
        # sudo: as the state itself.
        orders = self.sudo().search(of_order & ~revoked & (some | nothing))
        by_move, _by_partner = orders._open_lines()
        settled_orders = orders.filtered(lambda link: link._is_settled(by_move))
        settled = Domain("id", "in", settled_orders.ids) | (Domain("move_ids", "!=", False) & ~open_move)
        used = Domain("single_use", "=", True) & Domain("transaction_ids", "any!", self._paying_domain())
        overdue = Domain("expiry_date", "<", fields.Date.today())
        domains = {
            "revoked": revoked,
            "paid": ~revoked & settled,
            "used": ~revoked & ~settled & used,
            "expired": ~revoked & ~settled & ~used & overdue,
            "active": ~revoked & ~settled & ~used & ~overdue,
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
        self.check_access("create")
        made = []
        for vals in vals_list:
            allowed = self._SCOPE_FIELDS | (
                set(self._OWNER_FIELDS) if vals.get("kind") == "customer" else set()
            )
            unexpected = vals.keys() - allowed
            if unexpected:
                raise AccessError(
                    self.env._("A payment link makes its own %s.", ", ".join(sorted(unexpected)))
                )
            token = link_token.new_token()
            made.append(
                {
                    # Checked with the caller's rights: a link shows what is open on its documents.
                    **(scope := self._prepare_scope(vals)),
                    "single_use": vals.get("single_use", False),
                    "expiry_date": vals["expiry_date"]
                    if "expiry_date" in vals
                    else self._default_expiry(scope),
                    "token": token,
                    "token_digest": link_token.digest(token),
                }
            )
        # sudo: the token is hidden from users; what they may say is in `made`, a default_... key is not.
        maker = self.with_env(self.env(context=clean_context(self.env.context), su=True))
        links = super(ArPaymentLink, maker).create(made).with_env(self.env)
        links.check_access("create")  # the company's rule
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

    def action_show_qr(self):
        """Open the page for a counter: the code, large, until it is paid."""
        self.ensure_one()
        # A computed field of a record one may not read is computed all the same.
        self.check_access("read")
        return {"type": "ir.actions.act_url", "url": f"{self.url}/show", "target": "new"}

    def action_open_page(self):
        """Open the page that the customer sees."""
        self.ensure_one()
        # A computed field of a record one may not read is computed all the same.
        self.check_access("read")
        return {"type": "ir.actions.act_url", "url": self.url, "target": "new"}
