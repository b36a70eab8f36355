"""What has to be approved by whom: rules, steps, authority, and what an approval is good for.

Users, groups' members and records are ids; amounts are in company currency; nothing here knows what a document is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any


class Measure(StrEnum):
    """What bands of a rule are about."""

    EXCESS = "excess"
    EXCESS_PERCENT = "excess_percent"
    DAYS_OVERDUE = "days_overdue"
    AMOUNT = "amount"


class Quorum(StrEnum):
    """How many of a step have to say yes."""

    ANY = "any"
    ALL = "all"
    COUNT = "count"


class Authority(StrEnum):
    """When a step is needed.

    ALWAYS takes part whatever the excess. LIMITED and UNLIMITED form the ladder of a rule: of these only the first
    whose cap suffices decides.
    """

    ALWAYS = "always"
    LIMITED = "limited"
    UNLIMITED = "unlimited"


@dataclass(frozen=True)
class Facts:
    """The numbers of a document that its approval is about, in company currency.

    `limit` is what `excess` exceeds. `risk_class_id` is 0 where there is none.
    """

    company_id: int
    excess: Decimal = Decimal(0)
    limit: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)
    days_overdue: int = 0
    risk_class_id: int = 0

    @property
    def excess_percent(self) -> Decimal:
        """The excess in per cent of the limit; infinite over a limit of zero."""
        if self.excess <= 0:
            return Decimal(0)
        return self.excess * 100 / self.limit if self.limit > 0 else Decimal("Infinity")

    def measure(self, measure: Measure) -> Decimal:
        """Return the number that a band compares."""
        return Decimal(getattr(self, measure.value))

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain JSON data, amounts as decimal strings."""
        return {
            "company_id": self.company_id,
            "excess": str(self.excess),
            "limit": str(self.limit),
            "amount": str(self.amount),
            "days_overdue": self.days_overdue,
            "risk_class_id": self.risk_class_id,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Facts":
        """Rebuild what `as_dict` returned."""
        amounts = {name: Decimal(data[name]) for name in ("excess", "limit", "amount")}
        return cls(**{**data, **amounts})


@dataclass(frozen=True)
class Band:
    """Numbers above `above`, up to and including `up_to`; None where there is no bound on that side.

    So bands that follow each other leave no gap and never overlap: 1,000.00 is in (0, 1,000], 1,000.01 in the next.
    """

    above: Decimal | None = None
    up_to: Decimal | None = None

    def __contains__(self, value: Decimal) -> bool:
        return (self.above is None or value > self.above) and (self.up_to is None or value <= self.up_to)


@dataclass(frozen=True)
class Rule:
    """Conditions of an approval rule; all must hold. No company and no risk class: any."""

    rule_id: int
    sequence: int
    company_id: int = 0
    bands: tuple[tuple[Measure, Band], ...] = ()
    risk_class_ids: frozenset[int] = frozenset()

    def applies(self, facts: Facts) -> bool:
        """Whether all conditions hold."""
        return (
            self.company_id in (0, facts.company_id)
            and (not self.risk_class_ids or facts.risk_class_id in self.risk_class_ids)
            and all(facts.measure(measure) in band for measure, band in self.bands)
        )


def choose_rule(rules: Iterable[Rule], facts: Facts) -> Rule | None:
    """Return the applicable rule of lowest sequence (then id), or None."""
    applicable = [rule for rule in rules if rule.applies(facts)]
    return min(applicable, key=lambda rule: (rule.sequence, rule.rule_id), default=None)


@dataclass(frozen=True)
class Step:
    """A step of a rule. `cap` (company currency, on the excess, inclusive) counts for LIMITED only."""

    key: int
    sequence: int
    authority: Authority = Authority.ALWAYS
    cap: Decimal = Decimal(0)

    def suffices(self, excess: Decimal) -> bool:
        """Whether the authority of the step covers an excess."""
        return self.authority is not Authority.LIMITED or excess <= self.cap


@dataclass(frozen=True)
class Plan:
    """Keys of the steps that are needed, in order. `unauthorised`: the ladder has nobody whose cap suffices, so
    the fallback of its last step (`last_of_ladder`) decides.
    """

    keys: tuple[int, ...]
    unauthorised: bool = False
    last_of_ladder: int = 0


def plan(steps: Iterable[Step], excess: Decimal) -> Plan:
    """Return which steps of a rule an excess needs: all ALWAYS ones, and the first of the ladder that suffices."""
    ordered = sorted(steps, key=lambda step: (step.sequence, step.key))
    ladder = [step for step in ordered if step.authority is not Authority.ALWAYS]
    chosen = next((step for step in ladder if step.suffices(excess)), None)
    keys = tuple(s.key for s in ordered if s.authority is Authority.ALWAYS or s is chosen)
    return Plan(keys, bool(ladder) and chosen is None, ladder[-1].key if ladder else 0)


def current(open_steps: Mapping[int, int]) -> frozenset[int]:
    """Return the keys of the steps whose turn it is: of those not done, all of the lowest sequence.

    :param open_steps: sequence by key.
    """
    turn = min(open_steps.values(), default=None)
    return frozenset(key for key, sequence in open_steps.items() if sequence == turn)


# --- how long and how far ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Grant:
    """What an approval is good for: the facts approved, tolerance in per cent, last day, and the cap of those who
    approved (None: none). Amounts in company currency.
    """

    facts: Facts
    tolerance: Decimal = Decimal(0)
    last_day: date | None = None
    cap: Decimal | None = None

    def is_in_time(self, day: date) -> bool:
        """Whether it still holds on a day."""
        return self.last_day is None or day <= self.last_day

    def ceiling(self, amount: Decimal) -> Decimal:
        """Return the highest excess that is covered when the document now amounts to `amount`.

        The excess approved, plus the tolerance on it (other debts of the customer may move that much), plus what
        the document itself grew, that too by no more than the tolerance on its amount. It never exceeds the cap of
        those who approved: a tolerance does not lend authority.
        """
        share = self.tolerance / 100
        grown = min(max(Decimal(0), amount - self.facts.amount), share * self.facts.amount)
        allowed = self.facts.excess * (1 + share) + grown
        return allowed if self.cap is None else min(allowed, max(self.cap, self.facts.excess))

    def covers(self, excess: Decimal, amount: Decimal, day: date) -> bool:
        """Whether an excess and amount of today are covered."""
        return self.is_in_time(day) and excess <= self.ceiling(amount)
