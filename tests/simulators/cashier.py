"""The page that a simulator's code leads to: what a buyer's wallet would show, with one button."""

from html import escape

PAGE = """<!DOCTYPE html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>
body{{margin:0;font:16px/1.5 system-ui,"Noto Sans CJK SC",sans-serif;background:#f5f5f5;text-align:center}}
main{{max-width:420px;margin:0 auto;min-height:100vh;background:#fff;padding:24px;box-sizing:border-box}}
h1{{font-size:1rem;color:{colour}}}.amount{{font-size:2.5rem;font-weight:700;margin:24px 0}}
button{{width:100%;padding:14px;border:0;border-radius:8px;background:{colour};color:#fff;font:inherit}}
small{{color:#777}}</style></head><body><main><h1>{title}</h1>{body}
<p><small>{number}</small></p></main></body></html>"""


def yuan(amount_minor):
    return f"{amount_minor // 100}.{amount_minor % 100:02d}"


def form(action, fields, button):
    """Return a form that posts `fields` with one button."""
    inputs = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields.items()
    )
    return f'<form method="post" action="{escape(action)}">{inputs}<button>{escape(button)}</button></form>'


def page(*, title, colour, subject, amount_minor, number, pay_url="", paid=False, extra=""):
    """Return the cashier page: a button if `pay_url` is given, else how it ended."""
    text = f'<p>{escape(subject)}</p><p class="amount">¥ {yuan(amount_minor)}</p>'
    if paid:
        text += "<h2>✓ 支付成功 · Paid</h2>"
    elif pay_url:
        text += form(pay_url, {}, "确认付款 · Pay")
    else:
        text = "<h2>订单已关闭 · Closed</h2>"
    return PAGE.format(title=title, colour=colour, body=text + extra, number=escape(number)).encode()
