"""Who may decide, and for whom."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command

from odoo.addons.ar_credit_control.exceptions import CreditHoldError

from .test_credit_approval_common import ApprovalCase


class TestWho(ApprovalCase):
    def test_excluded_ones_leave_to_the_fallback(self):
        self._rule((self.anna, {}))
        order = self._order(10)
        order.sudo().user_id = self.anna
        order.sudo().action_confirm_or_hold()
        hold = order.sudo().ar_credit_hold_ids
        self.assertIn(self.manager.name, hold.helper_names)
        self.assertNotIn(self.anna.name, hold.helper_names)
        self._refused(hold, self.anna)
        self.assertIn("fallback", [action for action, *_who in self._log(hold)])

    def test_last_editor_of_prices_is_who_typed_not_who_recomputed(self):
        self.anna.group_ids |= self.env.ref("sales_team.group_sale_salesman_all_leads")
        self._rule((self.anna, {}))
        order = self._order(10)
        line = order.order_line
        self.assertEqual(line.sudo().ar_priced_by_id, self.salesman)
        line.with_user(self.anna).name = "Blue lantern"
        self._recompute(line.with_user(self.anna))
        self.assertEqual(line.sudo().write_uid, self.anna)
        self.assertEqual(line.sudo().ar_priced_by_id, self.salesman)
        line.with_user(self.anna).discount = 10
        self._recompute(line.with_user(self.bert))
        self.assertEqual(line.sudo().ar_priced_by_id, self.anna)
        order.action_confirm_or_hold()
        self._refused(order.sudo().ar_credit_hold_ids, self.anna)
        for value in (False, self.bert.id):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                line.write({"ar_priced_by_id": value})

    def test_whoever_takes_away_a_discount_or_changes_terms_is_an_editor_of_prices(self):
        """Also where no line is left that could tell it, and by whatever call."""
        self.anna.group_ids |= self.env.ref("sales_team.group_sale_manager")
        self._rule((self.anna, {}))
        attacks = self._ways_to_edit_prices()
        self.product.lst_price = 150
        self.company.sale_discount_product_id = self._create_product(type="service", taxes_id=False)
        for name, attack in attacks.items():
            order = self._order(150)
            line = order.order_line.copy({"order_id": order.id, "price_unit": -30})
            with self.subTest(name):
                attack(order.with_user(self.anna), line.with_user(self.anna))
                order.action_confirm_or_hold()
                self.assertIn(self.anna, order.sudo().ar_credit_hold_ids._get_ar_approval_excluded())
                self._refused(order.sudo().ar_credit_hold_ids, self.anna)
                self._refused_write(order.with_user(self.anna))

    def test_who_only_words_an_order_may_approve_it(self):
        """Nor are values that stay the same a change."""
        self.anna.group_ids |= self.env.ref("sales_team.group_sale_manager")
        self._rule((self.anna, {}))
        order = self._order(150)
        words = {"client_order_ref": "PO 1", "payment_term_id": order.payment_term_id.id}
        order.with_user(self.anna).write(words)
        order.with_user(self.anna).order_line.name = "Red lantern"
        order.action_confirm_or_hold()
        order.sudo().ar_credit_hold_ids.with_user(self.anna).action_approve()
        self.assertEqual(order.state, "sale")

    def test_who_changes_an_invoice_can_not_approve_it(self):
        """As of orders: whoever priced it, and nobody who only worded, recomputed or posted it."""
        self.env.ref("ar_credit_control.rule_invoice").active = True
        accountant = self.env.ref("account.group_account_invoice")
        (self.anna | self.bert).group_ids |= accountant
        self._rule((self.anna | self.cora, {}))
        for name, attack in self._ways_to_edit_invoices().items():
            with self.subTest(name):
                invoice = self.init_invoice("out_invoice", partner=self.customer, amounts=[150, 9], taxes=[])
                attack(invoice.with_user(self.anna))
                # Who comes after does not wash her clean, nor is he an editor for wording, dating or posting it.
                mine = invoice.with_user(self.bert)
                mine.write({"ref": "PO 1", "invoice_date": False, "partner_id": invoice.partner_id.id})
                mine.invoice_line_ids.write({"name": "Red lantern"})
                self._recompute(mine.invoice_line_ids)
                mine.action_post_or_hold()
                hold = invoice.ar_credit_hold_ids
                excluded = hold._get_ar_approval_excluded() - hold.requested_by
                self.assertIn(self.anna, excluded)
                self.assertNotIn(self.bert, excluded)
                self._refused(hold, self.anna)
                self._refused_write(mine)
        hold.with_user(self.cora).action_approve()
        self.assertEqual(invoice.state, "posted")
        self.assertNotIn(self.cora, invoice.ar_priced_by_ids)

    def test_who_only_posts_an_invoice_may_approve_it(self):
        self.env.ref("ar_credit_control.rule_invoice").active = True
        self.anna.group_ids |= self.env.ref("account.group_account_invoice")
        self._rule((self.anna, {}))
        euro = self.env.ref("base.EUR")
        euro.active = True
        invoice = self.init_invoice(
            "out_invoice", partner=self.customer, amounts=[150], taxes=[], currency=euro
        )
        invoice.invoice_date = False
        with self.assertRaises(CreditHoldError), self.env.cr.savepoint():
            invoice.with_user(self.anna).action_post()
        invoice.action_post_or_hold()
        invoice.ar_credit_hold_ids.with_user(self.anna).action_approve()
        self.assertEqual(invoice.state, "posted")

    def _ways_to_edit_invoices(self):
        """Return functions of an invoice with two lines, as the attacker has it."""
        term = self.env.ref("account.account_payment_term_30days")

        def line(*command):
            return {"invoice_line_ids": [command]}

        return {
            "price": lambda move: move.invoice_line_ids[0].write({"price_unit": 160}),
            "quantity": lambda move: move.write(line(1, move.invoice_line_ids[0].id, {"quantity": 2})),
            "new line": lambda move: move.write(line(0, 0, {"name": "more", "price_unit": 9})),
            "unlink": lambda move: move.invoice_line_ids[1].unlink(),
            "delete command": lambda move: move.write(line(2, move.invoice_line_ids[1].id, 0)),
            "discount": lambda move: move.invoice_line_ids[1].write({"discount": 10}),
            "terms": lambda move: move.write({"invoice_payment_term_id": term.id}),
            "due date": lambda move: move.write(
                {"invoice_payment_term_id": False, "invoice_date_due": "2040-01-01"}
            ),
            "customer": lambda move: move.write({"partner_id": self.contact.id}),
        }

    def _ways_to_edit_prices(self):
        """Return functions of an order and its line, as the attacker has them."""
        pricelist = self.env["product.pricelist"].create({"name": "Dear"})
        fiscal = self.env["account.fiscal.position"].create({"name": "Abroad"})
        term = self.env.ref("account.account_payment_term_30days")
        return {
            "unlink": lambda order, line: line.unlink(),
            "delete command": lambda order, line: order.write({"order_line": [Command.delete(line.id)]}),
            "clear command": lambda order, line: order.web_save(
                {"order_line": [Command.delete(line.id)]}, {"id": {}}
            ),
            "written over": lambda order, line: (
                line.write({"price_unit": -20}),
                line.with_user(self.salesman).write({"price_unit": -19}),
            ),
            "moved away": lambda order, line: line.write({"order_id": order.copy().id}),
            "payment terms": lambda order, line: order.write({"payment_term_id": term.id}),
            "fiscal position": lambda order, line: order.write({"fiscal_position_id": fiscal.id}),
            "pricelist": lambda order, line: order.write({"pricelist_id": pricelist.id}),
            "prices again": lambda order, line: order.action_update_prices(),
            "taxes again": lambda order, line: order.action_update_taxes(),
            "who is invoiced": lambda order, line: order.write({"partner_invoice_id": self.contact.id}),
            "delivered later": lambda order, line: order.write({"commitment_date": "2040-01-01"}),
            "no prepayment": lambda order, line: order.write({"prepayment_percent": 0.5}),
            "discount on lines": lambda order, line: self._discount(order, "sol_discount"),
            "discount on all": lambda order, line: self._discount(order, "so_discount"),
            "import": lambda order, line: self.assertTrue(
                order.load([".id", "payment_term_id/.id"], [[str(order.id), str(term.id)]])["ids"]
            ),
        }

    def _refused_write(self, order):
        for values in (
            {"ar_priced_by_ids": [Command.clear()]},
            {"ar_priced_by_ids": [Command.link(self.bert.id)]},
        ):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                order.write(values)

    def _discount(self, order, kind):
        values = {"sale_order_id": order.id, "discount_type": kind, "discount_percentage": 0.1}
        return (
            self.env["sale.order.discount"].with_user(order.env.user).create(values).action_apply_discount()
        )

    def _recompute(self, line):
        for name in ("price_unit", "price_subtotal"):
            self.env.add_to_compute(line._fields[name], line)
        line.sudo().flush_recordset()

    def test_delegate_decides_on_behalf(self):
        self._rule((self.anna, {}))
        self._delegate(self.anna, self.bert)
        self._delegate(self.bert, self.cora)
        order, hold = self._held()
        self.assertIn(f"{self.cora.name} for {self.anna.name}", hold.helper_names)
        self.assertEqual(hold.activity_ids.user_id, self.anna | self.bert | self.cora)
        hold.with_user(self.cora).action_approve("she is away")
        self.assertEqual(order.state, "sale")
        self.assertIn(("approved", self.cora, self.anna), self._log(hold))
        self.assertIn(f"{self.cora.name} for {self.anna.name}", "".join(hold.message_ids.mapped("body")))

    def test_delegation_outside_its_days_gives_nothing(self):
        self._rule((self.anna, {}))
        today = fields.Date.today()
        self._delegate(self.anna, self.bert, date_from=today + timedelta(days=1))
        self._delegate(self.anna, self.cora, date_from=today - timedelta(days=5), days=-1)
        _order, hold = self._held()
        self.assertEqual(hold.helper_names, self.anna.name)
        self._refused(hold, self.bert)

    def test_delegation_does_not_make_independent(self):
        self.salesman.group_ids |= self.env.ref("ar_credit_control.group_user")
        self._rule((self.anna, {}))
        self._delegate(self.anna, self.salesman)
        _order, hold = self._held()
        self._refused(hold, self.salesman)
        # Who had a part in it can't hand on what he has not got.
        order = self._order(20)
        order.sudo().user_id = self.anna
        self._delegate(self.salesman, self.cora)
        order.sudo().action_confirm_or_hold()
        self._refused(order.sudo().ar_credit_hold_ids, self.cora)

    def test_quorum_counts_people_not_seats(self):
        self._rule((self.anna | self.bert, {"quorum": "count", "needed": 2}))
        self._delegate(self.anna, self.bert)
        order, hold = self._held()
        hold.with_user(self.bert).action_approve()
        self.assertEqual(order.state, "draft")
        hold.with_user(self.anna).action_approve()
        self.assertEqual(order.state, "sale")

    def test_delegations_in_circles_and_long_chains_are_refused(self):
        dora = self._new_user("credit_dora", "ar_credit_control.group_user")
        self._delegate(self.anna, self.bert)
        self._delegate(self.bert, self.cora)
        self._delegate(self.cora, dora)
        for user, delegate in (
            (dora, self.anna),
            (dora, self.manager),
            (self.anna, self.anna),
            (self.manager, self.anna),
        ):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self._delegate(user, delegate)
        with self.assertRaises(ValidationError):
            self._delegate(dora, self.env.ref("base.public_user"))

    def test_people_of_other_companies_do_not_decide(self):
        other = self.setup_other_company()["company"]
        self.anna.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        self._rule((self.anna, {}))
        _order, hold = self._held()
        self.assertIn(self.manager.name, hold.helper_names)
        self.assertNotIn(self.anna.name, hold.helper_names)

    def test_those_who_can_not_open_it_are_not_asked(self):
        outsider = self._new_user("credit_outsider", "base.group_user")
        self._rule((outsider, {}))
        _order, hold = self._held()
        self.assertIn(self.manager.name, hold.helper_names)
        self.assertNotIn(self.anna.name, hold.helper_names)
        self._refused(hold, outsider)
