from dataclasses import dataclass

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import groupby

from ..core.link_payment import KINDS, asked, total

NAMES_SHOWN = 3


@dataclass(frozen=True)
class Plan:
    """A link to make: its values, what makes it the same as one that exists, and what the preview says of it."""

    values: dict
    key: tuple
    documents: object
    amount: float

    def preview(self):
        """Return the values of its line."""
        names = self.documents.mapped("display_name" if self.documents._name == "res.partner" else "name")
        more = f" +{len(names) - NAMES_SHOWN}" if len(names) > NAMES_SHOWN else ""
        partner_id, currency_id, _company_id = self.key[2]
        return {
            "partner_id": partner_id,
            "currency_id": currency_id,
            "documents": ", ".join(names[:NAMES_SHOWN]) + more,
            "amount": self.amount,
        }


class ArPaymentLinkMake(models.TransientModel):
    """Makes payment links of what was selected in a list: invoices, orders or customers; shows them first."""

    _name = "ar.payment.link.make"
    _description = "Make Payment Links"

    move_ids = fields.Many2many("account.move", string="Invoices", readonly=True)
    order_ids = fields.Many2many("sale.order", string="Orders", readonly=True)
    partner_ids = fields.Many2many("res.partner", string="Customers", readonly=True)
    move_mode = fields.Selection(
        [
            ("together", "One link per customer and currency"),
            ("each", "One link per invoice"),
            ("instalment", "One link per invoice, for what is due by now"),
        ],
        "Links for Invoices",
        default="together",
        required=True,
    )
    order_mode = fields.Selection(
        [("order", "All that is open"), ("deposit", "The down payment that confirms the order")],
        "Links for Orders",
        default="order",
        required=True,
    )
    expiry_date = fields.Date(
        "Expires", help="Last day on which the links work. Empty: as the settings say, for new links."
    )
    single_use = fields.Boolean("For One Payment", help="Each link ends with the first payment through it.")
    line_ids = fields.One2many(
        "ar.payment.link.make.line",
        "make_id",
        string="Preview",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )
    left_out = fields.Integer(compute="_compute_line_ids", store=True)

    @api.depends("move_ids", "order_ids", "partner_ids", "move_mode", "order_mode")
    def _compute_line_ids(self):
        for make in self:
            plans = make._plans()
            make.line_ids = [Command.clear(), *(Command.create(plan.preview()) for plan in plans)]
            covered = sum(len(plan.documents) for plan in plans if plan.documents._name != "res.partner")
            make.left_out = len(make.move_ids) + len(make.order_ids) - covered

    # === PLANS === #

    def _plans(self):
        """Return the links to make, computed from the documents with the user's own rights."""
        self.ensure_one()
        return [*self._plan_moves(), *self._plan_orders(), *self._plan_partners()]

    def _plan_moves(self):
        links = self.env["ar.payment.link"]
        moves = self.move_ids._origin.filtered(
            lambda move: (
                move.move_type == "out_invoice" and move.state == "posted" and move.amount_residual > 0
            )
        )
        if not moves:
            return
        kind = "instalment" if self.move_mode == "instalment" else "invoices"
        together = self.move_mode == "together"
        by_move, _by_owner = links._group_lines(links._search_lines(moves))
        today = fields.Date.today()
        for (owner, _each), some in groupby(
            moves, lambda move: (links._owner_of(move), not together and move.id)
        ):
            chosen = moves.browse([move.id for move in some])
            items = [item for move in chosen for item in by_move.get((move.id, owner), ())]
            yield Plan(
                values={"kind": kind, "move_ids": [Command.set(chosen.ids)]},
                key=(kind, links._moves_key(chosen), owner),
                documents=chosen,
                amount=float(total(asked(items, today, KINDS[kind].due_only))),
            )

    def _plan_orders(self):
        links = self.env["ar.payment.link"]
        kind = self.order_mode
        for order in self.order_ids._origin:
            if order.state == "cancel" or (kind == "deposit" and not order._get_prepayment_required_amount()):
                continue
            owner = (
                order.partner_invoice_id.commercial_partner_id.id,
                order.currency_id.id,
                order.company_id.id,
            )
            # sudo: transactions and invoices are not for everybody who sees orders; what is open in all is shown.
            items = links.sudo()._items_of_order(order.sudo(), owner, KINDS[kind].due_only)
            yield Plan(
                values={"kind": kind, "sale_order_id": order.id},
                key=(kind, str(order.id), owner),
                documents=order,
                amount=float(total(items)),
            )

    def _plan_partners(self):
        links = self.env["ar.payment.link"]
        partners = self.partner_ids._origin.commercial_partner_id
        if not partners:
            return
        company, today = self.env.company, fields.Date.today()
        _by_move, by_owner = links._group_lines(links._search_lines(links.move_ids, partners))
        for owner, items in by_owner.items():
            partner_id, _currency_id, company_id = owner
            if company_id != company.id or all(item.amount < 0 for item in items):
                continue
            yield Plan(
                values={"kind": "customer", **dict(zip(links._OWNER_FIELDS, owner, strict=True))},
                key=("customer", str(partner_id), owner),
                documents=partners.browse(partner_id),
                amount=float(total(asked(items, today))),
            )

    # === ACTIONS === #

    def action_make(self):
        """Make the links, those that exist already excepted, and open all of them."""
        self.ensure_one()
        plans = self._plans()
        if not plans:
            raise UserError(self.env._("Nothing of this can be paid by a link."))
        known = {} if self.single_use or self.expiry_date else self._known(plans)
        own = {"single_use": self.single_use}
        if self.expiry_date:
            own["expiry_date"] = self.expiry_date
        links = self.env["ar.payment.link"]
        made = links.with_context(tracking_disable=True).create(
            [{**plan.values, **own} for plan in plans if plan.key not in known]
        )
        links = links.union(*(known[plan.key] for plan in plans if plan.key in known), made)
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_payment_gateways.ar_payment_link_action")
        if len(links) == 1:
            return {**action, "views": [(False, "form")], "res_id": links.id, "target": "current"}
        return {**action, "domain": [("id", "in", links.ids)], "context": {}}

    def _known(self, plans):
        """Return the links that exist already, are good for more payments and do not end, by the key of the plan."""
        links = self.env["ar.payment.link"].search(
            [
                ("scope_key", "in", [plan.key[1] for plan in plans]),
                ("single_use", "=", False),
                ("state", "=", "active"),
            ]
        )
        return {(link.kind, link.scope_key, link._owner()): link for link in links}
