"""Bills of the WeChat Pay simulator, from its own ledger: UTF-8 with BOM, CRLF, a back-tick before each value.

The trade bill has the 27 columns of type ALL, the fund flow its 11 (handbook, gateways.md 2.1).
"""

import hashlib
import secrets
from datetime import date, timedelta
from decimal import Decimal

from .cashier import yuan
from .wechat_orders import RefusalError

TRADE_COLUMNS = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,"
    "微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
TRADE_SUMMARY = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
FUND_COLUMNS = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,"
    "收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号"
)
FUND_SUMMARY = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"
RATE = Decimal("0.006")
TIME_FORMAT = "%Y-%m-%d %H:%M:%S"


def fee(amount_minor):
    """Return the fee in yuan with five decimals."""
    return (Decimal(amount_minor) / 100 * RATE).quantize(Decimal("0.00001"))


def fee_minor(amount_minor):
    """Return the fee in fen as the account is charged."""
    return int((Decimal(amount_minor) * RATE).quantize(Decimal(1)))


def ticked(values):
    return ",".join(f"`{value}" for value in values)


def as_file(lines):
    """Return the bytes of a bill."""
    return ("\ufeff" + "".join(f"{line}\r\n" for line in lines)).encode()


class Bills:
    """What the bill addresses answer."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.files = {}

    def ask(self, path, query):
        try:
            day = date.fromisoformat(query.get("bill_date", ""))
        except ValueError:
            raise RefusalError(400, "PARAM_ERROR", "bill_date") from None
        today = self.gateway.now().date()
        if day > today or (day == today and not self.gateway.knobs.bill_today):
            raise RefusalError(400, "PARAM_ERROR", "bill_date")
        if self.gateway.knobs.bill_not_ready:
            raise RefusalError(400, "STATEMENT_CREATING")
        content = self.trade_bill(day) if path.endswith("tradebill") else self.fund_bill(day)
        if content is None:
            raise RefusalError(400, "NO_STATEMENT_EXIST")
        token = secrets.token_hex(16)
        self.files[token] = content
        address = f"{self.gateway.base_url}/v3/billdownload/file?token={token}"
        return {"hash_type": "SHA1", "hash_value": hashlib.sha1(content).hexdigest(), "download_url": address}

    def download(self, query):
        if query.get("token") not in self.files:
            raise RefusalError(404, "RESOURCE_NOT_EXISTS")
        return self.files[query["token"]]

    def entries(self, moved_days=None):
        """Return (moment, order, refund or None, fen) of all that happened, by the knobs for bad bills.

        :param moved_days: {order number: so many days later}, for what the account does at midnight.
        """
        knobs, found = self.gateway.knobs, []
        for order in self.gateway.orders.by_number.values():
            if order.number in knobs.bill_without:
                continue
            later = timedelta(days=(moved_days or {}).get(order.number, 0))
            if order.paid:
                total = order.total + knobs.bill_amount_delta.get(order.number, 0)
                found.append((order.paid + later, order, None, total))
            found += [
                (each.created + later, order, each, each.amount)
                for each in order.refunds.values()
                if each.status != "CLOSED"
            ]
        return sorted(found, key=lambda entry: entry[0])

    def trade_bill(self, day):
        entries = [entry for entry in self.entries() if entry[0].date() == day]
        if not entries:
            return None
        rows = [self._trade_row(*entry) for entry in entries]
        paid = sum(amount for _at, _order, refund, amount in entries if not refund)
        back = sum(amount for _at, _order, refund, amount in entries if refund)
        fees = sum((Decimal(row[22]) for row in rows), Decimal(0))
        totals = [len(rows), yuan(paid), yuan(back), "0.00", f"{fees:.5f}", yuan(paid), yuan(back)]
        return as_file([TRADE_COLUMNS, *map(ticked, rows), TRADE_SUMMARY, ticked(totals)])

    def _trade_row(self, moment, order, refund, amount):
        merchant = self.gateway.merchant
        kind = {"native": "NATIVE", "jsapi": "JSAPI", "h5": "MWEB"}[order.kind]
        # Commas in what a merchant wrote come as a back-slash and a blank.
        subject = order.content["description"].replace(",", "\\ ")
        head = [
            moment.strftime(TIME_FORMAT), merchant.appid, merchant.mchid, "0", "", order.transaction_id, order.number,
            "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", kind, "REFUND" if refund else "SUCCESS", "OTHERS", "CNY",
        ]  # fmt: skip
        if refund:
            back = [refund.refund_id, refund.content["out_refund_no"], yuan(amount), "0.00", "ORIGINAL"]
            status = "SUCCESS" if refund.status == "SUCCESS" else "PROCESSING"
            tail = [subject, "", f"-{fee(amount):.5f}", "0.60%", "0.00", yuan(amount), ""]
            return [*head, "0.00", "0.00", *back, status, *tail]
        middle = [yuan(amount), "0.00", "0", "0", "0.00", "0.00", "", ""]
        return [*head, *middle, subject, "", f"{fee(amount):.5f}", "0.60%", yuan(amount), "0.00", ""]

    def fund_bill(self, day):
        rows, balance, sums = [], 0, {"收入": [0, 0], "支出": [0, 0]}
        for moment, order, refund, amount in self.entries(self.gateway.knobs.bill_fund_days):
            if moment.date() > day:
                break
            moves = [("退款", "支出", amount - fee_minor(amount))] if refund else [("交易", "收入", amount)]
            if not refund and fee_minor(amount):
                moves.append(("扣除交易手续费", "支出", fee_minor(amount)))
            for name, direction, fen in moves:
                balance += fen if direction == "收入" else -fen
                if moment.date() < day:
                    continue  # what the account holds from the days before
                sums[direction][0] += 1
                sums[direction][1] += fen
                number = refund.refund_id if refund else order.transaction_id
                voucher = refund.content["out_refund_no"] if refund else order.number
                rows.append(
                    [moment.strftime(TIME_FORMAT), number, order.transaction_id, name, name, direction, yuan(fen),
                     f"{Decimal(balance) / 100:.2f}", f"{self.gateway.merchant.mchid}API", "", voucher]
                )  # fmt: skip
        if not rows:
            return None
        (come, income), (gone, outgo) = sums["收入"], sums["支出"]
        totals = [len(rows), come, yuan(income), gone, yuan(outgo)]
        return as_file([FUND_COLUMNS, *map(ticked, rows), FUND_SUMMARY, ticked(totals)])
