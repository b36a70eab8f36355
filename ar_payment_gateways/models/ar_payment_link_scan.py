from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.misc import hmac

from .. import const


class ArPaymentLinkScan(models.Model):
    """Somebody opened a payment page, or began to pay, or tried an address that does not exist.

    Rows are only ever added, so that visitors of one link do not wait for each other. They are the memory of the rate
    limits too, which so hold for all workers. Whose row it is cannot be told: the address is cut to its network, and
    the key that counts visitors is a keyed hash that changes every day.
    """

    _name = "ar.payment.link.scan"
    _description = "Payment Link Scan"
    _order = "id desc"
    _rec_name = "scanned_at"
    _log_access = False

    scanned_at = fields.Datetime("Time", required=True, readonly=True)
    link_id = fields.Many2one("ar.payment.link", "Payment Link", readonly=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", readonly=True)
    event = fields.Selection(
        [("opened", "Opened"), ("started", "Payment Started"), ("unknown", "Unknown Address")],
        required=True,
        readonly=True,
    )
    wallet = fields.Selection(
        [
            ("alipay", "Alipay"),
            ("wechatpay", "WeChat"),
            ("unionpay", "UnionPay"),
            ("browser", "Browser"),
            ("robot", "Link Preview"),
        ],
        "Opened With",
        required=True,
        readonly=True,
    )
    address = fields.Char("Network", readonly=True, help="The address of the visitor without its last part.")
    # Of the visitor's address and the day; the same for all visits of one day.
    address_key = fields.Char(readonly=True, groups="base.group_system")

    _link_idx = models.Index("(link_id, event, scanned_at)")
    _address_idx = models.Index("(address_key, event, scanned_at)")

    @api.model
    def _note(self, event, link, visitor):
        """Note a visit unless there have been too many like it; return whether there have not.

        Openings are limited per link, which only keeps the log from growing; what begins payments or tries addresses
        is limited per visitor's address. Two at the same moment may both pass as the last one.

        :param str event: "opened", "started" or "unknown".
        :param link: ar.payment.link, empty for an unknown address.
        :param core.visitor.Visitor visitor: his address as Odoo's `proxy_mode` says.
        """
        now = fields.Datetime.now()
        minutes, limit = const.VISIT_LIMITS[event]
        # sudo: to read the key of the database; nothing of it leaves this method.
        key = hmac(self.env(su=True), "ar_payment_link_scan", f"{now.date()} {visitor.limited}")[:32]
        scope = SQL("link_id = %s", link.id) if event == "opened" else SQL("address_key = %s", key)
        wallet = "robot" if visitor.is_robot else visitor.wallet or "browser"
        noted = self.env.execute_query(
            SQL(
                """
                INSERT INTO ar_payment_link_scan
                            (scanned_at, link_id, company_id, event, wallet, address, address_key)
                SELECT %(now)s, %(link)s, %(company)s, %(event)s, %(wallet)s, %(address)s, %(key)s
                 WHERE (SELECT COUNT(*)
                          FROM (SELECT 1 FROM ar_payment_link_scan
                                 WHERE %(scope)s AND event = %(event)s AND scanned_at > %(since)s
                                 LIMIT %(limit)s) recent
                       ) < %(limit)s
             RETURNING id
                """,
                now=now,
                link=link.id or None,
                company=link.company_id.id or None,
                event=event,
                wallet=wallet,
                address=visitor.network,
                key=key,
                scope=scope,
                since=now - timedelta(minutes=minutes),
                limit=limit,
            )
        )
        return bool(noted)

    @api.autovacuum
    def _gc_scans(self):
        """Delete old rows; how often a link was opened stays on the link."""
        # sudo: a number; this runs as the superuser anyway.
        days = self.env["ir.config_parameter"].sudo().get_param(const.SCAN_DAYS_PARAMETER)
        days = int(days) if days and days.isdecimal() else const.SCAN_DAYS
        now = fields.Datetime.now()
        [(rows,)] = self.env.execute_query(
            SQL(
                """
                WITH gone AS (
                    DELETE FROM ar_payment_link_scan
                     WHERE id IN (SELECT id FROM ar_payment_link_scan
                                   WHERE scanned_at < %(old)s
                                      OR (link_id IS NULL AND scanned_at < %(yesterday)s)
                                ORDER BY id LIMIT %(limit)s)
                 RETURNING link_id, event, scanned_at
                ), counted AS (
                    SELECT link_id, COUNT(*) AS openings, MAX(scanned_at) AS last
                      FROM gone
                     WHERE event = 'opened'
                  GROUP BY link_id
                ), kept AS (
                    UPDATE ar_payment_link link
                       SET scans_before = COALESCE(scans_before, 0) + counted.openings,
                           last_scan_before = counted.last
                      FROM counted
                     WHERE counted.link_id = link.id
                )
                SELECT COUNT(*) FROM gone
                """,
                old=now - timedelta(days=days),
                yesterday=now - timedelta(days=1),
                limit=const.VACUUM_ROWS,
            )
        )
        self.env.invalidate_all(flush=False)
        return rows, rows == const.VACUUM_ROWS
