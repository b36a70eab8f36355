from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..core import link_payment
from ..core.link_payment import Item, Source
from .ar_payment_link_open import _decimal


class ArPaymentLinkScope(models.AbstractModel):
    """What a payment link pays. How kinds differ is in the table core.link_payment.KINDS."""

    _name = "ar.payment.link.scope"
    _inherit = "ar.payment.link.open"
    _description = "Payment link: what it pays"

    # === FINDING AND MAKING === #

    @api.model
    def _for_moves(self, moves, kind="invoices"):
        """Return the active link that pays exactly `moves`, made if there is none.

        :param moves: posted customer invoices of one company, one commercial partner and one currency, which the
            current user may read.
        :param str kind: "invoices", or "instalment" for one invoice.
        :return: the link, in sudo: whoever may see the invoices may see where they are paid.
        :raise UserError: if the invoices cannot be paid together.
        """
        moves.check_access("read")
        self._check_moves(moves, kind)
        # sudo: see :return:
        links = self.sudo()
        return links._find_active(moves, kind) or links._create_for([moves], kind=kind)

    @api.model
    def _for_customer(self, partner, currency, company):
        """Return the active link to everything open of a customer, made if there is none.

        :param partner: a commercial partner, all of whose invoices the caller has seen to be the user's business.
        :return: the link, in sudo: as `_for_moves`.
        """
        owner = partner.id, currency.id, company.id
        # sudo: see :return:
        links = self.sudo()
        found = links._find_current("customer", str(partner.id), owner)
        values = dict(zip(self._OWNER_FIELDS, owner, strict=True))
        return found or links.with_context(tracking_disable=True).create({"kind": "customer", **values})

    @api.model
    def _find_active(self, moves, kind="invoices"):
        """Return the oldest link that pays exactly `moves` and is neither revoked nor expired, or nothing."""
        owner = moves.commercial_partner_id.id, moves.currency_id.id, moves.company_id.id
        return self._find_current(kind, self._moves_key(moves), owner)

    @api.model
    def _find_current(self, kind, scope_key, owner):
        """Return the oldest link of a scope that is neither revoked nor expired, or nothing.

        Links for one payment only are not handed out to others.

        :param owner: ids of customer, currency and company.
        """
        return self.search(
            [
                ("kind", "=", kind),
                ("scope_key", "=", scope_key),
                *((name, "=", record_id) for name, record_id in zip(self._OWNER_FIELDS, owner, strict=True)),
                *self._handed_out_domain(),
            ],
            order="id",
            limit=1,
        )

    @api.model
    def _handed_out_domain(self):
        """Return the domain of links that whoever is to pay may be given, as far as that stands on the link itself."""
        return [
            ("single_use", "=", False),
            ("revoked_on", "=", False),
            "|",
            ("expiry_date", "=", False),
            ("expiry_date", ">=", fields.Date.today()),
        ]

    @api.model
    def _create_for(self, moves_list, **values):
        """Make one link for each recordset of `moves_list`, quietly (no chatter notes), in one statement."""
        return self.with_context(tracking_disable=True).create(
            [{"move_ids": [fields.Command.set(moves.ids)], **values} for moves in moves_list]
        )

    @api.model
    def _make_missing(self, moves):
        """Give each of these invoices a link of its own unless it has one; queries do not grow with them."""
        known = self.search(
            [("kind", "=", "invoices"), ("move_ids", "in", moves.ids), *self._handed_out_domain()]
        )
        owned = {(link.scope_key, link._owner()) for link in known}
        self._create_for(
            [move for move in moves if (self._moves_key(move), self._owner_of(move)) not in owned]
        )

    @api.model
    def _moves_key(self, moves):
        return ",".join(str(move_id) for move_id in sorted(moves.ids))

    # === SCOPE === #

    def _kind(self):
        """Return what is special about this link (core.link_payment.Kind)."""
        return link_payment.KINDS[self.kind]

    @api.model
    def _prepare_scope(self, vals):
        """Return the values of a new link that say what it pays, after checking them with the caller's rights.

        Whose link it is follows from its documents and is fixed with it: an invoice that comes back from revision
        with another customer is not asked for here any more.
        """
        kind = vals.get("kind", "invoices")
        if kind not in link_payment.KINDS:
            raise UserError(self.env._("There is no such kind of payment link."))
        source = link_payment.KINDS[kind].source
        move_ids = self._fields["move_ids"].convert_to_cache(vals.get("move_ids") or [], self)
        moves = self.env["account.move"].browse(move_ids if source is Source.MOVES else ())
        order = self.env["sale.order"].browse(vals.get("sale_order_id") if source is Source.ORDER else ())
        if source is Source.MOVES:
            moves.check_access("read")
            self._check_moves(moves, kind)
            owner = moves[0]
            scope = (moves.commercial_partner_id, owner.currency_id, owner.company_id)
        elif source is Source.ORDER:
            order.check_access("read")
            self._check_order(order, kind)
            scope = (order.partner_invoice_id.commercial_partner_id, order.currency_id, order.company_id)
        else:
            scope = self._customer_scope(vals)
        return {
            "kind": kind,
            # Named in any case, so that a default_... key in the context cannot set them.
            "move_ids": [fields.Command.set(moves.ids)],
            "sale_order_id": order.id,
            **dict(zip(("partner_id", "currency_id", "company_id"), (rec.id for rec in scope), strict=True)),
        }

    @api.model
    def _check_moves(self, moves, kind="invoices"):
        """Raise UserError unless `moves` are posted customer invoices that one payment can settle."""
        if not moves:
            raise UserError(self.env._("A payment link needs at least one invoice."))
        if any(move.move_type != "out_invoice" or move.state != "posted" for move in moves):
            raise UserError(self.env._("A payment link pays posted customer invoices only."))
        if len(moves.company_id) > 1 or len(moves.commercial_partner_id) > 1 or len(moves.currency_id) > 1:
            raise UserError(
                self.env._("A payment link pays invoices of one company, one customer and one currency.")
            )
        if len(moves) > 1 and link_payment.KINDS[kind].one_each:
            raise UserError(self.env._("A link for instalments pays one invoice."))

    @api.model
    def _check_order(self, order, kind):
        """Raise UserError unless something can be paid on `order`."""
        if not order.exists() or order.state == "cancel":
            raise UserError(self.env._("A payment link needs an order that is not cancelled."))
        if link_payment.KINDS[kind].due_only and not order._get_prepayment_required_amount():
            raise UserError(
                self.env._(
                    "%s asks for no down payment: set Online payment and its percentage there.", order.name
                )
            )

    @api.model
    def _customer_scope(self, vals):
        """Return customer, currency and company of a link to everything open, for whom the caller may see all of it."""
        partner = self.env["res.partner"].browse(vals.get("partner_id") or ())
        currency = self.env["res.currency"].browse(vals.get("currency_id") or ())
        company = self.env["res.company"].browse(vals.get("company_id") or ())
        if not (partner.exists() and currency.exists() and company.exists()):
            raise UserError(
                self.env._("A link to everything open needs a customer, a currency and a company.")
            )
        partner.check_access("read")
        user = self.env.user
        # Whoever sees some invoices only, as a salesman his own, must not learn what is open on the others.
        sees_all = user.has_groups("account.group_account_invoice,account.group_account_readonly")
        if not self.env.su and not (sees_all and company in user.company_ids):
            raise AccessError(
                self.env._("Only those who see all invoices may make a link to everything open.")
            )
        return partner.commercial_partner_id, currency, company

    @api.model
    def _default_expiry(self, scope):
        """Return the last day of a new link that pays what `_prepare_scope` said, False if it does not expire."""
        company = self.env["res.company"].browse(scope["company_id"])
        moves = self.env["account.move"].browse(scope["move_ids"][0][2])
        # sudo: a date; not everybody may read companies.
        return company.sudo()._ar_link_last_day(moves.mapped("invoice_date_due"))

    # === WHAT IS OPEN === #

    def _open_items(self):
        """Return what each link asks for right now: {link: items of core.link_payment, the oldest first}.

        Queries do not grow with the number of links.
        """
        today = fields.Date.today()  # no query for the time zone of a user
        by_move, by_partner = self._open_lines()
        result = {}
        for link in self:
            kind = link._kind()
            if kind.source is Source.ORDER:
                items = link._items_of_order(link.sale_order_id, link._owner(), kind.due_only, by_move)
            elif kind.source is Source.MOVES:
                items = [item for move in link.move_ids for item in by_move.get((move.id, link._owner()), ())]
            else:
                items = by_partner.get(link._owner(), ())
            result[link] = link_payment.asked(items, today, kind.due_only)
        return result

    def _owner(self):
        return self.partner_id.id, self.currency_id.id, self.company_id.id

    def _open_lines(self):
        """Return the open items of the invoices these links may pay, by (invoice, owner) and by owner."""
        moves = self.move_ids | self.sale_order_id.invoice_ids
        partners = self.filtered(lambda link: link._kind().source is Source.PARTNER)
        if not moves and not partners:
            return {}, {}
        return self._group_lines(self._search_lines(moves, partners.partner_id))

    @api.model
    def _items_of_order(self, order, owner, due_only, by_move=None):
        """Return what is open on `order`: on its posted invoices, else what is not invoiced yet.

        Money that came for the order and is not set off against an invoice yet counts as paid. A deposit is not asked
        for any more once there are invoices: those are.

        :param owner: of the link, see `_owner`; invoices of others are not asked for.
        :param dict by_move: what `_open_lines` has said of many links, with the invoices of this order among it.
        """
        if not order or order.state == "cancel":
            return ()
        invoices = order.invoice_ids.filtered(lambda move: move.state == "posted")
        due = fields.Date.to_date(order.date_order)
        if due_only:
            amount = order._get_prepayment_required_amount() - order.amount_paid if not invoices else 0.0
            return self._order_item(order, due, amount)
        if by_move is None:
            by_move = self._group_lines(self._search_lines(invoices))[0] if invoices else {}
        credit = sum(
            transaction._ar_credit() if transaction.payment_id else transaction.amount
            for transaction in order.transaction_ids
            if transaction.state in ("authorized", "done")
        )
        items = [item for move in invoices for item in by_move.get((move.id, owner), ())]
        if items:
            return link_payment.set_off(link_payment.asked(items, due), _decimal(credit, order.currency_id))
        if self._disputed(invoices):  # asked for again once it is cleared up, and nothing else before
            return ()
        return self._order_item(order, due, order.amount_total - order.amount_invoiced - credit)

    @api.model
    def _order_item(self, order, due, amount):
        amount = _decimal(order.currency_id.round(amount), order.currency_id)
        return (Item(order.id, due, amount),) if amount > 0 else ()

    # === DOCUMENTS === #

    def _payable_documents(self, items=None):
        """Return what a payment made now is booked on: invoices, the oldest due first, or an order, or no invoice.

        Also invoices that credit notes cover: whatever becomes of those meanwhile, the payment is for what is open.

        :param items: what `_open_items` has just said, if it was asked.
        """
        self.ensure_one()
        if items is None:
            items = self._open_items()[self]
        if items and not items[0].account:
            return self.sale_order_id
        return self.env["account.move"].browse(
            dict.fromkeys(item.document for item in items if item.amount > 0)
        )

    def _credit_notes(self, items):
        """Return the credit notes that are set off in `items` of `_open_items`: {account.move: amount, positive}."""
        credit = {}
        for item in items:
            if item.amount < 0:
                note = self.env["account.move"].browse(item.document)
                credit[note] = credit.get(note, 0.0) - float(item.amount)
        return credit
