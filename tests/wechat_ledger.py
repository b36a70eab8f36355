"""A WeChat Pay simulator that has seen a ledger, for the bills that it makes of it."""

from datetime import timedelta
from types import SimpleNamespace

from .simulators import wechat_bills, wechat_orders
from .simulators.gateway import Knobs


def bills_of(ledger, noon, subject="深圳货款, 一批`货"):
    """Return the bills of a simulator whose orders were paid from a moment on, a second apart.

    :param ledger: (fen paid, [fen refunded]) of each order.
    """
    merchant = SimpleNamespace(appid="wx1", mchid="1900000109")
    gateway = SimpleNamespace(knobs=Knobs(), merchant=merchant, now=lambda: noon)
    gateway.orders = wechat_orders.Orders(gateway)
    for number, (amount, backs) in enumerate(ledger):
        content = {"out_trade_no": f"AR{number:020d}", "amount": {"total": amount}, "description": subject}
        order = wechat_orders.Order("native", content, state="SUCCESS", paid=noon + timedelta(seconds=number))
        order.transaction_id = f"4200{number:024d}"
        for back, fen in enumerate(backs):
            refund = {"out_refund_no": f"RF{number}x{back}", "amount": {"refund": fen}}
            order.refunds[refund["out_refund_no"]] = wechat_orders.Refund(
                refund, f"503{number:020d}{back}", order.paid, "SUCCESS"
            )
        gateway.orders.by_number[order.number] = order
    return wechat_bills.Bills(gateway)
