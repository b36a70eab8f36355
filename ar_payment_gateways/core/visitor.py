"""Who opens a payment page: a computer, a telephone, or a wallet's own browser.

Substrings of user agents (case-sensitive): MicroMessenger (WeChat; WeCom has it too), AlipayClient, UnionPay/ (云闪付,
apps of banks). Not to be trusted with anything but the way somebody is shown how to pay.
"""

from dataclasses import dataclass
from enum import StrEnum

_WALLETS = (("MicroMessenger", "wechatpay"), ("AlipayClient", "alipay"), ("UnionPay/", "unionpay"))
_PHONES = ("Android", "iPhone", "iPad", "Mobile", "HarmonyOS")


class Channel(StrEnum):
    """How a visitor can reach his wallet."""

    SCREEN = "screen"
    """Not on this device: he scans a code on it with another one, or logs in on the gateway's page."""
    PHONE = "phone"
    """The wallet's app is on this device, outside this browser."""
    WALLET = "wallet"
    """This browser is the wallet's own."""


@dataclass(frozen=True)
class Visitor:
    """Who asks to pay; the default is a computer that nothing is known of."""

    user_agent: str = ""
    address: str = ""
    """His address, as our server sees it."""

    @property
    def wallet(self) -> str:
        """The provider code of the wallet whose browser this is, or ''."""
        return next((code for mark, code in _WALLETS if mark in self.user_agent), "")

    def channel(self, code: str) -> Channel:
        """Return how this visitor reaches the wallet of a provider code."""
        if self.wallet == code:
            return Channel.WALLET
        is_phone = any(mark in self.user_agent for mark in _PHONES)
        return Channel.PHONE if is_phone else Channel.SCREEN


NOBODY_KNOWN = Visitor()
"""For when nobody is there to ask, or it does not matter."""
