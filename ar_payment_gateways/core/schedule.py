"""When to ask a gateway again: about an order that waits, whose notification may be lost; and since when for bills."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

RETRY, LONGEST = timedelta(minutes=5), timedelta(hours=1)


def next_query(ordered_at: datetime, now: datetime, ends_at: datetime, seconds: Sequence[int]) -> datetime:
    """Return when to ask next. What was asked before, by a page that waits or by hand, does not change it.

    :param ends_at: when the order is closed if it is unpaid by then; that question is asked on time.
    :param seconds: after the order was made, in ascending order. After `ends_at`, when the gateway gives no answer, it
        is asked again after five minutes, then as late as it is by then, up to an hour.
    """
    if now >= ends_at:
        return now + min(LONGEST, max(RETRY, now - ends_at))
    moments = (ordered_at + timedelta(seconds=each) for each in seconds)
    return min(next((moment for moment in moments if moment > now), ends_at), ends_at, now + LONGEST)


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
