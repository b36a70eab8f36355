import time
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

from odoo import fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from .. import const


class PaymentProviderGateway(models.AbstractModel):
    """What every gateway's adapter has to fill in, and the little that all of them share.

    An adapter is a mixin of its own that inherits this one: `payment.provider.<code>` in payment_provider_<code>.py,
    named in const.AR_GATEWAYS and in payment_provider.py. As in Odoo's own provider addons each method begins with
    `if self.code != "...": return super()...`. An adapter calls its gateway and reads the answer; it never writes an
    order or a refund. No answer, or one that the gateway has not signed, raises ValidationError: nothing is known
    then.
    """

    _name = "payment.provider.gateway"
    _inherit = ["payment.provider.settlement", "payment.provider.credentials"]
    _description = "Payment gateway: what an adapter does"

    def _valid_field_parameter(self, field, name):
        # As payment.provider, where the fields of the adapters end up.
        return name == "required_if_provider" or super()._valid_field_parameter(field, name)

    # === TO BE FILLED IN === #

    def _ar_gateway_create(self, order):
        """Have the gateway register a numbered order. Asking again sends the very same again.

        :param order: ar.gateway.order, in sudo, its number committed.
        :rtype: core.gateway.Created
        :raise ValidationError: if it gave no answer, or refused.
        """
        raise NotImplementedError

    def _ar_gateway_product(self, channel):
        """Return which of its products the gateway is asked for when somebody pays this way; `order.product`.

        Where one code serves everybody this is a constant, and then a code may be shown on any device.

        :param core.visitor.Channel channel:
        :rtype: str
        """
        raise NotImplementedError

    def _ar_gateway_query(self, order):
        """Ask what became of an order.

        :rtype: core.gateway.Answer
        """
        raise NotImplementedError

    def _ar_gateway_close(self, order):
        """Have the gateway take no payment for an order any more.

        :rtype: core.gateway.Closing
        """
        raise NotImplementedError

    def _ar_gateway_judge(self, report, order):
        """Return what a report means for an order.

        :param core.trade.Report report: of this gateway.
        :rtype: core.trade.Judgement
        """
        raise NotImplementedError

    def _ar_gateway_merchant(self):
        """Return our number at the gateway, as its reports name it."""
        raise NotImplementedError

    def _ar_gateway_refund(self, refund):
        """Ask for a refund. Asking again for the same number moves no money twice.

        :param refund: ar.gateway.refund, in sudo, its number committed.
        :rtype: core.gateway.RefundAnswer
        """
        raise NotImplementedError

    def _ar_gateway_query_refund(self, refund):
        """Ask what became of a refund.

        :rtype: core.gateway.RefundAnswer
        """
        raise NotImplementedError

    def _ar_gateway_read_notification(self, body, headers):
        """Read what came to our address, if the gateway has signed it.

        :param bytes body: as it came.
        :param headers: of the request, by name in any case.
        :return: core.gateway.Notification, or None if it is not genuine.
        """
        raise NotImplementedError

    def _ar_gateway_acknowledge(self, accepted):
        """Return what to answer a notification: that it need not come again, or that it must.

        :rtype: core.gateway.Acknowledgement
        """
        raise NotImplementedError

    # === TO BE FILLED IN WHERE IT APPLIES === #

    def _ar_gateway_application(self):
        """Return the number of our application there, as its reports name it; or nothing, where there is no such."""

    def _ar_gateway_detour(self, order):
        """Return the path of ours that leads a visitor away, and back, before his numbered order is sent; or None."""

    def _ar_gateway_reusable_domain(self, visitor):
        """Return which orders of the visitor's product may be shown to him: all, unless they are somebody's own.

        :param core.visitor.Visitor visitor:
        :return: a domain of ar.gateway.order.
        """
        return []

    def _ar_gateway_pay_page(self, order):
        """Return where the buyer's browser goes to pay, now, and what it posts there; "" if it stays on our page.

        :rtype: tuple[str, dict[str, str]]
        """
        return order.pay_url or "", order.pay_fields or {}

    def _ar_gateway_form_sources(self, pay_url):
        """Return which hosts a form to `pay_url` leads to, as a content security policy names them.

        :param str pay_url: of http or https.
        """
        url = urlsplit(pay_url)
        return f"{url.scheme}://{url.netloc}"

    def _ar_gateway_refund_product(self, order, amount_minor):
        """Return which of its ways to give money back the gateway is asked for; `refund.product`, or ''.

        :param order: the ar.gateway.order that is refunded; its other refunds are on it.
        """
        return ""

    def _ar_gateway_bridge(self, order):
        """Return what the order's page hands to the wallet whose browser it is open in; {}: nothing.

        :rtype: dict
        """
        return {}

    def _ar_gateway_test(self):
        """Find out whether this provider works with what is entered, without moving money.

        :return: what is wrong, and what was found to be right; two lists of sentences for a person.
        :rtype: tuple[list[str], list[str]]
        """
        return [self.env._("This kind of provider cannot be tested.")], []

    # === SHARED === #

    def _ar_gateway_wallet(self):
        """Return what customers call this way to pay, in the language of the environment."""
        self.ensure_one()
        return dict(self._fields["code"]._description_selection(self.env))[self.code]

    def _ar_gateway_words(self):
        """Return what the pages say about this wallet: {"pay", "scan", "open"}, in the language of the environment."""
        wallet = self._ar_gateway_wallet()
        return {
            "pay": self.env._("Pay with %s", wallet),
            "scan": self.env._("Scan with %s", wallet),
            "open": self.env._("Open %s", wallet),
        }

    def _ar_gateway_notify_url(self):
        """Return the address for notifications: no query string, the provider in the path."""
        return f"{self._ar_gateway_base_url()}{const.NOTIFY_ROUTE % self.code}/{self.id}"

    def _ar_gateway_base_url(self):
        """Return the address of this Odoo, for the gateway."""
        # Not `get_base_url`, which takes the Host header of the current request: whoever opens a payment page
        # must not choose where the gateway reports the payment.
        return self.env["ir.config_parameter"].sudo().get_param("web.base.url")  # sudo: a public address

    def _ar_gateway_take_turn(self, field_name):
        """Tell whether the gateway's certificates may be asked for now: every few minutes, whoever gives cause to it.

        A forged message names any key; it must not make us call the gateway as often as somebody likes.

        :param str field_name: where it is kept when that was done last.
        """
        provider_id, now = self.id, fields.Datetime.now()
        before = now - timedelta(minutes=const.CERTIFICATES_MINUTES)
        if self[field_name] and self[field_name] > before:
            return False

        def take(env):
            return env.execute_query(
                SQL(
                    "UPDATE payment_provider SET %(field)s = %(now)s WHERE id = %(id)s"
                    " AND COALESCE(%(field)s, '-infinity') <= %(before)s RETURNING id",
                    field=SQL.identifier(field_name),
                    now=now,
                    id=provider_id,
                    before=before,
                )
            )

        taken = bool(self.env["ar.gateway.order"]._in_own_transaction(take))
        self.invalidate_recordset([field_name])
        return taken

    def _ar_gateway_is_test(self):
        """Tell whether this provider calls the gateway's test environment.

        A disabled one goes on with what it was: orders made before are asked about until they are paid or closed.
        """
        self.ensure_one()
        if self.state == "disabled":
            return self.sudo().ar_was_test  # sudo: told to the machinery only
        return self.state == "test"

    def _ar_gateway_identity(self):
        """Return where and as whom the gateway is asked now, as values of the ar.gateway.order that asks.

        An order belongs to them for good: whatever the provider becomes, that is who was paid.
        """
        return {
            "is_test": self._ar_gateway_is_test(),
            "merchant": self._ar_gateway_merchant() or False,
            "application": self._ar_gateway_application() or False,
        }

    def _ar_gateway_simulator_url(self):
        """Return the address of a simulator on this machine if this provider, in test mode, is to use one."""
        self.ensure_one()
        # sudo: an address, read for a customer who is not logged in.
        url = self.env["ir.config_parameter"].sudo().get_param(const.AR_GATEWAYS[self.code].test_parameter)
        if url and self._ar_gateway_is_test() and urlsplit(url).hostname in const.LOOPBACK_HOSTS:
            return url
        return None

    @contextmanager
    def _ar_gateway_exchange(self, record, operation, request):
        """Keep one call of the gateway for support, whatever comes of it.

        :param record: the order or refund it is about; None keeps nothing.
        :param str operation: the gateway's name of what is called.
        :param dict request: what is asked, before redaction.
        :return: a context manager that gives a dict; put what came back in it under "answer".
        """
        kept, started = {}, time.monotonic()
        try:
            yield kept
        except ValidationError as error:
            kept["problem"] = str(error)
            raise
        finally:
            if record:
                self.env["ar.gateway.message"]._keep_call(
                    record,
                    operation,
                    request,
                    kept.get("answer"),
                    problem=kept.get("problem"),
                    milliseconds=round(1000 * (time.monotonic() - started)),
                )
