"""Aging buckets: both edges inclusive, every day in exactly one bucket."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.ar_collections.core import aging

DUE = date(2026, 3, 31)
DAYS = st.integers(-4000, 4000)
BOUNDS = st.lists(st.integers(1, 400), min_size=1, max_size=8, unique=True).map(
    lambda days: tuple(sorted(days))
)


@pytest.mark.parametrize(
    ("days", "index"),
    [(-400, 0), (-1, 0), (0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4), (5000, 4)],
)
def test_edges(days, index):
    assert aging.bucket_index(DUE + timedelta(days), DUE) == index


def test_due_today_is_not_overdue():
    assert aging.days_overdue(DUE, DUE) == 0
    assert aging.bucket_index(DUE, DUE) == 0


@given(DAYS, BOUNDS)
def test_each_day_is_in_exactly_one_bucket(days, bounds):
    assert sum(bucket.holds(days) for bucket in aging.buckets(bounds)) == 1


@given(DAYS, DAYS, BOUNDS)
def test_older_is_never_in_a_younger_bucket(one, other, bounds):
    first, second = sorted((one, other))
    index = [aging.bucket_index(DUE + timedelta(days), DUE, bounds) for days in (first, second)]
    assert index == sorted(index)


@given(BOUNDS)
def test_buckets_are_contiguous(bounds):
    buckets = aging.buckets(bounds)
    assert [bucket.index for bucket in buckets] == list(range(len(bounds) + 2))
    for earlier, later in pairwise(buckets):
        assert later.first_day == earlier.last_day + 1


@pytest.mark.parametrize("bounds", [(), (0, 30), (30, 30), (60, 30), (-1,)])
def test_bad_bounds(bounds):
    with pytest.raises(ValueError, match="increasing"):
        aging.buckets(bounds)
