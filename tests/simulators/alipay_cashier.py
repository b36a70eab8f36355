"""The page that the simulator's code leads to: what a buyer's Alipay app would show, with one button."""

from html import escape

from .alipay_trades import yuan

PAGE = """<!DOCTYPE html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>支付宝模拟器</title><style>
body{{margin:0;font:16px/1.5 system-ui,"Noto Sans CJK SC",sans-serif;background:#f5f5f5;text-align:center}}
main{{max-width:420px;margin:0 auto;min-height:100vh;background:#fff;padding:24px;box-sizing:border-box}}
h1{{font-size:1rem;color:#0e6fde}}.amount{{font-size:2.5rem;font-weight:700;margin:24px 0}}
button{{width:100%;padding:14px;border:0;border-radius:8px;background:#0e6fde;color:#fff;font:inherit}}
small{{color:#777}}</style></head><body><main><h1>支付宝模拟器 · Alipay simulator</h1>{body}
<p><small>{number}</small></p></main></body></html>"""


HEADINGS = {
    "alipay.trade.page.pay": "电脑网站支付 · Computer",
    "alipay.trade.wap.pay": "手机网站支付 · Phone",
}


def page(trade, payable, back="") -> bytes:
    """Return the cashier page of `trade`: a button if it can be paid, else how it ended.

    :param back: where a buyer who has paid goes.
    """
    amount = f'<p>{escape(trade.content["subject"])}</p><p class="amount">¥ {yuan(trade.amount_minor)}</p>'
    if trade.method:
        amount = f"<p><small>{HEADINGS[trade.method]}</small></p>{amount}"
    if trade.paid:
        body = f"{amount}<h2>✓ 支付成功 · Paid</h2>{_way('返回商家 · Back to the merchant', back)}"
    elif payable:
        action = f"/cashier/{trade.cashier_id}/pay"
        body = f'{amount}<form method="post" action="{action}"><button>确认付款 · Pay</button></form>'
        body += _way("放弃付款 · Not now", trade.content.get("quit_url", ""))
    else:
        body = "<h2>交易已关闭 · Closed</h2>"
    return PAGE.format(body=body, number=escape(trade.number)).encode()


def _way(text, url) -> str:
    return f'<p><a href="{escape(url)}">{text}</a></p>' if url else ""
