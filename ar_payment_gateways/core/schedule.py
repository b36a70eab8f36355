"""When to ask a gateway again: about an order that waits, whose notification may be lost; and since when for bills."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta


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


def first_bill_days(
    kinds: Iterable[str],
    wanted_from: date,
    noted: Mapping[str, date],
    asked_for: Collection[str],
    today: date,
) -> dict[str, date]:
    """Return the first day whose bill is fetched, by kind of bill.

    A kind that comes new to a provider whose other bills are fetched already, as with an upgrade, starts on that day:
    nobody expects three months of it at once. Kinds that came with the provider start where its user wants it.

    :param wanted_from: the day that the user has entered.
    :param noted: what this has returned before, empty if never.
    :param asked_for: the kinds that were ever asked for, where nothing is noted yet.
    """
    kinds = tuple(kinds)
    old = set(noted) or set(asked_for) or set(kinds)
    return {kind: max(wanted_from, noted.get(kind, wanted_from if kind in old else today)) for kind in kinds}
