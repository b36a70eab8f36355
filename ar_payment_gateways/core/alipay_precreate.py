"""What we ask for when we have Alipay make a code (alipay.trade.precreate)."""

import re
from datetime import datetime

from .alipay_trade import format_time
from .money import format_minor

SUBJECT_MAX_CHARS = 256
# The documentation of `subject`: "不可使用特殊字符，如 /，=，& 等".
_FORBIDDEN = re.compile(r"[/=&\\\x00-\x1f\"'<>\s]+")


def precreate_content(
    *,
    order_number: str,
    amount_minor: int,
    subject: str,
    product_code: str,
    seller_id: str,
    expires_at: datetime,
) -> dict[str, str]:
    """Return the `biz_content`. Same arguments, same content: Alipay takes a repeated number only with it.

    :param amount_minor: fen.
    :param subject: what the buyer sees in his app; cleaned and cut here.
    :param expires_at: with a zone; the trade closes then, also when it was never scanned.
    """
    return {
        "out_trade_no": order_number,
        "total_amount": format_minor(amount_minor),
        "subject": clean_subject(subject),
        "product_code": product_code,
        "seller_id": seller_id,
        "time_expire": format_time(expires_at),
    }


def clean_subject(text: str) -> str:
    """Return `text` without the characters Alipay refuses in a subject, at most SUBJECT_MAX_CHARS long."""
    return _FORBIDDEN.sub(" ", text).strip()[:SUBJECT_MAX_CHARS]
