"""UnionPay's answers in the shape that all gateways share (core/gateway.py): what an adapter calls.

All answers are signed, refusals too, and answered with HTTP 200: `respCode` tells.
"""

from collections.abc import Mapping
from datetime import datetime

from .gateway import Acknowledgement, Answer, Closing, Created, Notification, RefundAnswer
from .trade import RefundReport, RefundVerdict
from .unionpay_certificates import Trust
from .unionpay_form import parse_answer, parse_notification
from .unionpay_signing import RefusedMessageError, check_message
from .unionpay_trade import (
    SUCCESS_CODES,
    UNKNOWN_CODES,
    Outcome,
    is_refund,
    outcome,
    report_of_notification,
    report_of_query,
    report_of_refund,
)

DUPLICATE = "12"
"""This number and time were used before."""
_ONLY_IN_ANSWERS = frozenset({"origRespCode", "origRespMsg", "qrCode", "fileContent"})
_ECHOED = ("merId", "orderId", "txnTime")


def read_reply(body: bytes, trust: Trust, now: datetime, asked: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of an answer.

    :param asked: the fields of the request: an answer about another order is none, however genuine it is.
    :raise RefusedMessageError: unless UnionPay signed it: then nothing is known.
    """
    fields = parse_answer(body)
    if fields is None:
        raise RefusedMessageError("malformed")
    check_message(fields, trust, now)
    if any((fields.get(name) or asked.get(name)) != asked.get(name) for name in _ECHOED):
        raise RefusedMessageError("another order")
    return fields


def created(fields: Mapping[str, str]) -> Created | None:
    """Read the answer to asking for a code; None if it was refused, or nothing is known (`respCode`).

    A number that was taken before means that the code we got for it was lost on the way: nobody has ever seen it.
    """
    code = fields.get("respCode", "")
    if outcome(code) is Outcome.DONE and fields.get("qrCode"):
        return Created(qr_content=fields["qrCode"])
    return Created(is_spent=True) if code == DUPLICATE else None


def answer(fields: Mapping[str, str]) -> Answer | None:
    """Read the answer to a query of an order; None if it could not be answered."""
    found = outcome(fields.get("respCode", ""))
    if found is Outcome.DONE:
        return Answer(report_of_query(fields))
    return Answer(None) if found is Outcome.NOT_FOUND else None


def closing(found: Answer | None, is_over: bool) -> Closing:
    """Return how an order ended. UnionPay has no way to close one: it ends with its `payTimeout`.

    :param found: what a query just now brought.
    :param is_over: whether that time, and some minutes for payments under way, have passed.
    """
    status = found.report.status if found and found.report else None
    if status in SUCCESS_CODES:
        return Closing.PAID
    if found is None or not is_over or status in UNKNOWN_CODES:
        return Closing.UNKNOWN
    return Closing.CLOSED


def refund_answer(fields: Mapping[str, str], refund_number: str, order_number: str) -> RefundAnswer:
    """Read the answer to a refund or a cancellation: at best accepted, the outcome comes by notification or query."""
    code = fields.get("respCode", "")
    found = outcome(code)
    if found is Outcome.DONE:
        query_id = fields.get("queryId", "")
        return RefundAnswer(_report(refund_number, order_number, RefundVerdict.WAITING, query_id))
    if found is Outcome.UNKNOWN or code == DUPLICATE:  # taken before: its outcome can be asked for
        return RefundAnswer(None)
    reason = f"{code} {fields.get('respMsg', '')}".strip()
    return RefundAnswer(_report(refund_number, order_number, RefundVerdict.FAILED, ""), reason)


def refund_query_answer(fields: Mapping[str, str]) -> RefundAnswer:
    """Read the answer to a query of a refund; without a report if there is none of that number, or no saying yet."""
    if outcome(fields.get("respCode", "")) is not Outcome.DONE:
        return RefundAnswer(None)
    report = report_of_refund(fields, "origRespCode")
    reason = fields.get("origRespMsg", "") if report.verdict is RefundVerdict.FAILED else ""
    return RefundAnswer(report, reason)


def notification(body: bytes, trust: Trust, now: datetime) -> Notification:
    """Read a notification of a payment, or of a refund or cancellation (which names the refund only).

    Answers of UnionPay's are signed as well, and look like it: one to a question says 00 because the question was in
    order, whatever became of the payment; one to a refund, because it was accepted. They are no notifications: only
    those say when the money moved (`traceTime`), and none of them repeats what was asked about or for.

    :raise RefusedMessageError: unless UnionPay signed it, as a notification.
    """
    fields = parse_notification(body)
    if fields is None:
        raise RefusedMessageError("malformed")
    check_message(fields, trust, now)
    if _ONLY_IN_ANSWERS & fields.keys() or not fields.get("traceTime"):
        raise RefusedMessageError("answer")
    if is_refund(fields):
        report = report_of_refund(fields)
        return Notification("", refund=report, refund_number=report.refund_number, content=fields)
    found = report_of_notification(fields)
    return Notification(found.order_number, report=found, content=fields)


def acknowledgement(accepted: bool) -> Acknowledgement:
    """Return what ends UnionPay's retries (HTTP 200, whatever it says), or what makes it try again."""
    return Acknowledgement("ok") if accepted else Acknowledgement("fail", status=500)


def _report(refund_number: str, order_number: str, verdict: RefundVerdict, query_id: str) -> RefundReport:
    return RefundReport(refund_number, order_number, verdict, None, query_id, None, None)
