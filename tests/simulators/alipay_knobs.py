"""How the Alipay simulator can be made to misbehave."""

from dataclasses import dataclass, field

from .alipay_bill import BillKnobs


@dataclass
class Knobs(BillKnobs):
    """How to misbehave. Counters count down."""

    drop_response_after_commit: int = 0  # do the work, close the socket without an answer
    http_500: int = 0
    clock_skew: float = 0  # seconds the gateway's clock is ahead
    call_limited: int = 0  # refuse calls because there were too many: 40005, signed
    drop_request: int = 0  # close the socket without doing anything
    unsigned: int = 0  # answers without a signature
    tamper_answer: bool = False  # change the node after signing
    gbk: bool = False  # answers and notifications in GBK, whatever was asked for
    no_notify: bool = False
    notify_count: int = 1  # how often each notification is sent although it was acknowledged
    notify_tamper: dict = field(default_factory=dict)  # fields changed after signing
    notify_change: dict = field(default_factory=dict)  # fields changed before signing: genuine, but odd
    notify_other_key: bool = False
    refund_unsure: int = 0  # refund, then answer that the system failed
    amount_delta: int = 0  # fen more than asked for, in notifications and queries
    retry_seconds: tuple = (0.2, 0.5, 1, 2, 5, 10, 30)  # really 4m, 10m, 10m, 1h, 2h, 6h, 15h
