"""ZIP files as gateways send bills, and as a person may upload them: unpacked in memory, within limits."""

import io
import struct
import zipfile
import zlib

from .settlement_bill import BillError, Problem

MAX_MEMBERS = 20
MAX_BYTES = 200 * 1024 * 1024
MAX_RATIO = 200
"""Bills shrink to a tenth. What shrinks to a thousandth is meant to fill the memory."""
_UTF8_FLAG = 0x800
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
    LookupError,
)
"""What `zipfile` raises over a file that only begins like one (and RuntimeError over a password)."""


def is_zip(content: bytes) -> bool:
    """Tell whether `content` looks like a ZIP file."""
    return content[:4] == b"PK\x03\x04"


def read_members(content: bytes) -> dict[str, bytes]:
    """Return the members of a ZIP by their names, folders left out of the names.

    Alipay writes names in GBK without saying so; Python then takes them for code page 437.

    :raise BillError: ARCHIVE, if it is none, is damaged, has a member twice or exceeds the limits.
    """
    members: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            _check_limits(infos, len(content))
            for info in infos:
                name = _name(info).replace("\\", "/").rsplit("/", 1)[-1]
                if name in members:
                    raise BillError(Problem.ARCHIVE, detail=name)
                members[name] = _read(archive, info)
    except BillError:
        raise
    except _BROKEN as error:
        raise BillError(Problem.ARCHIVE, detail=str(error)) from None
    return members


def inflate(content: bytes) -> bytes:
    """Return deflated bytes unpacked, within the same limit.

    :raise BillError: ARCHIVE.
    """
    machine = zlib.decompressobj()
    try:
        plain = machine.decompress(content, MAX_BYTES)
    except zlib.error as error:
        raise BillError(Problem.ARCHIVE, detail=str(error)) from None
    if not machine.eof or machine.unused_data:
        raise BillError(Problem.ARCHIVE, detail="not one whole stream")
    return plain


def _check_limits(infos: list[zipfile.ZipInfo], packed: int) -> None:
    total = sum(info.file_size for info in infos)
    if len(infos) > MAX_MEMBERS or total > MAX_BYTES or total > MAX_RATIO * max(packed, 1):
        raise BillError(Problem.ARCHIVE, detail=f"{len(infos)} members, {total} bytes")


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    # What the directory says of the size may be a lie: never read further than that.
    with archive.open(info) as member:
        found = member.read(info.file_size + 1)
    if len(found) != info.file_size:
        raise BillError(Problem.ARCHIVE, detail=info.filename)
    return found


def _name(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & _UTF8_FLAG:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("gbk")
    except UnicodeError:
        return info.filename
