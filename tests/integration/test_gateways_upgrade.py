"""What an upgrade from an earlier version of the gateways fills in."""

from importlib.util import module_from_spec, spec_from_file_location

from odoo.tools import file_path

from tests.test_gateways_refund_common import RefundCase


def migrate(env, script):
    """Run a script of the migrations folder, as Odoo does."""
    spec = spec_from_file_location("migration", file_path(f"ar_payment_gateways/migrations/{script}"))
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    env.flush_all()
    module.migrate(env.cr, "19.0.1.0.0")
    env.flush_all()
    env.invalidate_all()


class TestGatewaysUpgrade(RefundCase):
    def test_orders_and_transactions_of_before_know_link_and_merchant(self):
        order, transaction = self.order.sudo(), self.order.sudo().transaction_id
        link, merchant, application = order.link_id, order.merchant, order.application
        self.assertTrue(link and merchant)
        cron = self.env.ref("ar_payment_gateways.ir_cron_query_orders").sudo()
        cron.write({"interval_number": 2, "interval_type": "minutes"})
        transaction.ar_link_id = False
        order.write({"merchant": False, "application": False, "next_query_at": "2026-01-01"})
        for _time in range(2):  # also where it is run again
            migrate(self.env, "19.0.1.1.0/post-links.py")
            self.assertEqual(transaction.ar_link_id, link)
            self.assertEqual((order.merchant, order.application), (merchant, application))
            self.assertFalse(order.next_query_at, "booked: nobody has to ask")
            self.assertEqual(cron.interval_number, 1)

    def test_what_is_known_stays(self):
        order = self.order.sudo()
        order.write({"merchant": "another", "application": "another"})
        cron = self.env.ref("ar_payment_gateways.ir_cron_query_orders").sudo()
        cron.interval_number = 7
        migrate(self.env, "19.0.1.1.0/post-links.py")
        self.assertEqual((order.merchant, order.application, cron.interval_number), ("another", "another", 7))
