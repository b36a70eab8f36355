"""The trades of the Alipay simulator: what each method of the gateway accepts and answers.

Follows the open platform's documentation of alipay.trade.precreate, .query, .close, .refund and
.fastpay.refund.query; the refusals are those of the real gateway. A code is no trade yet: the trade begins when
somebody scans it.
"""

import re
import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))
TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
NUMBER = re.compile(r"[0-9A-Za-z_]{1,64}")
AMOUNT = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]{1,2})?")
PRODUCTS = ("QR_CODE_OFFLINE", "FACE_TO_FACE_PAYMENT")
PRECREATE_FIELDS = {
    "out_trade_no", "total_amount", "subject", "product_code", "seller_id", "body", "time_expire", "timeout_express",
}  # fmt: skip
REFUND_FIELDS = {"out_trade_no", "refund_amount", "out_request_no", "refund_reason"}


def now():
    return datetime.now(CHINA)


def fen(text):
    """Return yuan as an integer of fen; raise RefusalError unless it is a string with at most two decimals."""
    if not isinstance(text, str) or not AMOUNT.fullmatch(text):
        raise RefusalError("ACQ.INVALID_PARAMETER", "金额必须是最多两位小数的字符串")
    yuan, _dot, cents = text.partition(".")
    return int(yuan) * 100 + int(cents.ljust(2, "0") or 0)


def yuan(amount_minor):
    return f"{amount_minor // 100}.{amount_minor % 100:02d}"


class RefusalError(Exception):
    """A business failure: code 40004 with this sub_code."""

    def __init__(self, sub_code, sub_msg=""):
        super().__init__(sub_code)
        self.sub_code, self.sub_msg = sub_code, sub_msg


@dataclass
class Trade:
    """A code that was handed out, and the trade it becomes when scanned."""

    content: dict
    notify_url: str
    cashier_id: str = field(default_factory=lambda: secrets.token_hex(8))
    status: str = ""  # '' until scanned
    trade_no: str = ""
    created: datetime | None = None
    paid: datetime | None = None
    refunds: dict = field(default_factory=dict)
    method: str = ""  # of Alipay's own page, which is where it is paid; '' for a code
    return_url: str = ""

    @property
    def number(self):
        return self.content["out_trade_no"]

    @property
    def amount_minor(self):
        return fen(self.content["total_amount"])

    @property
    def is_over(self):
        expiry = self.content.get("time_expire")
        return bool(expiry) and datetime.strptime(expiry, TIME_FORMAT).replace(tzinfo=CHINA) <= now()


