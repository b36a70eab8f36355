import pytest

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


def test_nothing_known_is_a_computer():
    assert NOBODY_KNOWN.channel("alipay") is Channel.SCREEN
