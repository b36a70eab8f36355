"""Rules that no document of an order can meet."""

from odoo.addons.ar_credit_control.core.rule import CheckPoint, Condition, Fact, Operator, Outcome, Rule
from odoo.addons.ar_credit_control.core.rule_documents import is_for_orders

UNORDERED = Condition(Fact.UNORDERED, Operator.IS, True)
ORDERED = Condition(Fact.UNORDERED, Operator.IS, False)
OVER = Condition(Fact.EXCESS, Operator.MORE, 0)


def rule(*groups):
    return Rule(1, 1, Outcome.HOLD, frozenset({CheckPoint.DELIVERY}), groups)


def test_only_what_needs_no_order_to_stand_behind_is_not_for_orders():
    assert not is_for_orders(rule((UNORDERED,), (OVER,)))
    for groups in ((), ((OVER,),), ((ORDERED,),), ((UNORDERED, OVER),), ((UNORDERED, ORDERED), (OVER,))):
        assert is_for_orders(rule(*groups)), groups
