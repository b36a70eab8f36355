"""Which rule stops what: facts about a document and its customer, conditions on them, and what follows.

A rule holds when each of its groups of conditions holds, and a group when any of its conditions does. A rule without
conditions always holds. Amounts are in company currency, percentages are numbers like 100, days are whole days.
"""

import operator as op
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum, StrEnum
from functools import cached_property

Value = Decimal | str | bool


class CheckPoint(StrEnum):
    """Where in the life of a sale rules are asked."""

    QUOTATION = "quotation"
    CONFIRM = "confirm"
    AMEND = "amend"
    DELIVERY = "delivery"
    INVOICE = "invoice"


class Outcome(StrEnum):
    """What follows from a rule that holds. EXCLUDE takes other rules out instead."""

    EXCLUDE = "exclude"
    WARN = "warn"
    HOLD = "hold"
    BLOCK = "block"

    @property
    def severity(self) -> int:
        """The higher the harder; of several rules the hardest decides."""
        return list(Outcome).index(self)


class Scope(IntEnum):
    """Whom a rule is for; the closer one beats the wider one."""

    ALL = 0
    GROUP = 1
    CUSTOMER = 2


class Fact(StrEnum):
    """What conditions look at; the names are those of the fields of `Facts`."""

    USE_PERCENT = "use_percent"
    USE_AMOUNT = "use_amount"
    EXCESS = "excess"
    OVERDUE_DAYS = "overdue_days"
    OVERDUE_AMOUNT = "overdue_amount"
    OLDEST_DAYS = "oldest_days"
    ORDER_AMOUNT = "order_amount"
    TERM_DAYS_OVER = "term_days_over"
    DISCOUNT_PERCENT = "discount_percent"
    UNSECURED_AMOUNT = "unsecured_amount"
    UNORDERED = "unordered"
    PAID_INVOICES = "paid_invoices"
    CUSTOMER_DAYS = "customer_days"
    LIMIT_EXPIRED = "limit_expired"
    REVIEW_OVERDUE = "review_overdue"
    ACCOUNT_BLOCKED = "account_blocked"
    ACCOUNT_STATUS = "account_status"
    RISK_CLASS = "risk_class"


LIMIT_FACTS = frozenset({Fact.USE_PERCENT, Fact.USE_AMOUNT, Fact.EXCESS, Fact.ACCOUNT_STATUS})


class Operator(StrEnum):
    """How a fact is compared with the value of a condition; MORE and LEAST differ exactly at the boundary."""

    MORE = "gt"
    LEAST = "ge"
    LESS = "lt"
    MOST = "le"
    IS = "eq"
    IS_NOT = "ne"


_COMPARE: dict[Operator, Callable[[Value, Value], bool]] = {
    Operator.MORE: op.gt,
    Operator.LEAST: op.ge,
    Operator.LESS: op.lt,
    Operator.MOST: op.le,
    Operator.IS: op.eq,
    Operator.IS_NOT: op.ne,
}


@dataclass(frozen=True)
class Facts:
    """What is known of one document and its customer. None: unknown, or without meaning here.

    use_percent, use_amount, excess: exposure with the document, against the limit; None where nothing bounds it, or
    where the document adds nothing to the exposure.
    overdue_days: of the item that is overdue longest. oldest_days: age of the oldest open item.
    term_days_over: how many days the payment term is longer than the agreed one (negative: shorter).
    unsecured_amount: what of the document no cover secures, of customers who have covers; `uncovered` tells it, given
    the amount of the document and what is owed before it. unordered: no sales order stands behind the document.
    paid_invoices: how many invoices were ever paid. customer_days: days since the first invoice.
    account_blocked: somebody blocked the customer. account_status: his `Control`. risk_class: its id as text.
    """

    partner_id: int = 0
    group_ids: frozenset[int] = frozenset()
    use_percent: Decimal | None = None
    use_amount: Decimal | None = None
    excess: Decimal | None = None
    overdue_days: Decimal | None = None
    overdue_amount: Decimal | None = None
    oldest_days: Decimal | None = None
    order_amount: Decimal | None = None
    term_days_over: Decimal | None = None
    discount_percent: Decimal | None = None
    uncovered: Callable[[Decimal, Decimal], Decimal] | None = None
    unsecured_amount: Decimal | None = None
    unordered: bool | None = None
    paid_invoices: Decimal | None = None
    customer_days: Decimal | None = None
    limit_expired: bool | None = None
    review_overdue: bool | None = None
    account_blocked: bool | None = None
    account_status: str | None = None
    risk_class: str | None = None

    def value(self, fact: Fact) -> Value | None:
        """Return one fact."""
        found: Value | None = getattr(self, fact.value)
        return found


@dataclass(frozen=True)
class Condition:
    """One comparison: a fact, how, and with what."""

    fact: Fact
    operator: Operator
    value: Value

    def holds(self, facts: Facts) -> bool:
        """Whether it is so; what is unknown never is."""
        found = facts.value(self.fact)
        return found is not None and _COMPARE[self.operator](found, self.value)


