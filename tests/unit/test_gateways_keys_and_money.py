"""Keys as pasted, amounts, numbers and tokens, verdicts on what Alipay reports."""

import base64
import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.ar_payment_gateways.core import alipay_trade as trade
from odoo.addons.ar_payment_gateways.core import link_token, money, order_number, qr, rsa_keys
from odoo.addons.ar_payment_gateways.core.alipay_trade import Verdict

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
WEAK = rsa.generate_private_key(public_exponent=65537, key_size=1024)


def private(key, kind=ser.PrivateFormat.PKCS8):
    return key.private_bytes(ser.Encoding.PEM, kind, ser.NoEncryption()).decode()


def public(key, kind=ser.PublicFormat.SubjectPublicKeyInfo):
    return key.public_key().public_bytes(ser.Encoding.PEM, kind).decode()


def bare(pem):
    return "".join(line for line in pem.splitlines() if not line.startswith("-----"))


PRIVATE_FORMS = [private(KEY), private(KEY, ser.PrivateFormat.TraditionalOpenSSL)]
PUBLIC_FORMS = [public(KEY), public(KEY, ser.PublicFormat.PKCS1)]


@pytest.mark.parametrize(
    "text", PRIVATE_FORMS + [bare(form) for form in PRIVATE_FORMS] + ["\n " + PRIVATE_FORMS[0]]
)
def test_private_key_forms(text):
    assert rsa_keys.load_private_key(text).private_numbers() == KEY.private_numbers()


@pytest.mark.parametrize("text", PUBLIC_FORMS + [bare(form) for form in PUBLIC_FORMS])
def test_public_key_forms(text):
    key = rsa_keys.load_public_key(text)
    assert key.public_numbers() == KEY.public_key().public_numbers()
    assert re.fullmatch(r"([0-9a-f]{4} ){3}[0-9a-f]{4}", rsa_keys.fingerprint(key))


EC_KEY = private(ec.generate_private_key(ec.SECP256R1()))


@pytest.mark.parametrize("text", ["", "x", "货", EC_KEY, PUBLIC_FORMS[0], bare(PUBLIC_FORMS[0]), "AAAA"])
def test_not_a_private_key(text):
    with pytest.raises(rsa_keys.KeyFormatError):
        rsa_keys.load_private_key(text)


@pytest.mark.parametrize("text", ["", "x", PRIVATE_FORMS[0], bare(PRIVATE_FORMS[0]), bare(PRIVATE_FORMS[1])])
def test_not_a_public_key(text):
    with pytest.raises(rsa_keys.KeyFormatError):
        rsa_keys.load_public_key(text)


def test_weak_keys_are_refused():
    with pytest.raises(rsa_keys.WeakKeyError):
        rsa_keys.load_private_key(private(WEAK))
    with pytest.raises(rsa_keys.WeakKeyError):
        rsa_keys.load_public_key(public(WEAK))


def test_pair():
    assert rsa_keys.is_pair(KEY, KEY.public_key())
    assert not rsa_keys.is_pair(KEY, WEAK.public_key())


# --- money ---------------------------------------------------------------------------------------


@given(st.integers(0, 10**12))
def test_minor_units_come_back(amount_minor):
    assert money.parse_minor(money.format_minor(amount_minor)) == amount_minor
    assert money.to_minor(money.from_minor(amount_minor)) == amount_minor


@pytest.mark.parametrize(
    ("text", "minor"), [("0.29", 29), ("0.3", 30), ("12", 1200), ("100000000.00", 10**10)]
)
def test_parse(text, minor):
    assert money.parse_minor(text) == minor


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", "1e3", "0.001", "1,00", " 1", "1 ", "01", "nan", "١٢", ".5", "1."]
)
def test_nonsense_is_no_amount(text):
    assert money.parse_minor(text) is None


def test_a_third_decimal_is_never_rounded_away():
    with pytest.raises(ValueError, match="decimals"):
        money.to_minor(Decimal("0.005"))
    assert money.to_minor(Decimal("7"), decimals=0) == 7


# --- numbers and tokens --------------------------------------------------------------------------


def test_order_numbers_fit_every_gateway():
    numbers = {order_number.new_order_number(datetime(2026, 11, 23, 8, 0, 0, tzinfo=UTC)) for _ in range(500)}
    assert len(numbers) == 500
    assert all(re.fullmatch(r"AR20261123080000[0-9A-Z]{10}", number) for number in numbers)


