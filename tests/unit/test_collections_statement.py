"""The statement of open items: pages by currency that add up."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.ar_collections.core.statement import Item, pages

TODAY = date(2026, 6, 30)
CNY, EUR = 7, 1

items = st.lists(
    st.builds(
        Item,
        key=st.integers(1, 10**6),
        currency=st.sampled_from([CNY, EUR]),
        due=st.integers(-400, 400).map(lambda days: TODAY + timedelta(days)),
        amount=st.decimals("-99999.99", "99999.99", places=2).filter(bool),
    ),
    max_size=30,
)


def item(days_overdue, amount, currency=CNY, key=1):
    return Item(key, currency, TODAY - timedelta(days_overdue), Decimal(amount))


def test_a_page_for_each_currency():
    found = pages([item(5, 100), item(-3, 7, EUR), item(40, 30), item(1, -20)], TODAY)
    assert [page.currency for page in found] == [EUR, CNY]
    eur, cny = found
    assert (eur.total, eur.overdue, eur.aged[0]) == (7, 0, 7)
    assert [entry.amount for entry in cny.items] == [30, 100, -20]
    assert (cny.total, cny.overdue, cny.credits) == (110, 130, -20)
    assert cny.aged == (0, 100, 30, 0, 0)


def test_nothing_open_is_no_page():
    assert pages([], TODAY) == ()


@given(items)
def test_everything_is_on_one_page_and_adds_up(found):
    made = pages(found, TODAY)
    assert sorted((e.key, e.currency, e.due, e.amount) for page in made for e in page.items) == sorted(
        (e.key, e.currency, e.due, e.amount) for e in found
    )
    for page in made:
        assert page.total == sum(entry.amount for entry in page.items)
        assert page.total == sum(page.aged) + page.credits
        assert page.overdue == sum(page.aged[1:])
        assert [entry.due for entry in page.items] == sorted(entry.due for entry in page.items)
