"""The orders of the UnionPay simulator: what each kind of transaction accepts and answers.

Follows the ACP 5.1.0 access manual as the handbook has it (gateways.md 2.3); the refusals are the gateway's.
"""

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime

from .gateway import CHINA

ORDER_ID = re.compile(r"[0-9A-Za-z]{8,40}")
AMOUNT = re.compile(r"[1-9][0-9]{0,11}")
TIME_FORMAT = "%Y%m%d%H%M%S"
COMMON = {"version", "encoding", "signMethod", "certId", "signature", "txnType", "txnSubType", "bizType",
          "accessType", "merId", "txnTime"}  # fmt: skip
ORDER = COMMON | {"orderId", "channelType", "currencyCode", "txnAmt", "backUrl"}
FIELDS = {  # (kind, sub kind): (required, optional)
    ("01", "07"): (ORDER, {"payTimeout"}),
    ("01", "01"): (ORDER | {"frontUrl"}, {"payTimeout", "riskRateInfo"}),
    ("00", "00"): (COMMON | {"orderId"}, set()),
    ("04", "00"): (ORDER | {"origQryId"}, set()),
    ("31", "00"): (ORDER | {"origQryId"}, set()),
    ("76", "01"): (COMMON | {"fileType", "settleDate"}, set()),
}


class RefusalError(Exception):
    """An answer with this respCode."""

    def __init__(self, code, message=""):
        super().__init__(code)
        self.code, self.message = code, message


@dataclass
class Order:
    """A payment, a refund (04) or a cancellation (31); `status` is its respCode once it is decided."""

    fields: dict
    created: datetime
    cashier_id: str = field(default_factory=lambda: secrets.token_hex(8))
    status: str = "05"
    query_id: str = ""
    trace_no: str = field(default_factory=lambda: f"{secrets.randbelow(10**6):06d}")
    done: datetime | None = None
    original: "Order | None" = None

    @property
    def key(self):
        return self.fields["orderId"], self.fields["txnTime"]

    @property
    def kind(self):
        return self.fields["txnType"]

    @property
    def number(self):
        return self.fields["orderId"]

    @property
    def amount(self):
        return int(self.fields["txnAmt"])

    def is_over(self, now):
        end = self.fields.get("payTimeout")
        return bool(end) and datetime.strptime(end, TIME_FORMAT).replace(tzinfo=CHINA) <= now


class Orders:
    """All transactions of one merchant."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.by_key = {}

    def by_number(self, number):
        return next(order for order in self.by_key.values() if order.number == number)

    def refunds_of(self, order):
        return [each for each in self.by_key.values() if each.original is order and each.status != "60"]

    def check(self, params):
        """Refuse what the gateway refuses before it looks at what is asked for."""
        kind = (params.get("txnType"), params.get("txnSubType"))
        if kind not in FIELDS or (params["version"], params["signMethod"]) != ("5.1.0", "01"):
            raise RefusalError("10", "报文格式错误")
        required, optional = FIELDS[kind]
        if required - params.keys():
            raise RefusalError("13", f"报文交易要素缺失 {sorted(required - params.keys())}")
        if params.keys() - required - optional or "" in params.values():
            raise RefusalError("10", f"报文格式错误 {sorted(params.keys() - required - optional)}")
        if params["merId"] != self.gateway.merchant.mer_id or params["encoding"].upper() != "UTF-8":
            raise RefusalError("10", "merId, encoding")
        self._check_values(params)

    def _check_values(self, params):
        try:
            sent = datetime.strptime(params["txnTime"], TIME_FORMAT).replace(tzinfo=CHINA)
        except ValueError:
            raise RefusalError("10", "txnTime") from None
        if params["txnType"] not in ("00",) and abs((self.gateway.now() - sent).total_seconds()) > 3600:
            raise RefusalError("10", "txnTime")
        if "orderId" in params and not ORDER_ID.fullmatch(params["orderId"]):
            raise RefusalError("10", "orderId")
        if "txnAmt" in params and (not AMOUNT.fullmatch(params["txnAmt"]) or params["currencyCode"] != "156"):
            raise RefusalError("10", "txnAmt")
        if any(not params[name].startswith("http") for name in ("backUrl", "frontUrl") if name in params):
            raise RefusalError("10", "backUrl")

    def create(self, params):
        """Take a payment order."""
        order = Order(params, self.gateway.now())
        if order.key in self.by_key:
            raise RefusalError("12", "重复交易")
        self.by_key[order.key] = order
        return order

    def find(self, params):
        order = self.by_key.get((params["orderId"], params["txnTime"]))
        if order is None:
            raise RefusalError("34", "查无此交易")
        if order.kind == "01" and order.status == "05" and order.is_over(self.gateway.now()):
            order.status = "60"  # over: which of its failures the real one names is not documented
        return order

    def pay(self, order):
        """The buyer confirms; True if this very call paid it."""
        with self.gateway.lock:
            now = self.gateway.now()
            late = order.is_over(now) and not self.gateway.knobs.paid_after_close
            if order.done or late:
                return False
            self._finish(order, now)
            return True

    def _finish(self, order, now):
        order.status, order.done = "00", now
        order.query_id = f"{secrets.randbelow(1000):03d}{now:%y%m%d%H%M%S}{order.trace_no}"

    def give_back(self, params):
        """Take a refund or a cancellation."""
        original = next(
            (o for o in self.by_key.values() if o.query_id == params["origQryId"] and o.kind == "01"), None
        )
        if original is None:
            raise RefusalError("35", "原交易不存在或状态不正确")
        if (params["orderId"], params["txnTime"]) in self.by_key:
            raise RefusalError("12", "重复交易")
        taken = sum(each.amount for each in self.refunds_of(original))
        whole = params["txnType"] == "31"
        if whole and (taken or int(params["txnAmt"]) != original.amount or not self._is_same_day(original)):
            raise RefusalError("36", "与原交易信息不符")
        if taken + int(params["txnAmt"]) > original.amount:
            raise RefusalError("36", "累计退货金额超过原交易金额")
        order = Order(params, self.gateway.now(), original=original)
        self.by_key[order.key] = order
        order.query_id = f"{secrets.randbelow(1000):03d}{order.created:%y%m%d%H%M%S}{order.trace_no}"
        return order

    def _is_same_day(self, original):
        return original.done.date() == self.gateway.now().date()

    def finish_refund(self, order, status="00"):
        with self.gateway.lock:
            order.status, order.done = status, self.gateway.now()
