"""The orders of the WeChat Pay simulator: what each address accepts and answers.

Follows pay.weixin.qq.com/doc/v3/merchant as the handbook has it (gateways.md 2.1); the refusals are the gateway's.
"""

import re
import secrets
import urllib.parse
from dataclasses import dataclass, field
from datetime import datetime, timedelta

NUMBER = re.compile(r"[0-9A-Za-z_\-|*]{6,32}")
REFUND_NUMBER = re.compile(r"[0-9A-Za-z_\-|*@]{1,64}")
REQUIRED = {"mchid", "appid", "out_trade_no", "description", "notify_url", "amount"}
OPTIONAL = {"time_expire", "attach", "payer", "scene_info"}
REFUND_FIELDS = {"out_trade_no", "transaction_id", "out_refund_no", "reason", "notify_url", "amount"}


class RefusalError(Exception):
    """An answer outside 2xx with this code."""

    def __init__(self, status, code, message=""):
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


def bad(what):
    return RefusalError(400, "PARAM_ERROR", what)


def is_fen(value):
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 10**10


@dataclass
class Order:
    """An order and the refunds of it."""

    kind: str  # native, jsapi, h5
    content: dict
    cashier_id: str = field(default_factory=lambda: secrets.token_hex(8))
    state: str = "NOTPAY"
    transaction_id: str = ""
    paid: datetime | None = None
    refunds: dict = field(default_factory=dict)

    @property
    def number(self):
        return self.content["out_trade_no"]

    @property
    def total(self):
        return self.content["amount"]["total"]

    @property
    def prepay_id(self):
        return f"wx{self.cashier_id}"

    def is_over(self, now):
        expiry = self.content.get("time_expire")
        return bool(expiry) and datetime.fromisoformat(expiry) <= now


@dataclass
class Refund:
    """A refund; PROCESSING until it is finished."""

    content: dict
    refund_id: str
    created: datetime
    status: str = "PROCESSING"
    finished: datetime | None = None

    @property
    def amount(self):
        return self.content["amount"]["refund"]


