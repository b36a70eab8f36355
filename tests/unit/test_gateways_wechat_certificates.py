"""WeChat Pay's platform certificates: read, fetched, and kept side by side; and the kinds of orders."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from odoo.addons.ar_payment_gateways.core import wechat_gateway, wechat_keys, wechat_message
from odoo.addons.ar_payment_gateways.core.rsa_keys import KeyFormatError
from odoo.addons.ar_payment_gateways.core.wechat_signing import Refusal, RefusedMessageError

from ..simulators import wechat_keys as simulated
from ..simulators.alipay_keys import new_key
from ..simulators.wechat import WechatSimulator

NOW = datetime.now(UTC)
KEY = new_key()
MERCHANT = simulated.Merchant()


def pem():
    return simulated.certificate(KEY, "Tenpay.com sign")[0]


def serials(text):
    return {key.serial for key in wechat_keys.platform_certificates(text)}


def test_certificates_one_after_the_other():
    old, new = pem(), pem()
    assert len(serials(old + new)) == len(serials(f"  {old}\n\n{new} ")) == 2
    assert wechat_keys.platform_certificates(" \n") == []
    for text in ("nonsense", f"{old} and more", old.replace("END", "FIN"), old[:200]):
        with pytest.raises(KeyFormatError):
            wechat_keys.platform_certificates(text)


def test_new_ones_are_kept_beside_old_ones_until_these_end():
    old, new = pem(), pem()
    both = wechat_keys.merge_certificates(old, [new, new], NOW)
    assert serials(both) == serials(old) | serials(new)
    assert wechat_keys.merge_certificates(both, [new], NOW) == both, "doing it again changes nothing"
    assert wechat_keys.merge_certificates(both, [], NOW + timedelta(days=3000)) == ""
    assert wechat_keys.merge_certificates("", [new], NOW) == new.strip()


def test_serial_of_the_merchant_in_any_spelling():
    certificate, serial = simulated.certificate(KEY, "1900000109")
    pairs = ":".join(serial[i : i + 2] for i in range(0, len(serial), 2))
    for text in (serial, serial.lower(), f" {serial} ", pairs, certificate):
        assert wechat_keys.certificate_serial(text) == serial
    for text in ("", "XYZ", serial + "0" * 10, "12"):
        with pytest.raises(KeyFormatError):
            wechat_keys.certificate_serial(text)


@pytest.fixture(scope="module")
def gateway():
    simulator = WechatSimulator(MERCHANT)
    simulator.knobs.by_certificate = True
    yield simulator
    simulator.server.server_close()


def fetch(gateway, keys=None, apiv3_key=MERCHANT.apiv3_key, change=None):
    body = json.dumps(gateway.certificates()).encode()
    headers = gateway.sign(body)
    return wechat_message.renew_certificates(
        headers, change(body) if change else body, keys or {}, apiv3_key.encode(), datetime.now(UTC)
    )


def test_first_time_the_seal_vouches_for_the_key_inside(gateway):
    assert fetch(gateway) == [MERCHANT.platform_certificate]


def test_an_answer_that_was_changed_or_is_not_for_us_is_refused(gateway):
    for arguments, refusal in (
        ({"apiv3_key": "x" * 32}, Refusal.UNDECIPHERABLE),
        ({"change": lambda body: body + b" "}, Refusal.BAD_SIGNATURE),
        ({"change": lambda body: body.replace(b"data", b"atad")}, Refusal.MALFORMED),
        ({"change": lambda body: b""}, Refusal.MALFORMED),
    ):
        with pytest.raises(RefusedMessageError) as error:
            fetch(gateway, **arguments)
        assert error.value.refusal is refusal


def test_sealed_with_our_key_but_signed_by_nobody_we_know(gateway):
    gateway.knobs.by_certificate = False  # signs with the public key, which is not on the ring
    try:
        with pytest.raises(RefusedMessageError) as error:
            fetch(gateway)
        assert error.value.refusal is Refusal.UNKNOWN_KEY
        ring = wechat_keys.key_ring([wechat_keys.public_key(MERCHANT.key_id, MERCHANT.platform_public_pem)])
        assert fetch(gateway, ring) == [MERCHANT.platform_certificate]
    finally:
        gateway.knobs.by_certificate = True


def test_each_kind_of_order_has_its_own_way_to_pay():
    def created(content):
        return wechat_gateway.created(wechat_gateway.Reply(200, content))

    assert created({"code_url": "weixin://x"}).qr_content == "weixin://x"
    assert created({"h5_url": "https://wx.tenpay.com/x"}).pay_url == "https://wx.tenpay.com/x"
    assert created({"prepay_id": "wx1"}).pay_fields == {"prepay_id": "wx1"}
    assert not created({"prepay_id": 1}).pay_fields
