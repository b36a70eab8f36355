"""Reminders as they arrive: a real SMTP server on loopback, both languages, the code that opens in a mail
program.
"""

from unittest.mock import patch

from odoo.tools import mute_logger

from tests.common import ARHttpCase
from tests.integration.test_collections_common import DunningCase
from tests.simulators.smtp import SmtpSink


class TestReminderEmail(DunningCase, ARHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sink = SmtpSink()
        cls.sink.__enter__()
        cls.addClassCleanup(cls.sink.__exit__)
        cls.env["ir.mail_server"].search([]).active = False
        cls.env["ir.mail_server"].create(
            {
                "name": "sink",
                "smtp_host": cls.sink.host,
                "smtp_port": cls.sink.port,
                "smtp_encryption": "none",
            }
        )
        # Odoo sends nothing while a test runs; here it shall, and to loopback only.
        cls.startClassPatcher(
            patch.object(type(cls.env["ir.mail_server"]), "_disable_send", lambda cls: False)
        )
        cls.company.name = "宏达出口 Ltd"

    def setUp(self):
        super().setUp()
        self.sink.messages.clear()
        self.sink.reject.clear()

    def send(self):
        run = self.run_sent()
        with mute_logger("odoo.addons.mail.models.mail_mail"):
            self.mails(run).send()
        return run

    def body(self, message, kind="html"):
        return message.get_body(preferencelist=(kind,)).get_content()

    def test_english_reminder(self):
        first, second = self.invoice(self.customer, 1000, 40), self.invoice(self.customer, 234.5, 10)
        run = self.send()
        [message] = self.sink.messages
        self.assertEqual(message["X-Envelope-To"], "azure@example.com")
        self.assertIn("azure@example.com", message["To"])
        self.assertIn("collector@example.com", message["From"])
        self.assertIn("Coco", message["From"])
        self.assertIn("1,234.50", message["Subject"])
        self.assertIn("Friendly reminder", message["Subject"])
        body = self.body(message)
        link = run.notice_ids.payment_link_id
        self.assertEqual(link.move_ids, first | second)
        for text in (first.name, second.name, "1,234.50", f'href="{link.url}"', "Amount due", "Days Overdue"):
            self.assertIn(text, body)
        self.assertIn(link.url, self.body(message, "plain"))
        self.assertNotIn("asks for the whole open amount", body)

    def test_chinese_reminder(self):
        self.customer.lang = "zh_CN"
        invoice = self.invoice(self.customer, 1000, 10)
        run = self.send()
        [message] = self.sink.messages
        self.assertIn("友情提醒", message["Subject"])
        body = self.body(message)
        for text in (invoice.name, "应付金额", "逾期天数", "在线支付", run.notice_ids.payment_link_id.url):
            self.assertIn(text, body)
        self.assertNotIn("Amount due", body)

    def test_second_level_says_so(self):
        self.invoice(self.customer, 1000, 40)
        run = self.send()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE ar_dunning_notice SET contact_date = contact_date - 30 WHERE run_id = %s", [run.id]
        )
        self.env.invalidate_all()
        self.send()
        self.assertIn("Second reminder", self.sink.messages[1]["Subject"])

    def test_credits_are_explained(self):
        self.invoice(self.customer, 1000, 10)
        self.invoice(self.customer, 300, 0, move_type="out_refund")
        self.send()
        body = self.body(self.sink.messages[0])
        for text in ("Credits in your favour", "700.00", "1,000.00", "asks for the whole open amount"):
            self.assertIn(text, " ".join(body.split()))

    def test_code_in_the_message_is_an_image_anyone_can_load(self):
        self.invoice(self.customer, 1000, 10)
        run = self.send()
        url = run.sudo().notice_ids._qr_url()
        self.assertIn(url.replace("&", "&amp;"), self.body(self.sink.messages[0]))
        self.env.flush_all()
        self.authenticate(None, None)
        answer = self.url_open(url[url.index("/web/image") :])
        self.assertEqual((answer.status_code, answer.headers["Content-Type"]), (200, "image/png"))
        self.assertEqual(answer.content, run.notice_ids.payment_link_id._qr_png())
        self.assertNotEqual(
            self.url_open(url[url.index("/web/image") : url.index("?")]).content, answer.content
        )

    def test_refused_address_shows_on_the_notice(self):
        self.sink.reject.add("azure@example.com")
        self.invoice(self.customer, 1000, 10)
        run = self.send()
        self.assertEqual(self.sink.messages, [])
        self.assertEqual((run.notice_ids.state, run.notice_ids.delivery_state), ("sent", "exception"))

    def test_queue_is_sent_once(self):
        self.invoice(self.customer, 1000, 10)
        run = self.send()
        self.mails(run).send()
        self.assertEqual(len(self.sink.messages), 1)

    def test_workbook_download(self):
        self.invoice(self.customer, 1000, 10)
        report = self.env["ar.receivable.report"].with_user(self.user).create({"company_id": self.company.id})
        url = report.action_export_xlsx()["url"]
        self.env.flush_all()
        self.authenticate("collector", "collector")
        answer = self.url_open(url)
        self.assertEqual(answer.status_code, 200)
        self.assertTrue(answer.content.startswith(b"PK"))
        self.assertIn(".xlsx", answer.headers["Content-Disposition"])
        self.authenticate("salesman", "salesman")
        self.assertEqual(self.url_open(url).status_code, 403)
        self.authenticate("chief", "chief")
        self.assertEqual(self.url_open(url).status_code, 403, "somebody else's report")
