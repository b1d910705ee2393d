"""HTTP's conditional and range requests (RFC 9110, sections 13 and 14), as far as a file that never changes needs."""

import re
from dataclasses import dataclass
from typing import Final

_UNIT: Final = re.compile(r"\s*bytes\s*=(.*)", re.ASCII | re.IGNORECASE | re.DOTALL)
_SPEC: Final = re.compile(r"([0-9]*)-([0-9]*)", re.ASCII)
_ENTITY_TAG: Final = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
#: No file has so many bytes; longer numbers are not worth reading.
_MOST_DIGITS: Final = 18


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes ``start`` up to (not with) ``end``."""

    start: int
    end: int


class UnsatisfiableRangeError(Exception):
    """The range is well-formed and lies outside the file."""


def read_range(header: str | None, size: int) -> ByteRange | None:
    """The one range that a Range header asks for; None when the whole file is the answer.

    A header that is malformed, of another unit or of several ranges is ignored, as section 14.2 allows or demands.

    Raises:
        UnsatisfiableRangeError: it asks for bytes that the file does not have.
    """
    unit = _UNIT.fullmatch(header or "")
    if unit is None:
        return None
    # A list may have empty elements (section 5.6.1.2).
    specs = [spec for spec in (part.strip(" \t") for part in unit[1].split(",")) if spec]
    match = _SPEC.fullmatch(specs[0]) if len(specs) == 1 else None
    if match is None or specs[0] == "-":
        return None
    first, last = match.groups()
    if not first:
        length = min(_number(last), size)
        if length == 0:
            raise UnsatisfiableRangeError
        return ByteRange(size - length, size)
    start, end = _number(first), min(_number(last) + 1, size) if last else size
    if last and _number(last) < start:
        return None
    if start >= size:
        raise UnsatisfiableRangeError
    return ByteRange(start, end)


def _number(digits: str) -> int:
    digits = digits.lstrip("0")
    return 10**_MOST_DIGITS if len(digits) > _MOST_DIGITS else int(digits or "0")


def none_match_fails(header: str | None, etag: str) -> bool:
    """Whether If-None-Match names this very file (so that the answer is 304), by weak comparison."""
    if header is None:
        return False
    return header.strip() == "*" or etag in _ENTITY_TAG.findall(header)


def range_applies(if_range: str | None, etag: str) -> bool:
    """Whether If-Range lets a Range count: by strong comparison, and never for a date, as none was given out."""
    return if_range is None or if_range.strip() == etag
