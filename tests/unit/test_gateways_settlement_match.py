"""Bill against books: every row and every record is accounted for once, whatever comes in what order."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.ar_payment_gateways.core.settlement_bill import Kind
from odoo.addons.ar_payment_gateways.core.settlement_match import Difference, Record, match_rows
from odoo.addons.ar_payment_gateways.core.settlement_read import Row

from .ledgers import NOON

DAY = NOON.date()


def payment(number=1, fen=1000, **values):
    return Row(f"payment:T{number}", Kind.PAYMENT, NOON, fen, f"AR{number}", trade_no=f"T{number}", **values)


def refund(number=1, fen=300, refund_number="RF1", **values):
    key = f"refund:T{number}:{refund_number}"
    return Row(key, Kind.REFUND, NOON, -fen, f"AR{number}", refund_number, f"T{number}", **values)


def booked(row, **values):
    """The record that agrees with a row."""
    number = int(row.order_number.removeprefix("AR"))
    is_refund = row.kind is Kind.REFUND
    record = Record(
        id=number * 1000 + sum(map(ord, row.refund_number)),
        kind=row.kind,
        order_number=row.order_number,
        amount_minor=abs(row.amount_minor),
        is_done=True,
        day=DAY,
        refund_number=row.refund_number,
        gateway_number="" if is_refund else row.trade_no,
    )
    return replace(record, **values)


def kinds(rows, records):
    found = match_rows(rows, records, DAY)
    return [match.difference for match in found.matches], [record.order_number for record in found.missing]


def test_what_agrees_is_no_difference():
    rows = [payment(), refund()]
    assert kinds(rows, map(booked, rows)) == ([None, None], [])


def test_each_difference():
    row = payment()
    assert kinds([row], []) == ([Difference.SURPLUS], [])
    assert kinds([], [booked(row)]) == ([], ["AR1"])
    assert kinds([row], [booked(row, amount_minor=999)]) == ([Difference.AMOUNT], [])
    assert kinds([row], [booked(row, is_done=False, day=None)]) == ([Difference.STATUS], [])
    assert kinds([row], [booked(row, day=DAY + timedelta(days=1))]) == ([Difference.CROSS_DAY], [])


def test_a_refund_that_did_not_arrive_is_looked_at():
    row = refund(status="FAIL")
    assert kinds([row], [booked(row)]) == ([Difference.STATUS], [])


def test_only_what_happened_on_the_day_is_missing():
    row = payment()
    assert kinds([], [booked(row, day=DAY - timedelta(days=1))]) == ([], [])
    assert kinds([], [booked(row, is_done=False)]) == ([], [])


def test_a_refund_on_another_day_than_its_payment():
    row = refund(refund_number="RF9")
    assert kinds([row], [booked(payment(), day=DAY - timedelta(days=1)), booked(row)]) == ([None], [])


def test_the_gateways_number_is_enough():
    row = payment()
    assert kinds([row], [booked(row, order_number="other")]) == ([None], [])


def test_a_console_refund_without_number():
    """The gateway told only how much went back; order and amount name it, if nothing else could be meant."""
    row = refund(refund_number="20261123X1")
    record = booked(refund(refund_number="RF-ours"))
    assert kinds([row], [record]) == ([None], [])
    twin = refund(refund_number="20261123X2")
    assert kinds([row, twin], [record]) == ([Difference.SURPLUS] * 2, ["AR1"])
    second = replace(record, id=7, refund_number="RF-2")
    assert kinds([row], [record, second]) == ([Difference.SURPLUS], ["AR1", "AR1"])


def test_equal_amounts_are_not_the_same_payment():
    assert kinds([payment(1)], [booked(payment(2))]) == ([Difference.SURPLUS], ["AR2"])


def test_fees_and_payouts_are_no_differences():
    row = Row("F1", Kind.PAYOUT, NOON, -5000)
    assert kinds([row], []) == ([None], [])


def test_the_surest_name_decides_whoever_comes_first():
    """A row that shares only the gateway's number must not take the record whose order number another row bears."""
    record = booked(payment(1))
    stray = replace(payment(5), trade_no="T1")
    for rows in ([payment(1), stray], [stray, payment(1)]):
        found = {match.row.order_number: match.record for match in match_rows(rows, [record], DAY).matches}
        assert found == {"AR1": record, "AR5": None}


@settings(max_examples=200)
@given(st.data())
def test_everything_is_accounted_for_once(data):
    numbers = st.sets(st.integers(1, 12), max_size=10)
    rows = [payment(number) for number in sorted(data.draw(numbers))]
    rows += [refund(number, refund_number=f"RF{number}") for number in sorted(data.draw(numbers))]
    theirs = [payment(number) for number in sorted(data.draw(numbers))]
    theirs += [refund(number, refund_number=f"RF{number}") for number in sorted(data.draw(numbers))]
    changes = st.fixed_dictionaries(
        {"amount_minor": st.sampled_from([300, 1000]), "is_done": st.booleans(),
         "day": st.sampled_from([DAY, DAY + timedelta(days=1), None])}
    )  # fmt: skip
    records = [booked(row, **data.draw(changes)) for row in theirs]
    found = match_rows(data.draw(st.permutations(rows)), data.draw(st.permutations(records)), DAY)

    assert sorted(match.row.key for match in found.matches) == sorted(row.key for row in rows)
    used = [match.record for match in found.matches if match.record]
    assert len(used) == len(set(used))
    assert not set(used) & set(found.missing)
    wanted = {booked(row).id for row in rows}
    due = [record for record in records if record.is_done and record.day == DAY]
    assert set(found.missing) == {record for record in due if record.id not in wanted}
    # Our own books' totals of the day follow from the bill's and the differences: nothing hides.
    for match in found.matches:
        exact = match.record and (
            match.record.amount_minor == abs(match.row.amount_minor)
            and match.record.is_done
            and match.record.day == DAY
        )
        assert (match.difference is None) == bool(exact)