@dataclass(frozen=True)
class Rule:
    """One rule as evaluated. `key` identifies it; `sequence` orders rules of one scope.

    partner_ids, group_ids: whom it is for; both empty: all customers.
    groups: conditions, all of (any of).
    """

    key: int
    sequence: int
    outcome: Outcome
    check_points: frozenset[CheckPoint]
    groups: tuple[tuple[Condition, ...], ...] = ()
    partner_ids: frozenset[int] = frozenset()
    group_ids: frozenset[int] = frozenset()

    @cached_property
    def scope(self) -> Scope:
        """Whom it is for."""
        if self.partner_ids:
            return Scope.CUSTOMER
        return Scope.GROUP if self.group_ids else Scope.ALL

    @cached_property
    def facts(self) -> frozenset[Fact]:
        """What its conditions look at."""
        return frozenset(condition.fact for group in self.groups for condition in group)

    def concerns(self, facts: Facts) -> bool:
        """Whether the customer is one it is for."""
        if self.scope is Scope.CUSTOMER:
            return facts.partner_id in self.partner_ids
        return self.scope is Scope.ALL or bool(self.group_ids & facts.group_ids)

    def holds(self, facts: Facts) -> bool:
        """Whether all groups of conditions hold."""
        return all(any(condition.holds(facts) for condition in group) for group in self.groups)


class Standing(StrEnum):
    """What became of a rule in an evaluation."""

    MET = "met"
    NOT_MET = "not_met"
    REPLACED = "replaced"
    EXCLUDED = "excluded"


@dataclass(frozen=True)
class Measure:
    """One condition next to what was measured."""

    condition: Condition
    value: Value | None
    holds: bool


@dataclass(frozen=True)
class Finding:
    """What became of one rule, with all its conditions; `by`: key of the rule that replaced or excluded it."""

    rule: Rule
    standing: Standing
    measures: tuple[Measure, ...]
    by: int | None = None

    @property
    def reasons(self) -> tuple[Measure, ...]:
        """The conditions that hold."""
        return tuple(measure for measure in self.measures if measure.holds)


@dataclass(frozen=True)
class Verdict:
    """The result of all rules that concern a document at a check point.

    forced: held by hand, whatever the rules say.
    """

    findings: tuple[Finding, ...] = ()
    forced: bool = False

    @property
    def reasons(self) -> tuple[Finding, ...]:
        """The rules that hold and count, the hardest first."""
        met = (
            finding
            for finding in self.findings
            if finding.standing is Standing.MET and finding.rule.outcome is not Outcome.EXCLUDE
        )
        return tuple(sorted(met, key=lambda finding: -finding.rule.outcome.severity))

    @property
    def outcome(self) -> Outcome | None:
        """The hardest of the outcomes, None where nothing stands against the document."""
        hardest = self.reasons[0].rule.outcome if self.reasons else None
        if self.forced and hardest is not Outcome.BLOCK:
            return Outcome.HOLD
        return hardest

    @property
    def refuses(self) -> bool:
        """Whether the document must not go on."""
        return self.outcome in (Outcome.HOLD, Outcome.BLOCK)


def evaluate(rules: Iterable[Rule], facts: Facts, check_point: CheckPoint) -> Verdict:
    """Evaluate all rules that concern the customer at a check point.

    A rule of closer scope replaces those of wider scope that look at the same facts, whether it holds or not: a
    customer's own tolerance stands for the general one. An exclusion that holds takes out the rules of wider scope,
    and of its own scope those that come after it.
    """
    asked = sorted(
        (rule for rule in rules if check_point in rule.check_points and rule.concerns(facts)),
        key=lambda rule: (rule.sequence, rule.key),
    )
    exclusions = [rule for rule in asked if rule.outcome is Outcome.EXCLUDE and rule.holds(facts)]
    return Verdict(tuple(_find(rule, asked, exclusions, facts) for rule in asked))


def _find(rule: Rule, asked: Sequence[Rule], exclusions: Sequence[Rule], facts: Facts) -> Finding:
    measures = tuple(
        Measure(condition, facts.value(condition.fact), condition.holds(facts))
        for group in rule.groups
        for condition in group
    )
    if rule.outcome is not Outcome.EXCLUDE:
        if closer := next((other for other in asked if _replaces(other, rule)), None):
            return Finding(rule, Standing.REPLACED, measures, closer.key)
        if rule.holds(facts) and (other := next((e for e in exclusions if _excludes(e, rule)), None)):
            return Finding(rule, Standing.EXCLUDED, measures, other.key)
    return Finding(rule, Standing.MET if rule.holds(facts) else Standing.NOT_MET, measures)


def _replaces(closer: Rule, rule: Rule) -> bool:
    return (
        closer.outcome is not Outcome.EXCLUDE
        and closer.scope > rule.scope
        and bool(rule.groups)
        and closer.facts == rule.facts
    )


def _excludes(exclusion: Rule, rule: Rule) -> bool:
    if exclusion.scope != rule.scope:
        return exclusion.scope > rule.scope
    return (exclusion.sequence, exclusion.key) < (rule.sequence, rule.key)