class Trades:
    """All trades of one merchant. Every method takes `biz_content` and returns the answer's fields."""

    def __init__(self, merchant):
        self.merchant = merchant
        self.by_number = {}
        self.balance_minor = None  # what refunds are paid from, in fen; None: enough
        self.lock = threading.RLock()

    # --- methods of the gateway ---

    def precreate(self, content, notify_url):
        return self.order(content, notify_url, PRECREATE_FIELDS, PRODUCTS)

    def order(self, content, notify_url, fields, products):
        """Register an order of one of `products`, or find it; it is no trade before a buyer has identified himself."""
        self._check_order(content, fields, products)
        with self.lock:
            trade = self.by_number.get(content["out_trade_no"])
            if trade is None:
                trade = self.by_number[content["out_trade_no"]] = Trade(content, notify_url)
            elif trade.status == "TRADE_CLOSED":
                raise RefusalError("ACQ.TRADE_HAS_CLOSE")
            elif trade.paid:
                raise RefusalError("ACQ.TRADE_HAS_SUCCESS")
            elif trade.content != content:
                raise RefusalError("ACQ.CONTEXT_INCONSISTENT")
            return trade

    def _check_order(self, content, fields, products):
        missing = {"out_trade_no", "total_amount", "subject", "product_code"} - content.keys()
        if missing or content.keys() - fields:
            raise RefusalError(
                "ACQ.INVALID_PARAMETER", f"参数无效: {sorted(missing or content.keys() - fields)}"
            )
        if any(not isinstance(value, str) for value in content.values()):
            raise RefusalError("ACQ.INVALID_PARAMETER", "参数必须是字符串")
        if not NUMBER.fullmatch(content["out_trade_no"]):
            raise RefusalError("ACQ.INVALID_PARAMETER", "out_trade_no")
        if not 1 <= fen(content["total_amount"]) <= 10**10:
            raise RefusalError("ACQ.TOTAL_FEE_EXCEED")
        if not 0 < len(content["subject"]) <= 256 or re.search("[/=&]", content["subject"]):
            raise RefusalError("ACQ.INVALID_PARAMETER", "subject")
        if content["product_code"] not in products:
            raise RefusalError("ACQ.ACCESS_FORBIDDEN")
        if content.get("seller_id", self.merchant.seller_id) != self.merchant.seller_id:
            raise RefusalError("ACQ.INVALID_PARAMETER", "seller_id")
        self._check_expiry(content.get("time_expire"))

    @staticmethod
    def _check_expiry(text):
        if text is None:
            return
        try:
            expiry = datetime.strptime(text, TIME_FORMAT).replace(tzinfo=CHINA)
        except ValueError:
            raise RefusalError("ACQ.INVALID_PARAMETER", "time_expire") from None
        if not now() < expiry < now() + timedelta(days=15):
            raise RefusalError("ACQ.INVALID_PARAMETER", "time_expire")

    def query(self, content):
        with self.lock:
            trade = self._scanned(content)
            answer = {
                "trade_no": trade.trade_no,
                "out_trade_no": trade.number,
                "trade_status": trade.status,
                "total_amount": yuan(trade.amount_minor),
                "buyer_pay_amount": yuan(trade.amount_minor if trade.paid else 0),
                "receipt_amount": yuan(trade.amount_minor if trade.paid else 0),
            }
            if trade.paid:
                answer["send_pay_date"] = trade.paid.strftime(TIME_FORMAT)
            return answer

    def close(self, content):
        with self.lock:
            trade = self._scanned(content)
            if trade.status != "WAIT_BUYER_PAY":
                raise RefusalError("ACQ.TRADE_STATUS_ERROR")
            trade.status = "TRADE_CLOSED"
            return {"trade_no": trade.trade_no, "out_trade_no": trade.number}

    def refund(self, content):
        if content.keys() - REFUND_FIELDS or any(not isinstance(value, str) for value in content.values()):
            raise RefusalError("ACQ.INVALID_PARAMETER", "参数无效")
        with self.lock:
            trade = self._scanned(content)
            if not trade.paid:
                raise RefusalError("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
            amount = fen(content.get("refund_amount"))
            # Without a number a refund is of the whole trade.
            request_no = content.get("out_request_no") or trade.number
            if not NUMBER.fullmatch(request_no) or (
                not content.get("out_request_no") and amount != trade.amount_minor
            ):
                raise RefusalError("ACQ.INVALID_PARAMETER", "out_request_no")
            fresh = request_no not in trade.refunds
            if not fresh and trade.refunds[request_no] != amount:
                raise RefusalError("ACQ.DISCORDANT_REPEAT_REQUEST", "不一致的请求")
            if fresh:
                self._check_refund(trade, amount)
                trade.refunds[request_no] = amount
                if sum(trade.refunds.values()) == trade.amount_minor:
                    trade.status = "TRADE_CLOSED"
            return {
                "trade_no": trade.trade_no,
                "out_trade_no": trade.number,
                "fund_change": "Y" if fresh else "N",
                "refund_fee": yuan(sum(trade.refunds.values())),  # all of them, not this one's
            }

    def _check_refund(self, trade, amount):
        if not amount or sum(trade.refunds.values()) + amount > trade.amount_minor:
            raise RefusalError("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额超限")
        if self.balance_minor is not None and amount > self.balance_minor:
            raise RefusalError("ACQ.SELLER_BALANCE_NOT_ENOUGH", "卖家余额不足")
        if self.balance_minor is not None:
            self.balance_minor -= amount

    def refund_query(self, content):
        """alipay.trade.fastpay.refund.query: no such refund is a success without `refund_status`."""
        if {"out_trade_no", "out_request_no"} - content.keys():
            raise RefusalError("ACQ.INVALID_PARAMETER", "out_request_no")
        with self.lock:
            trade = self._scanned(content)
            amount = trade.refunds.get(content["out_request_no"])
            if amount is None:
                return {}
            return {
                "trade_no": trade.trade_no,
                "out_trade_no": trade.number,
                "out_request_no": content["out_request_no"],
                "total_amount": yuan(trade.amount_minor),
                "refund_amount": yuan(amount),
                "refund_status": "REFUND_SUCCESS",
            }

    def _scanned(self, content):
        trade = self.by_number.get(content.get("out_trade_no"))
        if trade is None or not trade.status:
            raise RefusalError("ACQ.TRADE_NOT_EXIST", "交易不存在")
        if trade.status == "WAIT_BUYER_PAY" and trade.is_over:
            trade.status = "TRADE_CLOSED"
        return trade

    # --- what the buyer does ---

    def scan(self, trade):
        """The buyer scans: now the trade exists. False if the code is over."""
        with self.lock:
            if not trade.status and not trade.is_over:
                trade.status = "WAIT_BUYER_PAY"
                trade.created = now()
                trade.trade_no = f"{now():%Y%m%d}22001{secrets.randbelow(10**15):015d}"
            return trade.status in ("WAIT_BUYER_PAY", "TRADE_SUCCESS")

    def pay(self, trade):
        """The buyer confirms; True if this very call paid it."""
        with self.lock:
            if not self.scan(trade) or trade.paid or trade.status == "TRADE_CLOSED":
                return False
            trade.status, trade.paid = "TRADE_SUCCESS", now()
            return True

    def by_cashier_id(self, cashier_id):
        with self.lock:
            return next((t for t in self.by_number.values() if t.cashier_id == cashier_id), None)
