"""Which terms hold when several debtors become one: what the tightest of them allowed, on any day."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from .credit_check import Control, Limit
from .exposure import ZERO
from .limit import Cover, Effect, Expiry, Kind, Temporary, Terms, limit_in_force
from .limit_rise import never_raises


def tightest(sources: Sequence[Terms], temporaries: Sequence[Temporary], default: Limit, day: date) -> Terms:
    """Return the tightest terms from `day` on.

    Base, validity and expiry are each the strictest one. Of temporary limits and covers that add only those go on that
    narrow this further, or that never allow more than each of the sources. Other covers are not touched here.

    :param temporaries: of all sources, in the order in which they were applied.
    """
    plain = [replace(one, temporaries=(), covers=()) for one in sources]
    merged = _strictest_base(plain, default, day)
    own = [_without_deductions(one) for one in sources]
    kept: set[Temporary | Cover] = set()

    def built(parts: set[Temporary | Cover]) -> Terms:
        covers = tuple(cover for one in own for cover in one.covers if cover in parts)
        return replace(merged, temporaries=tuple(t for t in temporaries if t in parts), covers=covers)

    for temporary in temporaries:
        before, after = built(kept), built(kept | {temporary})
        if never_raises(before, after, default, day) and not never_raises(after, before, default, day):
            kept.add(temporary)
    rest: list[Temporary | Cover] = [*temporaries, *(cover for one in own for cover in one.covers)]
    for part in rest if limit_in_force(merged, default, day).limit.control is Control.LIMITED else ():
        after = built(kept | {part})
        if all(never_raises(one, after, default, day) for one in own):
            kept.add(part)
    return built(kept)


def _without_deductions(terms: Terms) -> Terms:
    return replace(terms, covers=tuple(cover for cover in terms.covers if cover.effect is Effect.ADDS))


def _width(limit: Limit) -> tuple[bool, Decimal, bool, bool]:
    ceiling = limit.ceiling
    return (
        ceiling is None,
        ceiling or ZERO,
        limit.control is not Control.NO_CREDIT,
        limit.control is Control.NONE,
    )


def _strictest_base(plain: Sequence[Terms], default: Limit, day: date) -> Terms:
    """Return control, amount, validity and expiry of terms that have nothing else."""
    in_force = {one: limit_in_force(one, default, day) for one in plain}
    winner = min(plain, key=lambda one: _width(in_force[one].limit))
    base = in_force[winner].limit
    follows = any(part.counts and part.kind is Kind.DEFAULT for part in in_force[winner].components)
    merged = Terms(None) if follows else Terms(base.control, base.amount)
    ends = [
        one
        for one in plain
        if one.valid_until is not None
        and not one.is_expired(day)
        and (
            one.expiry is Expiry.NO_CREDIT
            or (one.expiry is Expiry.DEFAULT and _width(default) < _width(base))
        )
    ]
    if ends:
        harder = any(one.expiry is Expiry.NO_CREDIT for one in ends)
        last = min(one.valid_until for one in ends if one.valid_until is not None)
        return replace(merged, valid_until=last, expiry=Expiry.NO_CREDIT if harder else Expiry.DEFAULT)
    return merged if winner.is_expired(day) else replace(merged, valid_until=winner.valid_until)
