"""Which credit limit is in force on a day, and why: base, temporary limits, covers, validity.

Amounts of one call are in one currency, inclusive of tax; nothing is rounded here unless a function says so. Windows
and validities include their last day.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from .credit_check import Control, Limit
from .exposure import ZERO, Exposure


class Expiry(StrEnum):
    """What holds after the last day of a limit's validity."""

    KEEP = "keep"
    NO_CREDIT = "zero"
    DEFAULT = "default"


class Kind(StrEnum):
    """Where a part of the limit comes from."""

    OWN = "own"
    DEFAULT = "default"
    TEMPORARY = "temporary"
    COVER = "cover"


class Effect(StrEnum):
    """What a part does where it counts."""

    SETS = "sets"
    REPLACES = "replaces"
    ADDS = "adds"
    DEDUCTS = "deducts"


class Why(StrEnum):
    """Why a part counts or not."""

    COUNTS = "counts"
    NOT_YET = "not_yet"
    ENDED = "ended"
    REPLACED = "replaced"
    NOT_LOWER = "not_lower"
    NOT_LIMITED = "not_limited"


@dataclass(frozen=True)
class Window:
    """Days from `start` to `end`, both included; None is open."""

    start: date | None = None
    end: date | None = None

    def why(self, day: date) -> Why:
        """Return COUNTS where the window holds the day, else why not."""
        if self.start is not None and day < self.start:
            return Why.NOT_YET
        return Why.ENDED if self.end is not None and day > self.end else Why.COUNTS


@dataclass(frozen=True)
class Temporary:
    """A limit for a while. It replaces the base (`effect` REPLACES) or raises it (ADDS).

    One that replaces and `only_lowers` never allows more than what stands behind it: nobody approved a raise, and what
    is behind it may be cut later.
    """

    amount: Decimal
    window: Window
    effect: Effect
    reference: int = 0
    only_lowers: bool = False


@dataclass(frozen=True)
class Cover:
    """Insurance, guarantee or deposit: `amount` is what it pays at most, its share (%) taken already.

    ADDS raises the customer's own limit. DEDUCTS takes secured money out of what counts, also against a group limit.
    """

    amount: Decimal
    window: Window
    effect: Effect
    reference: int = 0


@dataclass(frozen=True)
class Terms:
    """What was decided for one customer or group. `control` None follows the default."""

    control: Control | None = None
    amount: Decimal = ZERO
    valid_until: date | None = None
    expiry: Expiry = Expiry.KEEP
    temporaries: tuple[Temporary, ...] = ()
    covers: tuple[Cover, ...] = ()

    def is_expired(self, day: date) -> bool:
        """Whether the last day of validity is over."""
        return self.valid_until is not None and day > self.valid_until


@dataclass(frozen=True)
class Component:
    """One part of a limit, as an explanation. `amount` is None where the part is a flag, not an amount."""

    kind: Kind
    effect: Effect
    amount: Decimal | None
    window: Window
    why: Why
    control: Control | None = None
    reference: int = 0

    @property
    def counts(self) -> bool:
        """Whether it is part of the limit in force."""
        return self.why is Why.COUNTS


@dataclass(frozen=True)
class InForce:
    """The limit in force, what covers take out of the exposure, and the parts that led there."""

    limit: Limit
    deduction: Decimal
    components: tuple[Component, ...]

    def widened(self, secured: Decimal | None = None) -> Limit:
        """Return the limit for gross exposure: what is secured may be owed on top, also by those without credit.

        :param secured: replaces `deduction` (a group's members have their own).
        """
        secured = self.deduction if secured is None else secured
        if not self.limit.is_checked or secured <= 0:
            return self.limit
        return Limit(Control.LIMITED, (self.limit.ceiling or ZERO) + secured)

    def secured(self, exposure: Exposure) -> Decimal:
        """Return the part of an exposure that deducting covers secure."""
        return max(ZERO, min(self.deduction, exposure.total))


