"""The matcher: finds a number however it is written, and never inside another one."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.ar_collections.core import matching
from odoo.addons.ar_collections.core.matching import AmountFit, OpenItem, PartnerFit, Receipt, Reference

NUMBER = "INV/2026/00001"


def find(text, value=NUMBER):
    return matching.find_reference("memo", text, Reference("name", value))


def item(key=1, number=NUMBER, amount=1000, currency="CNY", partner=7, partner_name="上海宏达科技有限公司"):
    return OpenItem(key, (Reference("name", number),), currency, Decimal(amount), partner, partner_name)


def receipt(memo="", amount=1000, currency="CNY", partner=None, payer=""):
    return Receipt((("memo", memo),), currency, Decimal(amount), partner, payer)


@pytest.mark.parametrize(
    "memo",
    [
        "INV/2026/00001",
        "Payment for INV/2026/00001 thanks",
        "inv-2026-00001",
        "INV202600001",
        "INV 2026 00001",
        "付INV/2026/00001货款",
        "ＩＮＶ／２０２６／００００１",
        "网银跨行汇款 附言:`INV/2026/00001\t",
        "(INV/2026/00001)",
        "INV / 2026 / 00001",
        "x INV/2026/000011 then INV/2026/00001",
    ],
)
def test_found(memo):
    assert find(memo), memo


@pytest.mark.parametrize(
    "memo",
    [
        "",
        "%",
        "0",
        "2026",
        "INV/2026/00010",
        "INV/2026/000011",
        "XINV/2026/00001",
        "INV/2026/00001A",
        "1INV/2026/00001",
        "INV/2025/00001",
        "INV/2026/0001",
        "INV 2026 then 00001",
        "INV/20 26/00001",
        "INV----2026/00001",
        "账号6222INV20260000100",
        "ÉINV/2026/00001",
    ],
)
def test_not_found(memo):
    assert find(memo) is None, memo


def test_span_is_in_the_original_text():
    memo = "货款（ＩＮＶ－２０２６－００００１）谢谢"
    found = find(memo)
    assert memo[found.start : found.end] == "ＩＮＶ－２０２６－００００１"
    assert not found.verbatim
    assert find("ＩＮＶ／２０２６／００００１").verbatim


@pytest.mark.parametrize("value", ["", "123", "INV", "ABCD", "2026", "1999", "20-26", "货款发票合同"])
def test_references_too_weak_to_look_for(value):
    assert not matching.is_usable_reference(value)
    assert find(f"x {value} y", value) is None


@pytest.mark.parametrize("value", ["A123", "12345", "2126", "25432000000012345678", "S/001"])
def test_usable_references(value):
    assert matching.is_usable_reference(value)
    assert find(f"x {value} y", value)


SERIAL = st.integers(1, 99999)


@given(
    SERIAL,
    SERIAL,
    st.sampled_from(["/", "-", " ", "", "."]),
    st.sampled_from(["{}", "pay {} now", "付{}款", "#{}!"]),
)
def test_one_number_is_never_found_in_another(one, other, separator, frame):
    """Whatever the separators and the number of digits: INV/2026/1 is not in INV/2026/10."""
    memo = frame.format(separator.join(["INV", "2026", str(one)]))
    found = find(memo, f"INV/2026/{other}")
    assert bool(found) == (one == other)


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_survived_and_spans_are_valid(text, value):
    found = matching.find_reference("memo", text, Reference("name", value))
    if found:
        assert 0 <= found.start < found.end <= len(text)


@given(st.text(alphabet="AB12/- 付%", max_size=20), st.text(alphabet="AB12/-", min_size=4, max_size=10))
def test_found_text_holds_the_same_letters_and_digits(text, value):
    found = matching.find_reference("memo", text, Reference("name", value))
    if found:
        letters = "".join(char for char in text[found.start : found.end] if char in "AB12")
        assert letters == "".join(char for char in value if char in "AB12")


def test_evidence_of_amount_and_partner():
    (exact,) = matching.propose(receipt(NUMBER, 1000, partner=7), [item()])
    assert (exact.amount, exact.partner) == (AmountFit.EXACT, PartnerFit.AGREES)
    (partial,) = matching.propose(receipt(NUMBER, 400, partner=8), [item()])
    assert (partial.amount, partial.partner) == (AmountFit.PARTIAL, PartnerFit.CONFLICTS)
    (over,) = matching.propose(receipt(NUMBER, 1200), [item()])
    assert (over.amount, over.partner) == (AmountFit.OVER, PartnerFit.UNKNOWN)
    (other,) = matching.propose(receipt(NUMBER, 7120), [item(currency="USD")])
    assert other.amount is AmountFit.OTHER_CURRENCY


@pytest.mark.parametrize(
    ("payer", "customer", "fit"),
    [
        ("上海宏达科技有限公司 ", "上海宏达科技有限公司", PartnerFit.AGREES),
        ("ＡＣＭＥ Trading, Ltd.", "Acme Trading Ltd", PartnerFit.AGREES),
        ("北京宏达科技有限公司", "上海宏达科技有限公司", PartnerFit.CONFLICTS),
        ("", "Acme", PartnerFit.UNKNOWN),
    ],
)
def test_payer_by_name(payer, customer, fit):
    assert matching.partner_fit(receipt(payer=payer), item(partner_name=customer)) is fit


def test_traps_of_the_handbook():
    """Handbook 1.4: empty memo, wildcard, one digit: nothing is proposed without payer and amount."""
    for memo in ("", "%", "0", "_", "2026"):
        assert matching.propose(receipt(memo), [item()]) == []
    assert matching.propose(receipt("INV/2026/00010"), [item()]) == []
    # without a number: payer and exact amount, and only as a suggestion that is not ticked if there are two
    two = [item(1), item(2, "INV/2026/00002")]
    proposals = matching.propose(receipt("", partner=7), two)
    assert len(proposals) == 2
    assert matching.suggest_selection(receipt("", partner=7), proposals) == {}


def test_best_evidence_first():
    items = [item(1, "INV/2026/00077"), item(2), item(3, partner=8)]
    order = [proposal.item.key for proposal in matching.propose(receipt(NUMBER, partner=7), items)]
    assert order == [2, 3, 1]


def test_selection_fills_in_order_and_respects_conflicts():
    memo = "INV/2026/00001 INV/2026/00002 INV/2026/00003"
    items = [item(n, f"INV/2026/0000{n}", 500, partner=8 if n == 3 else 7) for n in (1, 2, 3)]
    paid = receipt(memo, 800, partner=7)
    assert matching.suggest_selection(paid, matching.propose(paid, items)) == {1: 500, 2: 300}


def test_other_currency_is_suggested_alone_or_not_at_all():
    paid = receipt(NUMBER, 7120)
    assert matching.suggest_selection(paid, matching.propose(paid, [item(currency="USD")])) == {1: 7120}
    paid = receipt("INV/2026/00001 INV/2026/00002", 7120)
    both = matching.propose(paid, [item(currency="USD"), item(2, "INV/2026/00002")])
    assert matching.suggest_selection(paid, both) == {}


@given(st.lists(st.decimals(1, 500, places=2), max_size=6), st.decimals(1, 900, places=2))
def test_selection_never_exceeds_receipt_or_items(amounts, paid):
    numbers = [f"INV/2026/0000{n}" for n in range(1, len(amounts) + 1)]
    items = [
        item(n, number, amount) for n, (number, amount) in enumerate(zip(numbers, amounts, strict=True), 1)
    ]
    incoming = receipt(" ".join(numbers), paid)
    selection = matching.suggest_selection(incoming, matching.propose(incoming, items))
    assert sum(selection.values()) == min(paid, sum(amounts))
    assert all(0 < amount <= items[key - 1].amount for key, amount in selection.items())
