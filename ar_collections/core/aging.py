"""Aging: in which column of the aged receivables an open item belongs.

The edges follow what accountants read in the titles (handbook collections.md 3.1): an item is overdue from
the day after its due date, "1-30" holds the days 1 and 30, "31-60" the days 31 and 60. (OCA
partner_statement 19.0 puts day 30 into "31-60"; see handbook 4.2.)
"""

from dataclasses import dataclass
from datetime import date

#: Last day of each closed bucket; the one after them is open-ended.
DEFAULT_BOUNDS: tuple[int, ...] = (30, 60, 90)


@dataclass(frozen=True)
class Bucket:
    """A contiguous range of whole days overdue, both ends inclusive; `None` is "no limit"."""

    index: int
    first_day: int | None
    last_day: int | None

    def holds(self, days: int) -> bool:
        """Tell whether an item that is `days` days overdue (negative: due in the future) is in this
        bucket.
        """
        return (self.first_day is None or days >= self.first_day) and (
            self.last_day is None or days <= self.last_day
        )


def days_overdue(as_of: date, due: date) -> int:
    """Return the calendar days from the due date to `as_of`: 0 on the due date, negative before it."""
    return (as_of - due).days


def buckets(bounds: tuple[int, ...] = DEFAULT_BOUNDS) -> tuple[Bucket, ...]:
    """Return the buckets for `bounds`: index 0 is "not due", the last is open-ended.

    :raises ValueError: unless the bounds are positive and strictly increasing
    """
    if not bounds or any(low >= high for low, high in zip((0, *bounds), bounds, strict=False)):
        raise ValueError(f"aging bounds must be positive and increasing: {bounds}")
    firsts = (1, *(bound + 1 for bound in bounds))
    lasts: tuple[int | None, ...] = (*bounds, None)
    overdue = (
        Bucket(index, first, last) for index, (first, last) in enumerate(zip(firsts, lasts, strict=True), 1)
    )
    return (Bucket(0, None, 0), *overdue)


def bucket_index(as_of: date, due: date, bounds: tuple[int, ...] = DEFAULT_BOUNDS) -> int:
    """Return the index in `buckets(bounds)` of an item due on `due`, seen on `as_of`."""
    days = days_overdue(as_of, due)
    return next(bucket.index for bucket in buckets(bounds) if bucket.holds(days))
