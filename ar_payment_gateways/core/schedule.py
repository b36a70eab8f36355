"""When to ask a gateway again about an order that waits, whose notification may be lost."""

from collections.abc import Sequence
from datetime import datetime, timedelta


def next_query(
    asked: int, now: datetime, ends_at: datetime, minutes: Sequence[int], retry_minutes: int = 5
) -> datetime:
    """Return when to ask next.

    :param asked: how often it was asked before `now`.
    :param ends_at: when the order is closed if it is unpaid by then; that question is asked on time.
    :param minutes: the waits after the order was made, the last one repeated.
    :param retry_minutes: the first wait after `ends_at` when the gateway gives no answer; doubled up to an hour by
        how often it has been asked beyond the schedule.
    """
    if now < ends_at:
        wait = minutes[min(asked, len(minutes) - 1)]
        return min(now + timedelta(minutes=wait), ends_at)
    beyond = max(0, asked - len(minutes))
    return now + timedelta(minutes=min(60, retry_minutes * 2 ** min(beyond, 4)))
