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
from tests.gateway_kits import AlipayKit

THREADS = 4


class CommittedCase(ARCase):
    """A draft transaction of 12.34 at a provider, both committed; removed afterwards."""

    gateway = AlipayKit

    def setUp(self):
        super().setUp()
        self.kit = self.gateway()
        self.enterContext(self.kit.simulator)
        self.kit.reset()
        self.parameter = const.AR_GATEWAYS[self.kit.code].test_parameter
        self.addCleanup(self.clean_up)
        with self.committed() as env:
            template = env.ref(f"ar_payment_gateways.payment_provider_{self.kit.code}")
            provider = template.copy({"name": "Concurrency"})
            provider.write(self.kit.credentials)
            env.cr.execute("UPDATE payment_provider SET state = 'test' WHERE id = %s", [provider.id])
            env["ir.config_parameter"].set_param(self.parameter, self.kit.address)
            transaction = env["payment.transaction"].create(
                {
                    "provider_id": provider.id,
                    "payment_method_id": env.ref(f"payment.payment_method_{self.kit.method}").id,
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
            env["ir.config_parameter"].set_param(self.parameter, False)
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

    def receive(self, env, message):
        """Take a notification (body, headers); return the status and the text of the answer."""
        body, headers = message
        if isinstance(body, dict):
            body = urlencode(body).encode()
        answer = env["ar.gateway.order"]._receive(self.kit.code, self.provider_id, body, headers)
        return answer.status, answer.body
