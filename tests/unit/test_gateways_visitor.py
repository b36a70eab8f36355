import pytest

from odoo.addons.ar_payment_gateways.core import visit_rate
from odoo.addons.ar_payment_gateways.core.visitor import NOBODY_KNOWN, Channel, Visitor

WECHAT = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 MicroMessenger/8.0.43 NetType/WIFI"
)
ALIPAY = "Mozilla/5.0 (Linux; Android 13) Mobile Safari/537.36 AliApp(AP/10.5.36) AlipayClient/10.5.36"
CLOUD_PAY = "Mozilla/5.0 (iPhone) Mobile/15E148 (UnionPay/1.0 CloudPay)"
PHONE = "Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/120.0 Mobile Safari/537.36"
COMPUTER = "Mozilla/5.0 (X11; Linux x86_64) Chrome/120.0 Safari/537.36"
WECHAT_ON_COMPUTER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) MicroMessenger/7.0.20.1781 WindowsWechat"


@pytest.mark.parametrize(
    ("user_agent", "wallet", "alipay", "wechatpay"),
    [
        (WECHAT, "wechatpay", Channel.PHONE, Channel.WALLET),
        (ALIPAY, "alipay", Channel.WALLET, Channel.PHONE),
        (CLOUD_PAY, "unionpay", Channel.PHONE, Channel.PHONE),
        (PHONE, "", Channel.PHONE, Channel.PHONE),
        (COMPUTER, "", Channel.SCREEN, Channel.SCREEN),
        (WECHAT_ON_COMPUTER, "wechatpay", Channel.SCREEN, Channel.WALLET),
        ("", "", Channel.SCREEN, Channel.SCREEN),
    ],
)
def test_how_a_visitor_reaches_his_wallet(user_agent, wallet, alipay, wechatpay):
    visitor = Visitor(user_agent)
    assert visitor.wallet == wallet
    assert visitor.channel("alipay") is alipay
    assert visitor.channel("wechatpay") is wechatpay


@pytest.mark.parametrize(
    ("user_agent", "opened"),
    [
        (WECHAT, {"wechatpay", "unionpay", "stripe"}),
        (WECHAT_ON_COMPUTER, {"wechatpay", "unionpay", "stripe"}),
        (ALIPAY, {"alipay", "unionpay", "stripe"}),
        (CLOUD_PAY, {"unionpay", "stripe"}),
        (PHONE, {"alipay", "wechatpay", "unionpay", "stripe"}),
        ("", {"alipay", "wechatpay", "unionpay", "stripe"}),
    ],
)
def test_wallets_open_no_rivals(user_agent, opened):
    codes = ("alipay", "wechatpay", "unionpay", "stripe")
    assert {code for code in codes if Visitor(user_agent).can_open(code)} == opened


def test_nothing_known_is_a_computer():
    assert NOBODY_KNOWN.channel("alipay") is Channel.SCREEN


@pytest.mark.parametrize(
    "agent",
    [
        "facebookexternalhit/1.1",
        "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
        "Slackbot-LinkExpanding 1.0",
        "WhatsApp/2.23",
        "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
        "TelegramBot (like TwitterBot)",
    ],
)
def test_robots(agent):
    assert Visitor(user_agent=agent).is_robot


@pytest.mark.parametrize(
    ("address", "network", "limited"),
    [
        ("203.0.113.77", "203.0.113.0", "203.0.113.77"),
        ("::ffff:203.0.113.77", "203.0.113.0", "203.0.113.77"),
        ("2001:db8:1234:5678::1", "2001:db8:1234::", "2001:db8:1234:5678::"),
        ("2001:db8:1234:5678:9abc:def0:1234:5678", "2001:db8:1234::", "2001:db8:1234:5678::"),
        ("", "", ""),
        ("nonsense", "", ""),
    ],
)
def test_addresses_are_cut(address, network, limited):
    visitor = Visitor(address=address)
    assert (visitor.network, visitor.limited) == (network, limited)


def test_wallets_are_no_robots():
    agent = "Mozilla/5.0 (Linux; Android 15) AliApp(AP/10.5.96.8000) AlipayClient/10.5.96.8000"
    assert not Visitor(user_agent=agent).is_robot
    assert Visitor().is_robot  # says nothing of itself


def test_how_often_a_page_may_ask(monkeypatch):
    rate = visit_rate.VisitRate(2)
    assert [rate.allows("a", 100.0) for _ in range(3)] == [True, True, False]
    assert rate.allows("b", 100.0)
    assert rate.allows("a", 130.0)  # the next minute
    monkeypatch.setattr(visit_rate, "MAX_KEYS", 3)
    for number in range(100):
        rate.allows(number, 130.0)
    assert len(rate._counts) <= 3
