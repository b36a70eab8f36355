"""The trade bill (业务明细) of the Alipay simulator: a ZIP whose names and contents are GBK.

Layout as in public samples of real bills (handbook, gateways.md 2.2); signs as in three of the four: refunds negative,
the fee of a payment negative.
"""

import io
import secrets
import time
import zipfile
from dataclasses import dataclass, field
from datetime import date

from .alipay_trades import RefusalError, now, yuan

BILL_METHOD = "alipay.data.dataservice.bill.downloadurl.query"
URL_SECONDS = 30

COLUMNS = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,"
    "订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,"
    "商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)
RULE = "#-----------------------------------------业务明细列表{}-----------------------------------"


def signed(amount_minor):
    return ("-" if amount_minor < 0 else "") + yuan(abs(amount_minor))


def row(trade_no, number, subject, at, amount_minor, refund_number="", fee_minor=0):
    """Return one line; `amount_minor` is negative for a refund."""
    amount, kind = signed(amount_minor), "退款" if refund_number else "交易"
    money = [amount, amount, *["0.00"] * 5, "", "0.00\t", "0.00"]
    head = [f"{trade_no}\t", f"{number}\t", f"{kind}\t", subject, at, at, *["\t"] * 4, "*杨(137****2600)\t"]
    return ",".join([*head, *money, f"{refund_number}\t", signed(fee_minor), "0.00", ""])


def details(rows, totals, account="20880000000000010156"):
    """Return the text of the bill; `totals`: (payments, fen, refunds, fen), what the end says of the rows."""
    paid, paid_minor, back, back_minor = totals
    lines = [
        "#支付宝业务明细查询",
        f"#账号：[{account}]",
        "#起始日期：[2026年11月23日 00:00:00]   终止日期：[2026年11月24日 00:00:00]",
        RULE.format(""),
        COLUMNS,
        *rows,
        RULE.format("结束"),
        f"#交易合计：{paid}笔，商家实收共{yuan(paid_minor)}元，商家优惠共0.00元",
        f"#退款合计：{back}笔，商家实收退款共{signed(-back_minor)}元，商家优惠退款共0.00元",
        "#导出时间：[2026年11月24日 09:07:37]",
        "",
    ]
    return "\r\n".join(lines)


class GbkName(zipfile.ZipInfo):
    """A member whose name is written in GBK, and no flag says so: as Alipay does it."""

    def _encodeFilenameFlags(self):  # noqa: N802 zipfile's name for it
        return self.filename.encode("gbk"), self.flag_bits