def limit_in_force(terms: Terms, default: Limit, day: date) -> InForce:
    """Return the limit in force on a day.

    The base is the own limit, or the default where the terms follow it; after its validity the expiry rule decides.
    Of several temporary limits that replace it the last of the tuple counts, one that only lowers where it does; those
    that add all count. Only a limited customer's limit can be raised: no credit stays no credit, and unlimited has
    nothing to raise.
    """
    base, components = _base(terms, default, day)
    limited = base.control is Control.LIMITED
    chosen = _replacing(terms, base, day) if limited else None
    if chosen is not None:
        components = [replace(part, why=Why.REPLACED) if part.counts else part for part in components]
    for temporary in terms.temporaries:
        why = _why(temporary, day, limited)
        if temporary.effect is Effect.REPLACES and why is Why.COUNTS and temporary is not chosen:
            why = Why.NOT_LOWER if temporary.only_lowers else Why.REPLACED
        components.append(_component(Kind.TEMPORARY, temporary, why))
    for cover in terms.covers:
        components.append(_component(Kind.COVER, cover, _why(cover, day, limited, base.is_checked)))
    amount = chosen.amount if chosen is not None else base.amount
    limit = Limit(base.control, amount + _sum(components, Effect.ADDS)) if limited else base
    return InForce(limit, _sum(components, Effect.DEDUCTS), tuple(components))


def _replacing(terms: Terms, base: Limit, day: date) -> Temporary | None:
    """Return the temporary limit that holds in place of the base, or None."""
    chosen, amount = None, base.amount
    for temporary in terms.temporaries:
        counts = temporary.effect is Effect.REPLACES and temporary.window.why(day) is Why.COUNTS
        if counts and not (temporary.only_lowers and temporary.amount >= amount):
            chosen, amount = temporary, temporary.amount
    return chosen


def _base(terms: Terms, default: Limit, day: date) -> tuple[Limit, list[Component]]:
    expired = terms.is_expired(day)
    validity = Window(None, terms.valid_until)
    components = []
    if terms.control is not None:
        limit = Limit(terms.control, terms.amount if terms.control is Control.LIMITED else ZERO)
        ends = expired and terms.expiry is not Expiry.KEEP
        components.append(_setting(Kind.OWN, limit, validity, Why.ENDED if ends else Why.COUNTS))
        if not ends:
            return limit, components
    if expired and terms.expiry is Expiry.NO_CREDIT:
        limit = Limit(Control.NO_CREDIT)
        components.append(_setting(Kind.OWN, limit, Window(), Why.COUNTS))
        return limit, components
    components.append(_setting(Kind.DEFAULT, default, Window(), Why.COUNTS))
    return default, components


def _setting(kind: Kind, limit: Limit, window: Window, why: Why) -> Component:
    amount = limit.amount if limit.control is Control.LIMITED else None
    return Component(kind, Effect.SETS, amount, window, why, limit.control)


def _component(kind: Kind, part: Temporary | Cover, why: Why) -> Component:
    return Component(kind, part.effect, part.amount, part.window, why, None, part.reference)


def _why(part: Temporary | Cover, day: date, limited: bool, checked: bool = False) -> Why:
    why = part.window.why(day)
    useful = limited or (part.effect is Effect.DEDUCTS and checked)
    return why if useful or why is not Why.COUNTS else Why.NOT_LIMITED


def _sum(components: Iterable[Component], effect: Effect) -> Decimal:
    return sum((c.amount or ZERO for c in components if c.counts and c.effect is effect), ZERO)


def pooled(
    own: Exposure, others: Iterable[tuple[Exposure, Decimal]], round_amount: Callable[[Decimal], Decimal]
) -> Exposure:
    """Return the exposure of customers who share a limit, in the currency of `own`.

    Amounts add up, converted once and rounded; of numbers of days the largest is taken.

    :param others: exposure and the rate that turns its currency into that of `own`.
    """
    sums = {field.name: getattr(own, field.name) for field in fields(Exposure)}
    for exposure, rate in others:
        for key, value in sums.items():
            more = getattr(exposure, key)
            sums[key] = value + round_amount(more * rate) if isinstance(more, Decimal) else max(value, more)
    return Exposure(**sums)


def changed_amount(amount: Decimal, *, percent: Decimal, fixed: Decimal, step: Decimal) -> Decimal:
    """Return a limit raised by `percent` and then by `fixed` (both may be negative), never below zero.

    :param step: round half up to a multiple of it (100, 1,000, ...); zero leaves it as it is.
    """
    changed = max(ZERO, amount + amount * percent / 100 + fixed)
    return (changed / step).quantize(Decimal(1), ROUND_HALF_UP) * step if step > 0 else changed
