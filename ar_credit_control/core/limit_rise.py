"""By how much one set of terms allows more than another, on any day to come: who has to approve it depends on that."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from .credit_check import Control, Limit
from .exposure import ZERO
from .limit import Cover, Effect, InForce, Temporary, Terms, Why, Window, limit_in_force


def never_raises(old: Terms, new: Terms, default: Limit, day: date) -> bool:
    """Whether `new` allows no more than `old` on any day from `day` on, so that no approval need stand behind it.

    Limits change on known days only, so it is enough to look at those. Leaving "no credit" always counts as a raise:
    covers and temporary limits that come later would help again.
    """
    return not any(_is_higher(after, before) for before, after in _compared(old, new, default, day))


def greatest_rise(old: Terms, new: Terms, default: Limit, day: date) -> Decimal | None:
    """Return by how much more `new` allows than `old`, on the day from `day` on where the difference is largest.

    Zero where it allows no more; None where nothing bounds the customer any longer.
    """
    rise = ZERO
    for before, after in _compared(old, new, default, day):
        if _leaves_control(after, before):
            return None
        low, high = before.widened().ceiling, after.widened().ceiling
        if low is None:
            continue
        if high is None:
            return None
        rise = max(rise, high - low)
    return rise


def added_room(old: Terms, new: Terms, day: date) -> Decimal:
    """Return the sum of what `new` adds by temporary limits and covers that `old` has not; what is over adds nothing.

    Where the customer is not on a limit these raise nothing for now; but they would, above the first limit he gets.
    """
    known = {*old.temporaries, *old.covers}
    parts: list[Temporary | Cover] = [*(t for t in new.temporaries if t.effect is Effect.ADDS), *new.covers]
    return sum(
        (part.amount for part in parts if part not in known and part.window.why(day) is not Why.ENDED), ZERO
    )


def _compared(old: Terms, new: Terms, default: Limit, day: date) -> Iterable[tuple[InForce, InForce]]:
    for when in sorted({day, *_turning_days(old), *_turning_days(new)}):
        if when >= day:
            yield limit_in_force(old, default, when), limit_in_force(new, default, when)


def _is_higher(after: InForce, before: InForce) -> bool:
    if after.limit.control is not before.limit.control and before.limit.control is Control.NO_CREDIT:
        return True
    if _leaves_control(after, before):
        return True
    old, new = before.widened().ceiling, after.widened().ceiling
    return old is not None and (new is None or new > old)


def _leaves_control(after: InForce, before: InForce) -> bool:
    # Whoever has no limit is still asked about what he owes overdue; whoever is out of control is not.
    return after.limit.control is Control.NONE and before.limit.control is not Control.NONE


def _turning_days(terms: Terms) -> Iterable[date]:
    windows = [Window(None, terms.valid_until)]
    windows += [temporary.window for temporary in terms.temporaries]
    windows += [cover.window for cover in terms.covers]
    for window in windows:
        if window.start is not None:
            yield window.start
        if window.end is not None and window.end < date.max:
            yield window.end + timedelta(days=1)
