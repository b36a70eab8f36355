"""Which documents a rule can be met by, told by its conditions alone: where none can, nothing has to be measured."""

from .rule import Fact, Facts, Rule


def is_for_orders(rule: Rule) -> bool:
    """Whether a document of a sales order can meet the rule: not if it is for documents without one only."""
    ordered = Facts(unordered=False)
    return not any(
        group and all(each.fact is Fact.UNORDERED and not each.holds(ordered) for each in group)
        for group in rule.groups
    )
