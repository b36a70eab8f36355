"""What the tests of real concurrency share: committed data of a provider, own cursors, threads."""

import threading
from functools import partial
from urllib.parse import urlencode

from odoo import SUPERUSER_ID, api
from odoo.service.model import retrying
from odoo.sql_db import db_connect
from odoo.tools import SQL

from odoo.addons.ar_payment_gateways import const

from tests.common import ARCase
from tests.simulators import alipay_keys
from tests.simulators.alipay import AlipaySimulator

THREADS = 4


class CommittedCase(ARCase):
    """A draft transaction of 12.34 at a provider, both committed; removed afterwards."""

    def setUp(self):
        super().setUp()
        self.alipay = self.enterContext(AlipaySimulator())
        merchant = self.alipay.merchant
        self.addCleanup(self.clean_up)
        with self.committed() as env:
            provider = env.ref("ar_payment_gateways.payment_provider_alipay").copy({"name": "Concurrency"})
            provider.write(
                {
                    "alipay_app_id": merchant.app_id,
                    "alipay_seller_id": merchant.seller_id,
                    "alipay_private_key": alipay_keys.private_pem(merchant.merchant_key),
                    "alipay_public_key": alipay_keys.public_pem(merchant.alipay_key),
                }
            )
            env.cr.execute("UPDATE payment_provider SET state = 'test' WHERE id = %s", [provider.id])
            env["ir.config_parameter"].set_param(const.TEST_GATEWAY_PARAMETER, self.alipay.url)
            transaction = env["payment.transaction"].create(
                {
                    "provider_id": provider.id,
                    "payment_method_id": env.ref("payment.payment_method_alipay").id,
                    "amount": 12.34,
                    "currency_id": env.ref("base.CNY").id,
                    "partner_id": env.ref("base.main_partner").id,
                    "operation": "online_redirect",
                }
            )
            self.provider_id, self.transaction_id = provider.id, transaction.id

    def committed(self):
        """An environment on a cursor of its own that commits."""

        class Committed:
            def __enter__(inner):  # noqa: N805
                inner.cr = db_connect(self.env.cr.dbname).cursor()
                return api.Environment(inner.cr, SUPERUSER_ID, {})

            def __exit__(inner, kind, *rest):  # noqa: N805
                if not kind:
                    inner.cr.commit()
                inner.cr.close()

        return Committed()

    def clean_up(self):
        with self.committed() as env:
            orders = env["ar.gateway.order"].search([("transaction_id", "=", self.transaction_id)])
            orders.refund_ids.unlink()
            orders.unlink()
            for column in ("source_transaction_id", "id"):
                env.cr.execute(
                    SQL(
                        "DELETE FROM payment_transaction WHERE %s = %s",
                        SQL.identifier(column),
                        self.transaction_id,
                    )
                )
            env.cr.execute("UPDATE payment_provider SET state = 'disabled' WHERE id = %s", [self.provider_id])
            env["payment.provider"].browse(self.provider_id).unlink()
            env["ir.config_parameter"].set_param(const.TEST_GATEWAY_PARAMETER, False)
            env["ir.cron.trigger"].search([("cron_id", "=", self.cron(env).id)]).unlink()

    def cron(self, env):
        return env.ref("payment.cron_post_process_payment_tx")

    def at_once(self, work):
        """Run `work(env)` in THREADS threads, each on its own cursor, as requests do; return what they return."""
        barrier, results = threading.Barrier(THREADS), []

        def run():
            with db_connect(self.env.cr.dbname).cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {})
                barrier.wait()
                results.append(retrying(partial(work, env), env))

        threads = [threading.Thread(target=run) for _number in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(len(results), THREADS)
        return results

    def receive(self, env, fields):
        """Take a notification; return what is answered."""
        body = urlencode(fields).encode()
        return env["ar.gateway.order"]._receive("alipay", self.provider_id, body, {}).body
