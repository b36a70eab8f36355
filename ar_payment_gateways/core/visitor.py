"""Who opens a payment page: a computer, a telephone, or a wallet's own browser.

Substrings of user agents (case-sensitive): MicroMessenger (WeChat; WeCom has it too), AlipayClient, UnionPay/ (云闪付,
apps of banks). Not to be trusted with anything but the way somebody is shown how to pay.
"""

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum

_WALLETS = (("MicroMessenger", "wechatpay"), ("AlipayClient", "alipay"), ("UnionPay/", "unionpay"))
# Previews of links in chat programs, and search engines.
_ROBOT = re.compile(
    r"bot\b|crawl|spider|preview|slurp|facebookexternalhit|whatsapp/|embedly|pinterest", re.IGNORECASE
)
# WeChat's browser blocks Alipay's pages, and Alipay's opens no WeChat. UnionPay's cashier is a page like any other.
_RIVALS = frozenset({"alipay", "wechatpay"})
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

    @property
    def is_robot(self) -> bool:
        """Whether this looks like a preview of a link or a search engine, which must not begin a payment."""
        return not self.user_agent or _ROBOT.search(self.user_agent) is not None

    @property
    def network(self) -> str:
        """The network the address is in (IPv4: /24, IPv6: /48), which names nobody; "" if it is no address."""
        return self._cut(24, 48)

    @property
    def limited(self) -> str:
        """What limits count by: an IPv4 address; of IPv6 the /64 that any one connection gets, and may use freely."""
        return self._cut(32, 64)

    def _cut(self, bits_4: int, bits_6: int) -> str:
        try:
            parsed = ipaddress.ip_address(self.address)
        except ValueError:
            return ""
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
            parsed = parsed.ipv4_mapped
        bits = bits_4 if parsed.version == 4 else bits_6
        return str(ipaddress.ip_network((parsed, bits), strict=False).network_address)

    def can_open(self, code: str) -> bool:
        """Whether this browser gets to the cashier of a provider code; if not, another browser or a scan does."""
        return self.wallet in ("", code) or code not in _RIVALS

    def channel(self, code: str) -> Channel:
        """Return how this visitor reaches the wallet of a provider code."""
        if self.wallet == code:
            return Channel.WALLET
        is_phone = any(mark in self.user_agent for mark in _PHONES)
        return Channel.PHONE if is_phone else Channel.SCREEN


NOBODY_KNOWN = Visitor()
"""For when nobody is there to ask, or it does not matter."""