def archive(text, account="20880000000000010156", day="20261123", word="业务"):
    """Return the ZIP: the summary first, the details second."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in ((f"{word}明细(汇总)", f"#支付宝{word}汇总查询\r\n"), (f"{word}明细", text)):
            info = GbkName(f"{account}_{day}_{name}.csv")
            info.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(info, content.encode("gbk"))
    return stream.getvalue()


def trade_bill(trades, day, without=(), extra=(), amount_delta=None):
    """Return the bill of what a simulator's `Trades` holds of a day, None if nothing happened.

    :param without: order numbers left out; `extra`: (trade number, order number, fen) that only the bill knows.
    :param amount_delta: {order number: fen more than was paid}.
    """
    rows, paid, back = [], [], []
    for trade_no, number, amount in extra:
        rows.append(row(trade_no, number, "柜台", f"{day} 08:00:00", amount, fee_minor=-(amount * 6 // 1000)))
        paid.append(amount)
    for trade in trades.by_number.values():
        if not trade.paid or trade.paid.date() != day or trade.number in without:
            continue
        at = trade.paid.strftime("%Y-%m-%d %H:%M:%S")
        subject = trade.content["subject"].replace(",", " ")
        amount = trade.amount_minor + (amount_delta or {}).get(trade.number, 0)
        fee = -(amount * 6 // 1000)
        rows.append(row(trade.trade_no, trade.number, subject, at, amount, fee_minor=fee))
        paid.append(amount)
        for number, amount in trade.refunds.items():
            rows.append(row(trade.trade_no, trade.number, subject, at, -amount, number))
            back.append(amount)
    if not rows:
        return None
    return archive(details(rows, (len(paid), sum(paid), len(back), sum(back))), day=f"{day:%Y%m%d}")


FUND_COLUMNS = (
    "账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,"
    "收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注"
)


def fund_bill(trades, day, payout=0):
    """Return the fund flow (账务明细) of a day, the newest row first; None if nothing happened.

    The account holds what the days before have left, each less `payout`.
    """
    days = sorted({trade.paid.date() for trade in trades.by_number.values() if trade.paid})
    before = sum(move[3] for each in days if each < day for move in fund_moves(trades, each, payout))
    moves = fund_moves(trades, day, payout)
    return fund_archive(moves, day, balance=before) if moves else None


def fund_moves(trades, day, payout):
    """Return the movements of a day (moment, trade number, order number, fen, type, note), the oldest first."""
    moves = []
    for trade in trades.by_number.values():
        if trade.paid and trade.paid.date() == day:
            amount, fee = trade.amount_minor, trade.amount_minor * 6 // 1000
            moves.append((trade.paid, trade.trade_no, trade.number, amount, "在线支付", ""))
            moves.append(
                (trade.paid, trade.trade_no, trade.number, -fee, "收费", f"服务费[{trade.trade_no}]")
            )
            moves += [
                (trade.paid, trade.trade_no, trade.number, -back, "交易退款", "")
                for back in trade.refunds.values()
            ]
    moves.sort(key=lambda move: move[0])
    if payout and moves:
        moves.append((moves[-1][0], "20260000", "", -payout, "提现", ""))
    return moves


def fund_archive(moves, day, account="20880000000000010156", balance=0):
    """Return the ZIP of movements as of `fund_moves`; `balance`: fen in the account before them."""
    rows = []
    for serial, (at, trade_no, number, fen, kind, note) in enumerate(moves):
        balance += fen
        money = [yuan(fen) if fen > 0 else "0.00", signed(fen) if fen < 0 else "0.00", signed(balance)]
        head = [
            f"{day:%y%m%d}{serial:09d}\t",
            f"{trade_no}\t",
            f"{number}\t",
            "货款\t",
            f"{at:%Y-%m-%d %H:%M:%S}",
        ]
        rows.append(",".join([*head, "*杨(137****2600)", *money, "支付宝", kind, note]))
    came, gone = ([move[3] for move in moves if (move[3] > 0) is way] for way in (True, False))
    lines = [
        "#支付宝账务明细查询",
        f"#账号：[{account}]",
        f"#起始日期：[{day:%Y年%m月%d日} 00:00:00]   终止日期：[{day:%Y年%m月%d日} 24:00:00]",
        RULE.format("").replace("业务", "账务"),
        FUND_COLUMNS,
        *reversed(rows),
        RULE.format("结束").replace("业务", "账务"),
        f"#支出合计：{len(gone)}笔，共{signed(sum(gone))}元",
        f"#收入合计：{len(came)}笔，共{yuan(sum(came))}元",
        "#导出时间：[2026年11月24日 09:07:37]",
        "",
    ]
    return archive("\r\n".join(lines), account, f"{day:%Y%m%d}", "账务")


@dataclass
class BillKnobs:
    """How bills misbehave."""

    bill_not_ready: int = 0  # questions about bills answered as if it was not made yet
    bill_url: str = ""  # the address of the bill that is named instead of ours
    bill_redirect: str = ""  # where the download of a bill redirects to
    bill_without: tuple = ()  # order numbers that a bill leaves out
    bill_payout: int = 0  # fen that went to the bank at the end of the day
    bill_extra: tuple = ()  # (trade number, order number, fen) that only the bill knows
    bill_amount_delta: dict = field(default_factory=dict)  # {order number: fen more in the bill}


class Bills:
    """What the bill method answers: an address that is good for half a minute. Also today's: a demo does not wait."""

    def __init__(self, simulator):
        self.simulator = simulator
        self.files = {}  # token: (when it was made, content)

    def ask(self, content):
        """Answer alipay.data.dataservice.bill.downloadurl.query."""
        try:
            day = date.fromisoformat(content.get("bill_date", ""))
        except ValueError:
            raise RefusalError("INVAILID_ARGUMENTS") from None  # sic
        knobs = self.simulator.knobs
        if knobs.bill_not_ready:
            knobs.bill_not_ready -= 1
            raise RefusalError("BILL_NOT_EXIST")
        kinds = {"trade": self.of_day, "signcustomer": self.funds_of_day}
        found = kinds[content["bill_type"]](day) if content.get("bill_type") in kinds else None
        if found is None or day > now().date():
            raise RefusalError("BILL_NOT_EXIST")
        token = secrets.token_hex(16)
        self.files[token] = (time.monotonic(), found)
        if knobs.bill_url:
            return {"bill_download_url": knobs.bill_url}
        return {"bill_download_url": f"{self.simulator.base_url}/bill/{token}"}

    def of_day(self, day):
        """Return the file of a day as the knobs have it, None if there is nothing to list."""
        knobs = self.simulator.knobs
        return trade_bill(
            self.simulator.trades, day, knobs.bill_without, knobs.bill_extra, knobs.bill_amount_delta
        )

    def funds_of_day(self, day):
        """Return the fund flow of a day, None if there is none."""
        return fund_bill(self.simulator.trades, day, self.simulator.knobs.bill_payout)

    def download(self, token):
        """Return the file, None if there is none or its time is over."""
        made, content = self.files.get(token, (0, None))
        return content if time.monotonic() - made <= URL_SECONDS else None
