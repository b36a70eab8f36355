"""When a rejection still answers: the same is asked, and no less speaks against it than when it was rejected."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from .binding import Binding
from .rule import Fact, Measure, Operator, Outcome, Value, Verdict

# What a question is about, beside how much: with another of these it is another question.
_ABOUT = ("partner_id", "company_id", "currency_id", "payment_term_id")
# How much smaller than what was rejected still looks like it.
_CUT = Decimal("0.2")
_MORE_IS_WORSE = frozenset({Operator.MORE, Operator.LEAST})
_LESS_IS_WORSE = frozenset({Operator.LESS, Operator.MOST})


@dataclass(frozen=True)
class Told:
    """One reason of a rejection: the key of the rule, fact and measured value; None where a rule always holds."""

    rule: int
    fact: Fact | None
    value: Value | None


def repeats(rejected: Binding, current: Binding) -> bool:
    """Whether `current` asks for what was rejected, or for more of it, however its lines are put.

    Less is another question, as are another debtor, company, currency or payment term.
    """
    same = all(getattr(rejected, name) == getattr(current, name) for name in _ABOUT)
    return same and Decimal(current.total) >= Decimal(rejected.total)


def largest_like(current: Binding) -> Decimal:
    """Return up to which total a rejected document of the same debtor looks like this one, typed anew.

    Cut down by no more than a fifth, or dearer, it may be the same business.
    """
    return Decimal(current.total) / (1 - _CUT)


def is_refuted(reasons: Iterable[Told], verdict: Verdict) -> bool:
    """Whether one of the reasons of a rejection does not hold any more, or holds by less."""
    held = {
        finding.rule.key: finding for finding in verdict.reasons if finding.rule.outcome is not Outcome.WARN
    }
    for told in reasons:
        finding = held.get(told.rule)
        if finding is None:
            return True
        now = [measure for measure in finding.measures if measure.condition.fact is told.fact]
        if now and not any(_stands(told, measure) for measure in now):
            return True
    return False


def _stands(told: Told, measure: Measure) -> bool:
    if not measure.holds:
        return False
    then, now = told.value, measure.value
    # A customer gets older by himself: that alone makes him no better.
    if told.fact is Fact.CUSTOMER_DAYS or not isinstance(then, Decimal) or not isinstance(now, Decimal):
        return True
    operator = measure.condition.operator
    return not ((operator in _MORE_IS_WORSE and now < then) or (operator in _LESS_IS_WORSE and now > then))