def test_tokens_have_128_bits_and_no_repeats():
    tokens = {link_token.new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert all(len(base64.urlsafe_b64decode(token + "==")) == 16 for token in tokens)
    assert all(link_token.has_token_shape(token) for token in tokens)
    assert len({link_token.digest(token) for token in tokens}) == 1000


@pytest.mark.parametrize(
    "token", ["", "x", "x" * 21, "x" * 23, "x" * 21 + "/", "x" * 21 + "é", "x" * 22 + "\n"]
)
def test_what_is_no_token(token):
    assert not link_token.has_token_shape(token)


# --- verdicts ------------------------------------------------------------------------------------

EXPECTED = trade.Expected("AR20261123080000ABCDEFGHJK", 12345, "app", "seller")
NOTIFICATION = {
    "out_trade_no": EXPECTED.order_number,
    "trade_status": "TRADE_SUCCESS",
    "total_amount": "123.45",
    "trade_no": "2026112322001",
    "app_id": "app",
    "seller_id": "seller",
    "gmt_payment": "2026-11-23 16:00:00",
}


@pytest.mark.parametrize(
    ("change", "verdict", "differing"),
    [
        ({}, Verdict.PAID, ()),
        ({"trade_status": "TRADE_FINISHED"}, Verdict.PAID, ()),
        ({"trade_status": "WAIT_BUYER_PAY"}, Verdict.WAITING, ()),
        ({"trade_status": "TRADE_CLOSED", "gmt_payment": ""}, Verdict.CLOSED, ()),
        # Paid, and all of it has gone back since.
        ({"trade_status": "TRADE_CLOSED"}, Verdict.PAID, ()),
        ({"trade_status": "TRADE_CLOSED", "total_amount": "1.00"}, Verdict.MISMATCH, ("total_amount",)),
        ({"trade_status": ""}, Verdict.WAITING, ()),
        ({"total_amount": "123.44"}, Verdict.MISMATCH, ("total_amount",)),
        ({"total_amount": "123.4500"}, Verdict.MISMATCH, ("total_amount",)),
        ({"total_amount": ""}, Verdict.MISMATCH, ("total_amount",)),
        ({"app_id": "other"}, Verdict.FOREIGN, ("app_id",)),
        ({"app_id": ""}, Verdict.FOREIGN, ("app_id",)),
        ({"seller_id": "other"}, Verdict.FOREIGN, ("seller_id",)),
        ({"out_trade_no": "other"}, Verdict.FOREIGN, ("out_trade_no",)),
        ({"refund_fee": "1.00"}, Verdict.REFUND, ()),
        ({"trade_status": "TRADE_CLOSED", "refund_fee": "123.45", "gmt_refund": "x"}, Verdict.REFUND, ()),
    ],
)
def test_verdicts(change, verdict, differing):
    judged = trade.judge(trade.report_of_notification({**NOTIFICATION, **change}), EXPECTED)
    assert (judged.verdict, judged.differing) == (verdict, differing)


def test_missing_app_and_seller_in_a_notification_are_not_taken_for_agreement():
    bare_message = {k: v for k, v in NOTIFICATION.items() if k not in ("app_id", "seller_id")}
    assert trade.judge(trade.report_of_notification(bare_message), EXPECTED).verdict is Verdict.FOREIGN


def test_query_answer():
    report = trade.report_of_query(
        {**NOTIFICATION, "send_pay_date": "2026-11-23 16:00:00", "buyer_pay_amount": "100.00"}
    )
    assert trade.judge(report, EXPECTED).verdict is Verdict.PAID
    assert report.paid_at.astimezone(UTC) == datetime(2026, 11, 23, 8, tzinfo=UTC)


def test_times():
    moment = datetime(2026, 12, 31, 20, 0, tzinfo=UTC)
    assert trade.format_time(moment) == "2027-01-01 04:00:00"
    assert trade.parse_time(trade.format_time(moment)) == moment
    assert trade.parse_time("yesterday") is None


# --- QR ------------------------------------------------------------------------------------------


def modules_of_png(text):
    """Read the symbol back from its picture, without the quiet zone: rows, dark = True."""
    from io import BytesIO

    from PIL import Image

    image = Image.open(BytesIO(qr.png(text))).convert("L")
    size, quiet = image.width // qr.PNG_MODULE_PIXELS, qr.BORDER_MODULES
    assert image.size == (size * qr.PNG_MODULE_PIXELS,) * 2
    rows = [
        [
            image.getpixel((x * qr.PNG_MODULE_PIXELS + 5, y * qr.PNG_MODULE_PIXELS + 5)) == 0
            for x in range(size)
        ]
        for y in range(size)
    ]
    inner = [row[quiet:-quiet] for row in rows[quiet:-quiet]]
    assert sum(map(sum, inner)) == sum(map(sum, rows))  # nothing dark around it
    return inner


def test_qr_is_small_and_of_level_m():
    url = "https://pay.example.com/pay/" + "x" * 22
    rows = modules_of_png(url)
    assert len(rows) == len(rows[0]) == 33  # version 4
    # Format information, ISO/IEC 18004 8.9: the two bits of the level are 00 for M, xor-ed with the mask 10.
    assert [rows[8][0], rows[8][1]] == [True, False]


def test_svg_scales():
    markup = qr.svg("https://x/pay/y")
    assert markup.startswith("<svg")
    assert "viewBox" in markup
