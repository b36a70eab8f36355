"""ZIP files that gateways send and people upload: unpacked within limits, or refused."""

import contextlib
import io
import random
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.ar_payment_gateways.core import settlement_archive
from odoo.addons.ar_payment_gateways.core.settlement_bill import BillError, Problem

from .ledgers import refused


def archive(members, compression=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return stream.getvalue()


def test_names_lose_their_folders():
    assert settlement_archive.read_members(archive({"../../etc/a.csv": b"1"})) == {"a.csv": b"1"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04",
        archive({"a": b"1"})[:-5],
        archive({f"m{n}": b"" for n in range(30)}),
        archive({"bomb": b"\0" * 10**7}),
        archive({"a/x": b"1", "b/x": b"2"}),
        archive({"a": random.Random(1).randbytes(500)}).replace(b"\x03\x04", b"\x03\x05"),
    ],
)
def test_archives_nobody_should_unpack(content):
    refused(Problem.ARCHIVE, settlement_archive.read_members, content)


@given(st.binary(max_size=200), st.integers(0, 200))
def test_broken_archives(noise, place):
    good = archive({"a": b"content"})
    with contextlib.suppress(BillError):
        settlement_archive.read_members(good[:place] + noise + good[place + len(noise) :])
