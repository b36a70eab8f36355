"""Ledgers for tests of settlement bills, and what a refusal looks like."""

from datetime import datetime

import pytest
from hypothesis import strategies as st

from odoo.addons.ar_payment_gateways.core.settlement_bill import BillError

from ..simulators.gateway import CHINA

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=CHINA)
ledgers = st.lists(
    st.tuples(st.integers(1, 10**8), st.lists(st.integers(1, 10**6), max_size=3)), min_size=1, max_size=12
)


def refused(problem, call, *args):
    with pytest.raises(BillError) as caught:
        call(*args)
    assert caught.value.problem is problem, caught.value
    return caught.value


def expected_of(ledger):
    paid = {f"AR{number:020d}": amount for number, (amount, _backs) in enumerate(ledger)}
    back = {
        f"RF{number}x{place}": fen
        for number, (_amount, backs) in enumerate(ledger)
        for place, fen in enumerate(backs)
    }
    return paid, back
