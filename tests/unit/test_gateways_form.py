"""Forms off the wire, languages of browsers, what we ask Alipay for."""

from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.ar_payment_gateways.core import alipay_precreate
from odoo.addons.ar_payment_gateways.core.form import parse_form
from odoo.addons.ar_payment_gateways.core.languages import pick_language

names = st.text("abcdefgh_", min_size=1, max_size=8).filter(lambda name: name != "charset")


@given(st.dictionaries(names, st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=8))
def test_form_comes_back(fields):
    form = parse_form(urlencode(fields).encode())
    assert form.fields == fields
    assert form.charset == "utf-8"


@pytest.mark.parametrize("charset", ["gbk", "GBK", "gb2312", "utf-8", "UTF-8"])
def test_charset_of_the_form(charset):
    fields = {"charset": charset, "subject": "深圳货款+测试"}
    assert parse_form(urlencode(fields, encoding=charset).encode()).fields == fields


@pytest.mark.parametrize(
    "body",
    [
        b"a=1&a=1",
        b"a=1&b=2&a=3",
        b"charset=utf-7&a=1",
        b"charset=latin-1&a=1",
        b"charset=utf-8&a=%C9%EE",
        b"a=\xff",
        b"&".join(b"f%d=1" % number for number in range(300)),
    ],
)
def test_what_no_gateway_sends(body):
    assert parse_form(body) is None


@given(st.binary(max_size=80))
def test_garbage_never_breaks_it(body):
    parse_form(body)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (["zh-CN", "en"], "zh_CN"),
        (["zh-Hant-HK"], "zh_CN"),
        (["zh"], "zh_CN"),
        (["en-GB", "zh"], "en_US"),
        (["fr", "zh-TW"], "zh_CN"),
        (["fr"], "en_US"),
        ([], "en_US"),
        (["*"], "en_US"),
        (["SR@latin"], "sr@latin"),
    ],
)
def test_language(wanted, expected):
    assert pick_language(wanted, ["en_US", "zh_CN", "sr@latin"]) == expected


def test_language_that_is_not_installed():
    assert pick_language(["zh-CN"], ["en_US"]) == "en_US"


def test_precreate_content_is_strings_only_and_repeats_exactly():
    arguments = {
        "order_number": "AR20261123080000ABCDEFGHJK",
        "amount_minor": 29,
        "subject": "深圳/公司 INV/2026=1&2 <b>\n" + "x" * 400,
        "product_code": "QR_CODE_OFFLINE",
        "seller_id": "2088",
        "expires_at": datetime(2026, 11, 23, 8, 0, tzinfo=UTC),
    }
    content = alipay_precreate.precreate_content(**arguments)
    assert all(isinstance(value, str) for value in content.values())
    assert content["total_amount"] == "0.29"
    assert content["time_expire"] == "2026-11-23 16:00:00"
    assert content["subject"].startswith("深圳 公司 INV 2026 1 2 b x")
    assert len(content["subject"]) == 256
    assert content == alipay_precreate.precreate_content(**arguments)
