from odoo import api, fields, models

from ..exceptions import denied

READERS = (
    "sales_team.group_sale_salesman,account.group_account_invoice,account.group_account_readonly,"
    "ar_credit_control.group_user,ar_credit_control.group_auditor"
)
CREDIT_GROUPS = "ar_credit_control.group_user,ar_credit_control.group_auditor"


class ResPartner(models.Model):
    """Credit of the customer, of the current company; contacts show their company's."""

    _inherit = "res.partner"

    ar_credit_account_id = fields.Many2one(
        "ar.credit.account", string="Credit Account", compute="_compute_ar_credit", groups=CREDIT_GROUPS
    )
    ar_credit_control = fields.Selection(
        [
            ("none", "Not Controlled"),
            ("limited", "Limited"),
            ("no_credit", "No Credit"),
            ("unlimited", "Unlimited"),
        ],
        string="Credit Control",
        compute="_compute_ar_credit",
        groups=READERS,
    )
    ar_credit_limit = fields.Monetary(string="Limit in Force", compute="_compute_ar_credit", groups=READERS)
    ar_credit_exposure = fields.Monetary(
        string="Credit Exposure", compute="_compute_ar_credit", groups=CREDIT_GROUPS
    )
    ar_credit_available = fields.Monetary(
        string="Available Credit", compute="_compute_ar_credit", groups=READERS
    )
    ar_credit_usage = fields.Float(string="Credit Use", compute="_compute_ar_credit", groups=READERS)
    ar_credit_group_id = fields.Many2one(
        "ar.credit.group", string="Credit Group", compute="_compute_ar_credit", groups=CREDIT_GROUPS
    )
    ar_credit_risk_class_id = fields.Many2one(
        "ar.risk.class", string="Risk Class", compute="_compute_ar_credit", groups=CREDIT_GROUPS
    )
    ar_credit_bar = fields.Html(
        string="Exposure", compute="_compute_ar_credit_bar", groups=CREDIT_GROUPS, sanitize=False
    )
    ar_credit_explanation = fields.Html(
        string="Why This Limit", compute="_compute_ar_credit_bar", groups=CREDIT_GROUPS, sanitize=False
    )
    ar_credit_history = fields.Text(
        string="Credit History", compute="_compute_ar_credit_history", groups=CREDIT_GROUPS
    )
    ar_credit_hold_count = fields.Integer(
        string="Credit Holds", compute="_compute_ar_credit_hold_count", groups=CREDIT_GROUPS
    )

    @api.depends("commercial_partner_id")
    @api.depends_context("company")
    def _compute_ar_credit(self):
        # The company is taken before any sudo: as superuser it would not be checked against the user's companies.
        company = self.env.company
        accounts_model = self.env["ar.credit.account"]
        pairs = {(partner.id, company.id) for partner in self.commercial_partner_id._origin}
        accounts = {account.partner_id.id: account for account in accounts_model._search_pairs(pairs)}
        # The numbers are about all documents of the customer; the groups on the fields guard the reader.
        loaded = self.env["ar.credit.terms"]._load(pairs)
        positions, _amounts = accounts_model._get_positions(pairs, loaded=loaded)
        for partner in self:
            pair = partner.commercial_partner_id._origin.id, company.id
            position = positions.get(pair) or accounts_model._get_empty_position(company)
            bound = position.tightest
            own = loaded.in_force(pair, fields.Date.today()) if pair in positions else None
            limit = own.limit if own and bound is position.bounds[0] else bound.limit
            account = accounts.get(pair[0], accounts_model)
            partner.ar_credit_account_id = account
            partner.ar_credit_group_id = account.group_id
            partner.ar_credit_risk_class_id = account.risk_class_id
            partner.ar_credit_control = limit.control.value
            partner.ar_credit_limit = float(limit.ceiling or 0)
            partner.ar_credit_exposure = float(position.bounds[0].exposure.total)
            partner.ar_credit_available = float(bound.limit.available(bound.exposure) or 0)
            ceiling = bound.limit.ceiling
            partner.ar_credit_usage = float(bound.exposure.total / ceiling) if ceiling else 0.0

    @api.depends("commercial_partner_id")
    @api.depends_context("company", "lang")
    def _compute_ar_credit_bar(self):
        company, accounts_model = self.env.company, self.env["ar.credit.account"]
        pairs = {(partner.id, company.id) for partner in self.commercial_partner_id._origin}
        explanation = self.env["ar.credit.explanation"]
        loaded = self.env["ar.credit.terms"]._load(pairs)
        positions, _amounts = accounts_model._get_positions(pairs, loaded=loaded)
        for partner in self:
            pair = partner.commercial_partner_id._origin.id, company.id
            known = pair in positions
            partner.ar_credit_bar = explanation._get_bar(company.currency_id, positions.get(pair))
            partner.ar_credit_explanation = (
                explanation._get_table(loaded, pair, positions[pair]) if known else ""
            )

    @api.depends("ar_credit_account_id")
    @api.depends_context("company", "lang", "uid")
    def _compute_ar_credit_history(self):
        for partner in self:
            partner.ar_credit_history = partner.ar_credit_account_id.history_graph

    @api.depends("commercial_partner_id")
    @api.depends_context("company")
    def _compute_ar_credit_hold_count(self):
        company = self.env.company
        counted = dict(
            self.env["ar.credit.hold"]._read_group(
                [
                    ("partner_id", "in", self.commercial_partner_id.ids),
                    ("company_id", "=", company.id),
                    ("state", "=", "pending"),
                ],
                ["partner_id"],
                ["__count"],
            )
        )
        for partner in self:
            partner.ar_credit_hold_count = counted.get(partner.commercial_partner_id._origin, 0)

    @api.model_create_multi
    def create(self, vals_list):
        """Create partners; longer terms than usual are not agreed by whoever enters the customer."""
        partners = super().create(vals_list)
        partners._keep_ar_usual_terms()
        return partners

    def write(self, vals):
        """Refuse to carry debts over to another debtor: whose credit it is, is a credit manager's decision.

        :raise AccessError: a partner would take debts or a credit account along to another commercial partner, or get
            out of credit control.
        """
        self._keep_ar_agreed_terms(vals)
        follow = not self.env.su and {"credit_limit", "use_partner_credit_limit"} & set(vals)
        moving = {"parent_id", "is_company", "commercial_partner_id"} & set(vals)
        before = {partner: partner.commercial_partner_id for partner in self} if moving else {}
        result = super().write(vals)
        if follow:
            self._follow_ar_credit_limits()
        moved = {one: old for one, old in before.items() if one.commercial_partner_id != old}
        if moved:
            self._move_ar_credit(moved)
            # Those of a contact, or of the company it leaves, are agreed with nobody.
            partners = self.browse().concat(*moved)
            # sudo: it takes them along everywhere
            for company in self.env["res.company"].sudo().search([("active", "=", True)]):
                partners.with_company(company)._keep_ar_usual_terms()
        return result

    def _move_ar_credit(self, moved):
        """Let credit accounts go with their customers, who have another commercial partner now.

        :param dict moved: partner -> its commercial partner before.
        :raise AccessError: the user is no credit manager, and more than an address moves.
        """
        debtors = {one.commercial_partner_id.id for one in moved} | {old.id for old in moved.values()}
        # sudo: the guard looks at accounts of all companies
        accounts = self.env["ar.credit.account"].sudo().search([("partner_id", "in", list(debtors))])
        if not accounts:
            return
        free = self.env.su or self.env.user.has_group("ar_credit_control.group_manager")
        if not free and self._is_ar_credit_moved(moved, accounts):
            raise denied(
                self,
                self.env._("This customer has a credit account. Ask a credit manager to change its company."),
            )
        for account in accounts.filtered(lambda one: one.partner_id.commercial_partner_id != one.partner_id):
            owner = account.partner_id.commercial_partner_id
            kept = accounts._search_pairs({(owner.id, account.company_id.id)})
            if kept:
                account._merge_into(kept)
            else:
                account.partner_id = owner
            (kept or account)._sync_odoo_limits()

    def _is_ar_credit_moved(self, moved, accounts):
        """Whether partners took a credit account or open documents along, or are out of credit control now.

        :param dict moved: partner -> its commercial partner before.
        :param accounts: all credit accounts of both sides.
        """
        if any(account.partner_id.commercial_partner_id != account.partner_id for account in accounts):
            return True
        for company_id in accounts.company_id.ids:
            ways = {
                ((old.id, company_id), (one.commercial_partner_id.id, company_id))
                for one, old in moved.items()
            }
            checked = accounts._get_checked_pairs({pair for way in ways for pair in way})
            if any(before in checked and after not in checked for before, after in ways):
                return True
        partners = self.browse().concat(*moved).sudo()  # sudo: also those of other companies
        family = partners.search([("id", "child_of", partners.ids), ("active", "in", (True, False))])
        return family.filtered(
            lambda one: one.commercial_partner_id in partners.commercial_partner_id
        )._has_ar_credit_documents()

    def _has_ar_credit_documents(self):
        """Whether anything of these very contacts counts as exposure, in any company."""
        mine = ("partner_id", "in", self.ids)
        receivable = ("account_id.account_type", "=", "asset_receivable")
        customer = ("partner_type", "=", "customer")
        counting = {
            "account.move.line": [
                mine,
                receivable,
                ("parent_state", "=", "posted"),
                ("amount_residual", "!=", 0),
            ],
            "sale.order": [("partner_invoice_id", "in", self.ids), ("ar_credit_open", ">", 0)],
            "account.move": [
                mine,
                ("state", "=", "draft"),
                ("move_type", "in", ("out_invoice", "out_receipt")),
            ],
            "account.payment": [
                mine,
                customer,
                ("state", "in", ("in_process", "paid")),
                ("is_matched", "=", False),
            ],
        }
        # sudo: the guard looks at documents of all companies
        env = self.sudo().env
        return any(env[model].search_count(domain, limit=1) for model, domain in counting.items())

    def _keep_ar_usual_terms(self):
        """Keep for credit the usual payment terms of debtors that are new, in the current company."""
        if self.env.su or self.env.user.has_group("ar_credit_control.group_manager"):
            return
        partners = self.sudo()  # sudo: also in companies where the user does not work
        usual = self._fields["property_payment_term_id"].get_company_dependent_fallback(partners)
        changed = partners.filtered(
            lambda partner: (
                partner == partner.commercial_partner_id and partner.property_payment_term_id != usual
            )
        )
        accounts = partners.env["ar.credit.account"]
        accounts._keep_agreed_terms(dict.fromkeys(changed.ids, usual))

    def _keep_ar_agreed_terms(self, vals):
        """Keep for credit the payment terms that somebody without the right to agree others is about to change."""
        name = "property_payment_term_id"
        if self.env.su or name not in vals or self.env.user.has_group("ar_credit_control.group_manager"):
            return
        changed = self.filtered(
            lambda partner: (
                partner == partner.commercial_partner_id and partner[name].id != (vals[name] or False)
            )
        )
        self.env["ar.credit.account"]._keep_agreed_terms({one.id: one[name] for one in changed})

    def _follow_ar_credit_limits(self):
        """Bring Odoo's own limit in step with ours again, where the customer has one in the current company."""
        company = self.env.company
        pairs = {(partner.id, company.id) for partner in self.commercial_partner_id}
        self.env["ar.credit.account"]._search_pairs(pairs)._sync_odoo_limits(reset=False)

    def action_open_ar_credit_holds(self):
        """Open the credit holds of the customer in the current company."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.ar_credit_hold_action")
        domain = [
            ("partner_id", "=", self.commercial_partner_id.id),
            ("company_id", "=", self.env.company.id),
        ]
        return action | {"domain": domain, "context": {}}

    def action_open_ar_credit_account(self):
        """Open the credit account of the customer in the current company, or a new one."""
        self.ensure_one()
        partner = self.commercial_partner_id
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Credit Account"),
            "res_model": "ar.credit.account",
            "res_id": partner.ar_credit_account_id.id,
            "view_mode": "form",
            "context": {"default_partner_id": partner.id, "default_company_id": self.env.company.id},
        }
