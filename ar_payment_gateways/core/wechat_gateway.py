"""WeChat Pay's answers in the shape that all gateways share (core/gateway.py): what an adapter calls.

Answers of 2xx are signed and checked. Others never are ("4xx/5xx carry no signature", documentation of verification):
they come over TLS, and are read for what to do next, never for money.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .gateway import Acknowledgement, Answer, Closing, Created, Notification, RefundAnswer
from .trade import RefundReport, RefundVerdict
from .wechat_keys import KeyRing
from .wechat_message import read_answer, read_notification, read_object
from .wechat_signing import RefusedMessageError
from .wechat_trade import Advice, advise, is_refund, report_of_refund, report_of_transaction

_DONE = frozenset({200, 204})


@dataclass(frozen=True)
class Reply:
    """What came back: the status and the members of the body, {} if it had none."""

    status: int
    content: Mapping[str, Any]
    answered_at: datetime | None = None
    """By WeChat's clock, where it says so."""

    @property
    def is_success(self) -> bool:
        """Whether it is what was asked for; then it was signed."""
        return self.status in _DONE

    @property
    def advice(self) -> Advice:
        """What to do about it if it is no success."""
        return advise(self.status, _text(self.content, "code"))

    @property
    def reason(self) -> str:
        """Why, in WeChat's words, if it is no success."""
        parts = (_text(self.content, "code") or str(self.status), _text(self.content, "message"))
        return " ".join(filter(None, parts))


def read_reply(status: int, headers: Mapping[str, str], body: bytes, keys: KeyRing, now: datetime) -> Reply:
    """Read an answer.

    :raise RefusedMessageError: if it is a success that WeChat did not sign: then nothing is known.
    """
    if status in _DONE:
        return Reply(status, read_answer(headers, body, keys, now))
    try:
        return Reply(status, read_object(body))
    except RefusedMessageError:
        return Reply(status, {})


def created(reply: Reply) -> Created | None:
    """Read the answer to an order; None if it was refused, or nothing is known (`advice`).

    Native orders have a code, H5 orders an address, JSAPI orders a number that WeChat's own browser is handed.
    """
    if reply.is_success:
        prepay_id = _text(reply.content, "prepay_id")
        return Created(
            qr_content=_text(reply.content, "code_url"),
            pay_url=_text(reply.content, "h5_url"),
            pay_fields={"prepay_id": prepay_id} if prepay_id else {},
        )
    return Created(is_spent=True) if reply.advice is Advice.NEW_NUMBER else None


def answer(reply: Reply) -> Answer | None:
    """Read the answer to a query of an order; None if it could not be answered."""
    if reply.is_success:
        return Answer(report_of_transaction(reply.content))
    return Answer(None) if reply.advice is Advice.NOT_FOUND else None


def closing(reply: Reply) -> Closing:
    """Read the answer to closing an order."""
    if reply.is_success or reply.advice in (Advice.NOT_FOUND, Advice.NEW_NUMBER):
        return Closing.CLOSED
    return Closing.PAID if reply.advice is Advice.SETTLED else Closing.UNKNOWN


def refund_answer(reply: Reply, refund_number: str, order_number: str) -> RefundAnswer:
    """Read the answer to a refund or to a query of one. A success means accepted: its status says the rest.

    :return: without a report where only a query, or the same request once more, can tell.
    """
    if reply.is_success:
        return RefundAnswer(report_of_refund(reply.content))
    if reply.advice is Advice.REFUSED:
        return RefundAnswer(_failed(refund_number, order_number), reply.reason)
    return RefundAnswer(None, reply.reason if reply.advice is Advice.RETRY_SAME else "")


def notification(
    headers: Mapping[str, str], body: bytes, keys: KeyRing, apiv3_key: bytes, now: datetime
) -> Notification:
    """Read a notification of a payment or of a refund.

    :raise RefusedMessageError: unless it is WeChat's, recent, and sealed with our key.
    """
    found = read_notification(headers, body, keys, apiv3_key, now)
    number = _text(found.content, "out_trade_no")
    if is_refund(found):
        report = report_of_refund(found.content)
        return Notification(number, refund=report, refund_number=report.refund_number, content=found.content)
    return Notification(number, report=report_of_transaction(found.content), content=found.content)


def acknowledgement(accepted: bool) -> Acknowledgement:
    """Return what ends WeChat's retries, or what makes it try again."""
    if accepted:
        return Acknowledgement("", status=204)
    return Acknowledgement('{"code":"FAIL","message":"FAIL"}', "application/json", 500)


def _failed(refund_number: str, order_number: str) -> RefundReport:
    return RefundReport(refund_number, order_number, RefundVerdict.FAILED, None, "", None, None)


def _text(content: Mapping[str, Any], name: str) -> str:
    value = content.get(name)
    return value if isinstance(value, str) else ""