class Orders:
    """All orders of one merchant. Every method takes the body of a request and returns that of the answer."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.by_number = {}

    # --- orders ---

    def create(self, kind, content):
        self._check(kind, content)
        if kind in self.gateway.knobs.unsigned_products:
            raise RefusalError(403, "NO_AUTH", "商户无此产品权限")
        order = self.by_number.get(content["out_trade_no"])
        if order is None:
            order = self.by_number[content["out_trade_no"]] = Order(kind, content)
        elif order.state == "CLOSED":
            raise RefusalError(400, "ORDER_CLOSED", "订单已关闭")
        elif order.paid:
            raise RefusalError(400, "ORDERPAID", "订单已支付")
        elif (order.kind, order.content) != (kind, content):
            raise RefusalError(403, "OUT_TRADE_NO_USED", "商户订单号重复")
        address = f"{self.gateway.base_url}/cashier/{order.cashier_id}"
        return {
            "native": {"code_url": address},
            "jsapi": {"prepay_id": order.prepay_id},
            "h5": {"h5_url": f"{address}?h5=1"},
        }[kind]

    def _check(self, kind, content):
        if REQUIRED - content.keys() or content.keys() - REQUIRED - OPTIONAL:
            raise bad(f"参数: {sorted(REQUIRED - content.keys() or content.keys() - REQUIRED - OPTIONAL)}")
        merchant = self.gateway.merchant
        if (content["mchid"], content["appid"]) != (merchant.mchid, merchant.appid):
            raise RefusalError(400, "APPID_MCHID_NOT_MATCH")
        if not NUMBER.fullmatch(str(content["out_trade_no"])):
            raise bad("out_trade_no")
        description = content["description"]
        if not isinstance(description, str) or not 1 <= len(description.encode()) <= 127:
            raise bad("description")
        amount = content["amount"]
        if (
            amount.keys() - {"total", "currency"}
            or not is_fen(amount.get("total"))
            or amount.get("currency") != "CNY"
        ):
            raise bad("amount")
        self._check_url(content["notify_url"])
        self._check_expiry(content.get("time_expire"))
        self._check_kind(kind, content)

    @staticmethod
    def _check_kind(kind, content):
        scene = content.get("scene_info") or {}
        h5 = bool(scene.get("payer_client_ip")) and bool((scene.get("h5_info") or {}).get("type"))
        jsapi = bool((content.get("payer") or {}).get("openid"))
        if (kind == "h5") != h5 or (kind == "jsapi") != jsapi:
            raise bad("scene_info, payer")

    @staticmethod
    def _check_url(url):
        parts = urllib.parse.urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
            raise bad("notify_url")
        if parts.query or parts.fragment or len(url) > 255:
            raise bad("notify_url")

    def _check_expiry(self, text):
        if text is None:
            return
        try:
            expiry = datetime.fromisoformat(text)
            ahead = expiry - self.gateway.now()
        except (ValueError, TypeError):
            raise bad("time_expire") from None
        if not timedelta(minutes=1) <= ahead <= timedelta(days=7):
            raise bad("time_expire")

    def find(self, number):
        order = self.by_number.get(number)
        if order is None:
            raise RefusalError(404, "ORDER_NOT_EXIST", "订单不存在")
        if order.state == "NOTPAY" and order.is_over(self.gateway.now()):
            order.state = "CLOSED"
        return order

    def query(self, number):
        return self.transaction(self.find(number))

    def transaction(self, order):
        """Return the members that queries and notifications share."""
        merchant = self.gateway.merchant
        content = {
            "mchid": merchant.mchid,
            "appid": merchant.appid,
            "out_trade_no": order.number,
            "trade_state": order.state,
            "trade_state_desc": {"SUCCESS": "支付成功", "NOTPAY": "订单未支付"}.get(order.state, order.state),
            "amount": {"total": order.total + self.gateway.knobs.amount_delta, "currency": "CNY"},
        }
        if order.paid:
            content.update(
                transaction_id=order.transaction_id,
                trade_type={"native": "NATIVE", "jsapi": "JSAPI", "h5": "MWEB"}[order.kind],
                bank_type="OTHERS",
                attach="",
                success_time=order.paid.replace(microsecond=0).isoformat(),
                payer={"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
            )
            content["amount"].update(payer_total=order.total, payer_currency="CNY")
        return content

    def close(self, number, content):
        if content != {"mchid": self.gateway.merchant.mchid}:
            raise bad("mchid")
        order = self.find(number)
        if order.paid:
            raise RefusalError(400, "ORDERPAID", "订单已支付，不能发起关单")
        order.state = "CLOSED"

    def pay(self, order):
        """The buyer confirms; True if this very call paid it."""
        with self.gateway.lock:
            self.find(order.number)
            if order.paid or (order.state != "NOTPAY" and not self.gateway.knobs.paid_after_close):
                return False
            order.state, order.paid = "SUCCESS", self.gateway.now()
            order.transaction_id = f"42000009{order.paid:%Y%m%d}{secrets.randbelow(10**12):012d}"
            return True

    # --- refunds ---

    def refund(self, content):
        self._check_refund(content)
        order = self.by_number.get(content.get("out_trade_no"))
        if order is None:
            raise RefusalError(404, "RESOURCE_NOT_EXISTS", "订单不存在")
        if not order.paid:
            raise RefusalError(400, "INVALID_REQUEST", "订单未支付")
        refund = order.refunds.get(content["out_refund_no"])
        if refund is None:
            taken = sum(each.amount for each in order.refunds.values() if each.status != "CLOSED")
            wrong_total = content["amount"]["total"] != order.total
            if wrong_total or taken + content["amount"]["refund"] > order.total or len(order.refunds) >= 50:
                raise RefusalError(400, "INVALID_REQUEST", "退款金额错误")
            number = f"503{self.gateway.now():%Y%m%d}{secrets.randbelow(10**17):017d}"
            refund = order.refunds[content["out_refund_no"]] = Refund(content, number, self.gateway.now())
            order.state = "REFUND"
        elif refund.content != content:
            raise RefusalError(400, "INVALID_REQUEST", "与之前请求不一致")
        return self.refund_answer(order, refund)

    def _check_refund(self, content):
        if content.keys() - REFUND_FIELDS or not {"out_refund_no", "amount"} <= content.keys():
            raise bad("参数")
        if (
            not REFUND_NUMBER.fullmatch(str(content["out_refund_no"]))
            or len(content.get("reason", "").encode()) > 80
        ):
            raise bad("out_refund_no, reason")
        amount = content["amount"]
        if amount.keys() != {"refund", "total", "currency"} or not (
            is_fen(amount["refund"]) and is_fen(amount["total"])
        ):
            raise bad("amount")
        if "notify_url" in content:
            self._check_url(content["notify_url"])

    def find_refund(self, number):
        for order in self.by_number.values():
            if number in order.refunds:
                return order, order.refunds[number]
        raise RefusalError(404, "RESOURCE_NOT_EXISTS", "退款单不存在")

    def refund_answer(self, order, refund):
        answer = {
            "refund_id": refund.refund_id,
            "out_refund_no": refund.content["out_refund_no"],
            "transaction_id": order.transaction_id,
            "out_trade_no": order.number,
            "channel": "ORIGINAL",
            "user_received_account": "支付用户零钱",
            "create_time": refund.created.replace(microsecond=0).isoformat(),
            "status": refund.status,
            "amount": {
                "total": order.total, "refund": refund.amount, "currency": "CNY",
                "payer_total": order.total, "payer_refund": refund.amount,
            },
        }  # fmt: skip
        if refund.finished:
            answer["success_time"] = refund.finished.replace(microsecond=0).isoformat()
        return answer
