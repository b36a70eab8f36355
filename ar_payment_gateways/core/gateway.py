"""What the adapters of the gateways hand back, in one shape for all of them.

An adapter is a `payment.provider.<code>` mixin in models/; it turns these answers into calls of one gateway and back.
No answer at all is no value here: adapters raise then, because nothing is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from .trade import RefundReport, Report


@dataclass(frozen=True)
class Created:
    """An order that a gateway has registered."""

    qr_content: str = ""
    """What its code says; '' where there is none to show."""
    pay_url: str = ""
    """Where the buyer's browser goes to pay, of https or the wallet's own scheme; '' if it stays on our page."""
    pay_fields: Mapping[str, str] = field(default_factory=dict)
    """Fields that the browser has to post to `pay_url`; {}: it just goes there. Without a `pay_url`: what the wallet's
    own browser is asked for on our page (`_ar_gateway_bridge`)."""
    is_spent: bool = False
    """The gateway wants another number: this one was used for something else, or is over."""


@dataclass(frozen=True)
class Answer:
    """What a gateway knows about an order."""

    report: Report | None
    """None: it does not know the order, which for some only means that nobody has scanned it yet."""
    refunded_minor: int | None = None
    """All that went back of this order so far; None where the gateway does not say."""


class Closing(Enum):
    """How closing an order at the gateway ended."""

    CLOSED = "closed"
    """It cannot be paid any more, or never existed."""
    PAID = "paid"
    """Too late, or something else that only a query can tell."""
    UNKNOWN = "unknown"
    """No answer: try again later."""


@dataclass(frozen=True)
class RefundAnswer:
    """What a gateway says about a refund that we asked for or asked about."""

    report: RefundReport | None
    """None: it has no refund of that number, or cannot say yet."""
    reason: str = ""
    """Why it refused, in its own words."""
    refunded_minor: int | None = None
    """All that went back of this order so far, also from elsewhere; None where it does not say."""


@dataclass(frozen=True)
class Notification:
    """A genuine notification: its signature has been checked."""

    order_number: str
    report: Report | None = None
    """About the payment."""
    refund: RefundReport | None = None
    """About one refund."""
    refund_number: str = ""
    """The refund it is about, where it says no more than that."""
    refunded_minor: int | None = None
    """As in RefundAnswer."""
    content: Mapping[str, object] = field(default_factory=dict)
    """Its fields, to be kept for support."""


@dataclass(frozen=True)
class Acknowledgement:
    """What the gateway wants to hear back."""

    body: str
    content_type: str = "text/plain; charset=utf-8"
    status: int = 200
