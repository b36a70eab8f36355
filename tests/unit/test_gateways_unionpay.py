"""UnionPay ACP 5.1.0: messages of its test gateway, forms, contents of requests, verdicts."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.serialization import pkcs12
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.ar_payment_gateways.core import (
    rsa_signing,
    trade,
    unionpay_certificates,
    unionpay_form,
    unionpay_merchant,
    unionpay_requests,
    unionpay_signing,
    unionpay_trade,
)
from odoo.addons.ar_payment_gateways.core.trade import RefundVerdict, Verdict

from . import unionpay_messages as wire

DATA = Path(__file__).parent.parent / "data"
REQUEST = json.loads((DATA / "gateway_vectors.json").read_text())["unionpay_test_gateway"]["request"]
REAL = json.loads((DATA / "unionpay_vectors.json").read_text())


# --- messages of the real test gateway -----------------------------------------------------------


def test_request_of_the_test_gateway():
    params = {**REQUEST["params"], "signature": "", "empty": ""}
    assert unionpay_signing.canonical(params) == REQUEST["sign_content"]
    assert unionpay_signing.digest(params).decode() == REQUEST["sha256_hex"]
    certificate = unionpay_certificates.load_certificate(REQUEST["merchant_cert_pem"])
    assert unionpay_certificates.cert_id(certificate) == REQUEST["certId"]
    key = certificate.public_key()
    assert rsa_signing.verify(unionpay_signing.digest(params), REQUEST["signature"], key)
    # One hash instead of two, as some libraries do it, is not what the gateway takes.
    assert not rsa_signing.verify(REQUEST["sign_content"].encode(), REQUEST["signature"], key)


@pytest.mark.parametrize("name", ["query_answer", "notification"])
def test_messages_signed_by_the_test_gateway(name):
    fields = REAL[name] if name == "notification" else unionpay_form.parse_answer(REAL[name].encode())
    certificate = unionpay_certificates.load_certificate(fields["signPubKeyCert"])
    assert unionpay_certificates.owner(certificate) == unionpay_certificates.OWNER
    digest = unionpay_signing.digest(fields)
    assert rsa_signing.verify(digest, fields["signature"], certificate.public_key())
    changed = unionpay_signing.digest({**fields, "txnAmt": "2"})
    assert not rsa_signing.verify(changed, fields["signature"], certificate.public_key())
    # Its certificate leads to no root of ours, so that the signature alone counts for nothing.
    with pytest.raises(unionpay_signing.RefusedMessageError, match="certificate: "):
        unionpay_signing.check_message(fields, wire.TRUST, datetime(2024, 1, 5, tzinfo=UTC))


def test_real_messages_are_read():
    fields = unionpay_form.parse_answer(REAL["query_answer"].encode())
    moment = unionpay_requests.parse_time("20240105145046")
    expected = trade.Expected("pay20240105145046", 1, "", "777290058167151", ordered_at=moment)
    report = unionpay_trade.report_of_query(fields)
    assert unionpay_trade.judge(report, expected).verdict is Verdict.PAID
    assert report.paid_at == moment
    assert fields["respMsg"] == "成功[0000000]"


# --- signing -------------------------------------------------------------------------------------


def pfx(password, key=wire.OTHER_KEY):
    certificate = wire.certificate("041@Z2014@700000000000001:SIGN@3", key)
    encryption = ser.BestAvailableEncryption(password.encode())
    return pkcs12.serialize_key_and_certificates(b"x", key, certificate, None, encryption)


def test_requests_are_signed_with_the_pfx():
    unpacked = unionpay_merchant.unpack_pfx(pfx("000000"), "000000")
    identity = unionpay_merchant.identity(unpacked.private_key, unpacked.certificate)
    signed = unionpay_signing.sign_request({"b": "2", "a": "1", "c": ""}, identity)
    assert (signed["certId"], signed["signMethod"]) == ("69903319369", "01")
    assert "c" not in signed
    assert rsa_signing.verify(
        unionpay_signing.digest(signed), signed["signature"], wire.OTHER_KEY.public_key()
    )


names = st.text("abcXYZ", min_size=1, max_size=6)
values = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.dictionaries(names, values, max_size=6))
def test_forms_come_back(fields):
    body = unionpay_form.encode(fields)
    assert unionpay_form.parse_notification(body) == fields


@given(
    st.dictionaries(names, st.text("ab=+/01 中", max_size=10), min_size=1, max_size=6),
    st.sampled_from(["{a=1&b=2}", "[x&y]", "{a=[1&2]&b=}", ""]),
)
def test_answers_come_back(fields, nested):
    fields["reserved"] = nested
    body = "&".join(f"{name}={value}" for name, value in fields.items()).strip()
    found = unionpay_form.parse_answer(body.encode())
    assert found == {**fields, "reserved": nested} or body != body.strip()


@pytest.mark.parametrize(
    "body", [b"", b"a", b"=1", b"a=1&a=2", b"a=1&&b=2", b"a=\xff", b"encoding=GBK&a=1", b"a=1&" * 300]
)
def test_what_is_no_answer(body):
    assert unionpay_form.parse_answer(body) is None


def test_a_form_in_another_charset_is_none():
    assert unionpay_form.parse_notification(b"encoding=GBK&a=1") is None
    assert unionpay_form.parse_notification(b"a=%C9%EE") is None


@given(st.binary(max_size=80))
def test_garbage_never_breaks_the_parsers(body):
    unionpay_form.parse_answer(body)
    unionpay_form.parse_notification(body)


# --- requests ------------------------------------------------------------------------------------

ORDER = {"mer_id": wire.MER_ID, "order_number": wire.NUMBER, "ordered_at": wire.NOW}
END = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)


def test_contents():
    qr = unionpay_requests.qr_fields(**ORDER, amount_minor=12345, notify_url="https://x/n", expires_at=END)
    assert (qr["txnType"], qr["txnSubType"], qr["bizType"], qr["channelType"]) == ("01", "07", "000000", "08")
    assert (qr["txnAmt"], qr["currencyCode"]) == ("12345", "156")
    assert (qr["txnTime"], qr["payTimeout"]) == ("20261123160000", "20261123163000")
    front = unionpay_requests.front_fields(
        **ORDER, amount_minor=1, notify_url="https://x/n", return_url="https://x/r", expires_at=END
    )
    assert (front["txnSubType"], front["bizType"], front["frontUrl"]) == ("01", "000201", "https://x/r")
    query = unionpay_requests.query_fields(**ORDER)
    assert (query["txnType"], query["txnSubType"], query["txnTime"]) == ("00", "00", "20261123160000")
    back = {"mer_id": wire.MER_ID, "refund_number": "RF20261123", "refunded_at": END, "amount_minor": 5}
    for make, kind in ((unionpay_requests.refund_fields, "04"), (unionpay_requests.cancel_fields, "31")):
        fields = make(**back, query_id="782611231600000674028", notify_url="https://x/n")
        assert (fields["txnType"], fields["txnSubType"], fields["origQryId"]) == (
            kind,
            "00",
            "782611231600000674028",
        )
    settled = unionpay_requests.file_fields(mer_id=wire.MER_ID, settled_on=date(2026, 1, 2), now=END)
    assert (settled["txnType"], settled["settleDate"], settled["fileType"]) == ("76", "0102", "00")


@pytest.mark.parametrize("number", ["short", "A" * 41, "AR-2026112308", "AR_2026112308", "发票20261123"])
def test_numbers_the_gateway_refuses(number):
    with pytest.raises(ValueError, match="orderId"):
        unionpay_requests.query_fields(**{**ORDER, "order_number": number})


def test_nothing_is_no_amount():
    with pytest.raises(ValueError, match="fen"):
        unionpay_requests.qr_fields(**ORDER, amount_minor=0, notify_url="https://x/n", expires_at=END)


# --- verdicts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "verdict", "differing"),
    [
        ({}, Verdict.PAID, ()),
        ({"respCode": "A6"}, Verdict.PAID, ()),
        ({"respCode": "05"}, Verdict.WAITING, ()),
        ({"respCode": "12"}, Verdict.WAITING, ()),
        ({"respCode": ""}, Verdict.WAITING, ()),
        ({"txnAmt": "12344"}, Verdict.MISMATCH, ("txnAmt",)),
        ({"txnAmt": "123.45"}, Verdict.MISMATCH, ("txnAmt",)),
        ({"txnAmt": "012345"}, Verdict.MISMATCH, ("txnAmt",)),
        ({"currencyCode": "344"}, Verdict.MISMATCH, ("currencyCode",)),
        ({"currencyCode": "999"}, Verdict.MISMATCH, ("currencyCode",)),
        ({"currencyCode": ""}, Verdict.MISMATCH, ("currencyCode",)),
        ({"merId": "777290058167152"}, Verdict.FOREIGN, ("merId",)),
        ({"merId": ""}, Verdict.FOREIGN, ("merId",)),
        ({"orderId": "AR20261123080000ABCDEFGHJX"}, Verdict.FOREIGN, ("orderId",)),
        ({"txnTime": "20261123160001"}, Verdict.FOREIGN, ("txnTime",)),
        ({"txnTime": "x"}, Verdict.FOREIGN, ("txnTime",)),
        ({"txnType": "04"}, Verdict.REFUND, ()),
        ({"txnType": ""}, Verdict.REFUND, ()),
    ],
)
def test_verdicts(change, verdict, differing):
    fields = dict(parse_qsl(unionpay_form.encode(wire.notification(**change)).decode(), True))
    judged = unionpay_trade.judge(unionpay_trade.report_of_notification(fields), wire.EXPECTED)
    assert (judged.verdict, judged.differing) == (verdict, differing)


def test_the_year_of_the_trace_time():
    fields = wire.notification(txnTime="20261231235950", traceTime="0101000003")
    report = unionpay_trade.report_of_notification(fields)
    assert report.paid_at.astimezone(UTC) == datetime(2026, 12, 31, 16, 0, 3, tzinfo=UTC)
    assert unionpay_trade.report_of_notification({**fields, "traceTime": "0230000000"}).paid_at is None


@pytest.mark.parametrize(
    ("code", "outcome"), [("00", "DONE"), ("A6", "DONE"), ("03", "UNKNOWN"), ("", "UNKNOWN"), ("34", "NOT_FOUND"),
                          ("12", "REFUSED"), ("98", "REFUSED")],
)  # fmt: skip
def test_outcomes(code, outcome):
    assert unionpay_trade.outcome(code).name == outcome


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, RefundVerdict.DONE),
        ({"txnType": "31"}, RefundVerdict.DONE),
        ({"txnType": "01"}, RefundVerdict.WAITING),
        ({"respCode": "03"}, RefundVerdict.WAITING),
        ({"respCode": "61"}, RefundVerdict.FAILED),
        ({"txnAmt": "6"}, RefundVerdict.MISMATCH),
        ({"orderId": "RF2"}, RefundVerdict.FOREIGN),
        ({"merId": ""}, RefundVerdict.FOREIGN),
    ],
)
def test_refund_verdicts(change, verdict):
    fields = wire.notification(**{"orderId": "RF20261123", "txnType": "04", "txnAmt": "5", **change})
    expected = trade.ExpectedRefund("RF20261123", wire.NUMBER, 5, wire.MER_ID)
    assert trade.judge_refund(unionpay_trade.report_of_refund(fields), expected) is verdict
