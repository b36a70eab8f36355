"""Alipay's own page: what a browser asks for with alipay.trade.page.pay (computers) and alipay.trade.wap.pay (phones).

The browser comes by GET or by POST with a signed request. What is wrong with it the buyer gets to see, as at the real
gateway; what is right leads him on to the cashier, on an address of its own. The trade begins there, when he identifies
himself.
"""

import secrets
import urllib.parse
from html import escape

from . import alipay_keys as keys
from .alipay_cashier import PAGE
from .alipay_trades import TIME_FORMAT, RefusalError, now, yuan

METHODS = {"alipay.trade.page.pay": "FAST_INSTANT_TRADE_PAY", "alipay.trade.wap.pay": "QUICK_WAP_WAY"}
FIELDS = {"out_trade_no", "total_amount", "subject", "product_code", "body", "time_expire", "timeout_express"}
URL_MAX = 256


def check_url(url, required):
    """Refuse an address that Alipay does not send anybody to."""
    parts = urllib.parse.urlsplit(url)
    if not (url or required):
        return
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.fragment or len(url) > URL_MAX:
        raise RefusalError("ACQ.INVALID_PARAMETER", f"地址无效: {url}")


class Pages:
    """Answers browsers. `simulator` is the AlipaySimulator."""

    def __init__(self, simulator):
        self.simulator = simulator
        self.signed_for = set(METHODS)
        self.visits = []  # (method, params) of every request that led to a cashier

    def open(self, params):
        """Return (cashier's path, None), or (None, what the buyer is told is wrong), for the form's decoded fields."""
        simulator = self.simulator
        name, answer = simulator.handle(params)
        if name != "error_response" and answer["code"] == "10000":
            self.visits.append((params["method"], params))
            return answer["path"], None
        return None, f"{answer['sub_code']} {answer.get('sub_msg', '')}"

    def execute(self, method, content, params):
        """Register the order; the answer's `path` leads to its cashier."""
        if method not in self.signed_for:
            raise RefusalError("ACQ.ACCESS_FORBIDDEN", "无权限使用接口")
        is_wap = method == "alipay.trade.wap.pay"
        check_url(params.get("return_url", ""), required=False)
        check_url(content.get("quit_url", ""), required=is_wap)
        fields = FIELDS | ({"quit_url"} if is_wap else set())
        trade = self.simulator.trades.order(content, params["notify_url"], fields, (METHODS[method],))
        trade.method, trade.return_url = method, params.get("return_url", "")
        return {"path": f"/cashier/{trade.cashier_id}"}

    def way_back(self, trade):
        """Return the address that a buyer goes back to after he has paid: signed, and silent about having been paid."""
        if not trade.return_url:
            return ""
        merchant = self.simulator.merchant
        fields = {
            "charset": "utf-8",
            "out_trade_no": trade.number,
            "method": f"{trade.method}.return",
            "total_amount": yuan(trade.amount_minor),
            "trade_no": trade.trade_no,
            "auth_app_id": merchant.app_id,
            "version": "1.0",
            "app_id": merchant.app_id,
            "seller_id": merchant.seller_id,
            "timestamp": now().strftime(TIME_FORMAT),
        }
        text = "&".join(f"{k}={v}" for k, v in sorted(fields.items()))
        fields.update(sign_type="RSA2", sign=keys.sign(text.encode(), self.simulator.alipay_key))
        mark = "&" if "?" in trade.return_url else "?"
        return f"{trade.return_url}{mark}{urllib.parse.urlencode(fields)}"


def error_page(reason) -> bytes:
    """Return what the buyer sees of a request that is wrong."""
    body = f"<h2>支付存在钓鱼风险或请求有误 · Refused</h2><p>{escape(reason)}</p>"
    return PAGE.format(body=body, number=secrets.token_hex(8)).encode()
