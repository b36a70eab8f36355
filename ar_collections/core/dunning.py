"""The level engine: whether a customer is to be reminded now, at which level, and of what.

Rules (handbook collections.md 3.9 and its comparison of products):

- An item is dunnable when it is overdue, owed to us and not excluded (disputed, marked "no follow-up").
- The level of an item is the highest one it was reminded at by a message that was sent and not cancelled. It
  is derived from those messages, never stored beside them: paying, cancelling a run and reconciling anew
  change the outcome by themselves, and an old high level of a paid invoice does not stick to the customer.
- An item may advance to the highest level whose days it has passed, but by one level per contact, so that
  nobody hears the firm words first. Missed days are caught up with one message, never with several.
- One message per customer and currency, at the highest level of its items; it lists every dunnable item.
- No message before the minimum delay of its level since the last message, whatever that one was about.
- What the customer has in credit is deducted; who owes nothing on balance is not reminded.
- Each item is reminded once per level. Who has heard the last level on all items is not reminded again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum


class Outcome(Enum):
    """Why a customer gets a message, or does not."""

    SEND = "send"
    NOTHING_OVERDUE = "nothing_overdue"
    COVERED_BY_CREDITS = "covered_by_credits"
    NO_NEW_LEVEL = "no_new_level"
    TOO_SOON = "too_soon"


@dataclass(frozen=True)
class Level:
    """A step of a policy, in the order of the ladder.

    `days_overdue`: an item reaches the level that many days after its due date (>= comparison; at least 1).
    `min_days_between`: days that have to lie between the last message and one at this level.
    """

    days_overdue: int
    min_days_between: int


@dataclass(frozen=True)
class Item:
    """An open item of one customer in one currency.

    `amount` is what is open in that currency: positive is owed to us, negative is in the customer's favour.
    `level_reached`: 0 for none, else the 1-based position in the ladder of the highest level it was reminded
    at.
    """

    key: int
    due: date
    amount: Decimal
    level_reached: int = 0
    excluded: bool = False


@dataclass(frozen=True)
class Step:
    """An item on a message, and the level it stands at once that message is sent."""

    item: Item
    level: int


@dataclass(frozen=True)
class Decision:
    """What to do about one customer in one currency; amounts are in that currency.

    `level` is the 1-based position in the ladder, 0 when there is no message. `overdue` is the sum of the
    dunnable items, `credits` (>= 0) what is in the customer's favour, `amount_due` the difference.
    """

    outcome: Outcome
    level: int = 0
    steps: tuple[Step, ...] = ()
    overdue: Decimal = Decimal(0)
    credits: Decimal = Decimal(0)

    @property
    def amount_due(self) -> Decimal:
        """What the customer should pay: the overdue items less the credits."""
        return self.overdue - self.credits


def next_level(item: Item, levels: Sequence[Level], as_of: date) -> int:
    """Return the level an item stands at after a message on `as_of`: at most one above the one it has
    reached.
    """
    days = (as_of - item.due).days
    target = max((index for index, level in enumerate(levels, 1) if days >= level.days_overdue), default=0)
    reached = min(item.level_reached, len(levels))
    return max(reached, min(target, reached + 1))


def decide(
    items: Sequence[Item], levels: Sequence[Level], last_contact: date | None, as_of: date
) -> Decision:
    """Decide about one customer in one currency.

    :param items: all open items of that customer in that currency, in any order
    :param levels: the ladder, mildest first
    :param last_contact: the day of the last message about this currency, None if there was none
    :param as_of: the day the message would go out
    """
    dunnable = sorted(
        (item for item in items if item.amount > 0 and not item.excluded and item.due < as_of),
        key=lambda item: (item.due, item.key),
    )
    overdue = sum((item.amount for item in dunnable), Decimal(0))
    credit = -sum((item.amount for item in items if item.amount < 0), Decimal(0))
    if not dunnable:
        return Decision(Outcome.NOTHING_OVERDUE, credits=credit)
    steps = tuple(Step(item, next_level(item, levels, as_of)) for item in dunnable)
    if overdue <= credit:
        return Decision(Outcome.COVERED_BY_CREDITS, overdue=overdue, credits=credit)
    if all(step.level <= step.item.level_reached for step in steps):
        return Decision(Outcome.NO_NEW_LEVEL, overdue=overdue, credits=credit)
    level = max(step.level for step in steps)
    if last_contact and as_of < last_contact + timedelta(days=levels[level - 1].min_days_between):
        return Decision(Outcome.TOO_SOON, overdue=overdue, credits=credit)
    return Decision(Outcome.SEND, level, steps, overdue=overdue, credits=credit)
