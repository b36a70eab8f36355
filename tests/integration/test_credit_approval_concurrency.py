"""A decision and a change of what is decided on, at the same moment, on real transactions."""

from contextlib import contextmanager

from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import mute_logger

from odoo.addons.ar_credit_control.exceptions import CreditExceededError

from tests.integration.test_credit_committed import CommittedCase


class TestApproveAndAmend(CommittedCase):
    """An order of 160 over a limit of 100 waits for a decision; somebody makes it dearer meanwhile."""

    def setUp(self):
        super().setUp()
        self._set_up(100, [160])
        self._run(lambda env: env["sale.order"].browse(self.order_ids).action_confirm_or_hold())
        [self.hold_id] = self._run(
            lambda env: env["ar.credit.hold"].search([("partner_id", "=", self.partner_id)]).ids
        )

    @contextmanager
    def _two(self):
        """Two connections that have both seen the order as it was put."""
        with self._cursor() as one, self._cursor() as two, mute_logger("odoo.sql_db"):
            for cr in (one, two):
                self.assertEqual(self._env(cr)["sale.order"].browse(self.order_ids).amount_total, 160)
            yield one, two

    def _approve(self, cr):
        env = self._env(cr)
        env.invalidate_all()
        hold = env["ar.credit.hold"].browse(self.hold_id)
        hold.with_user(env.ref("base.user_admin")).action_approve()

    def _amend(self, cr):
        env = self._env(cr)
        env.invalidate_all()
        env["sale.order"].browse(self.order_ids).order_line.price_unit = 999
        env.flush_all()

    def _order(self):
        return self._run(
            lambda env: (
                (order := env["sale.order"].browse(self.order_ids)).state,
                order.amount_total,
                order.ar_credit_hold_ids.mapped("state"),
            )
        )

    def test_dearer_first_then_the_decision_is_not_on_that(self):
        with self._two() as (seller, manager):
            self._amend(seller)
            seller.commit()
            with self.assertRaises(PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
                self._approve(manager)
            manager.rollback()
            # As the server runs the request again, which sees another order than the one that was put.
            with self.assertRaisesRegex(UserError, "has changed since it was held"):
                self._approve(manager)
            manager.rollback()
        state, total, _holds = self._order()
        self.assertEqual((state, total), ("draft", 999))

    def test_decision_first_then_the_dearer_line_is_refused(self):
        with self._two() as (seller, manager):
            self._approve(manager)
            manager.commit()
            with self.assertRaises(PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
                self._amend(seller)
            seller.rollback()
            with self.assertRaises(CreditExceededError):
                self._amend(seller)
            seller.rollback()
        self.assertEqual(self._order(), ("sale", 160, ["released"]))

    def test_two_decisions_at_once_are_one(self):
        with self._two() as (first, second):
            self._approve(first)
            first.commit()
            with self.assertRaises(PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
                self._approve(second)
            second.rollback()
        log = self._run(
            lambda env: (
                env["ar.credit.hold"]
                .browse(self.hold_id)
                ._get_ar_approval_requests()
                .decision_ids.mapped("action")
            )
        )
        self.assertEqual(log.count("approved"), 1)
