"""Whether more speaks against a document than those who decide on it were shown, beside the limit and the amount."""

from collections.abc import Iterable
from decimal import Decimal

from .rejection import Told
from .rule import LIMIT_FACTS, Fact, Operator, Outcome, Verdict

_BY_NUMBER = LIMIT_FACTS | {Fact.ORDER_AMOUNT}
_DAYS = frozenset({Fact.OVERDUE_DAYS, Fact.OLDEST_DAYS})
_MORE_IS_WORSE = frozenset({Operator.MORE, Operator.LEAST})


def has_grown(shown: Iterable[Told], verdict: Verdict, tolerance: Decimal, days: int) -> bool:
    """Whether a measured reason to hold is worse than it was shown, or is one that was not shown.

    What is about the limit and the amount, the approval bounds by itself. The tolerance is in per cent of the value
    shown; what is overdue gets older by itself, a day each of the `days` since then.
    """
    values: dict[tuple[int, Fact | None], list[object]] = {}
    for told in shown:
        values.setdefault((told.rule, told.fact), []).append(told.value)
    for finding in verdict.reasons:
        if finding.rule.outcome is not Outcome.HOLD:
            continue
        for measure in finding.reasons:
            fact, now = measure.condition.fact, measure.value
            if fact in _BY_NUMBER or not isinstance(now, Decimal) or fact is Fact.CUSTOMER_DAYS:
                continue
            then = [value for value in values.get((finding.rule.key, fact), ()) if isinstance(value, Decimal)]
            slack = days if fact in _DAYS else 0
            if not then or not _is_within(now, then, tolerance, slack, measure.condition.operator):
                return True
    return False


def _is_within(now: Decimal, then: list[Decimal], tolerance: Decimal, slack: int, operator: Operator) -> bool:
    if operator in _MORE_IS_WORSE:
        worst = max(then)
        return now <= worst + abs(worst) * tolerance / 100 + slack
    worst = min(then)
    return now >= worst - abs(worst) * tolerance / 100
