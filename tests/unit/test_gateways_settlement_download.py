"""A bill comes from the gateway's own hosts, or not at all."""

import pytest

from odoo.addons.ar_payment_gateways.core.settlement_download import download_address, is_download_of

HOSTS = (".alipay.com", ".alipaydev.com")


@pytest.mark.parametrize(
    "url", ["https://dwbillcenter.alipay.com/downloadBillFile.resource?x=1", "https://a.alipaydev.com:443/b"]
)
def test_its_own_hosts(url):
    assert is_download_of(url, HOSTS)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://dwbillcenter.alipay.com/x",
        "https://alipay.com.evil.example/x",
        "https://evilalipay.com/x",
        "https://.alipay.com/x",
        "https://dwbillcenter.alipay.com:8443/x",
        "https://dwbillcenter.alipay.com@evil.example/x",
        "https://user@dwbillcenter.alipay.com/x",
        "https://evil.example\\.alipay.com/x",
        "https://evil.example/#.alipay.com",
        "file:///etc/passwd",
        "https://[::1/x",
        "https://169.254.169.254/latest",
        "http://127.0.0.1:8069/x",
    ],
)
def test_any_other_address(url):
    assert not is_download_of(url, HOSTS)


def test_a_simulator_only_where_one_is_used():
    url = "http://127.0.0.1:18069/bill/abc"
    assert is_download_of(url, HOSTS, "http://127.0.0.1:18069/gateway.do")
    assert not is_download_of(url, HOSTS, "http://127.0.0.1:18070/gateway.do")
    assert not is_download_of(url, HOSTS)


def test_addresses_without_tls_are_asked_with_it():
    asked = "https://dwbillcenter.alipay.com/downloadBillFile.resource?x=1"
    assert download_address(asked, HOSTS) == asked
    assert download_address(asked.replace("https", "http"), HOSTS) == asked
    for url in (
        "http://evil.example/x",
        "http://dwbillcenter.alipay.com:80/x",
        "http://127.0.0.1:9/x",
        "ftp://x",
    ):
        assert download_address(url, HOSTS) is None
    assert download_address("http://127.0.0.1:9/x", HOSTS, "http://127.0.0.1:9") == "http://127.0.0.1:9/x"
