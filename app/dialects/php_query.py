"""Nested arrays as PHP writes them into a query (``http_build_query``) and reads them (``parse_str``). Pure.

Requests are signed over the query that PHP makes of them, so every byte counts: which characters are encoded and how,
what becomes of lists, booleans, floats, null and empty arrays. ``tests/dialects/php_vectors.json`` holds what PHP
itself says.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl, quote_plus

#: A text, or more of them under their names.
Tree: TypeAlias = dict[str, Any]

MOST_FIELDS: Final = 1000
_DEEPEST: Final = 16
_LONGEST_NAME: Final = 1000
_PRECISION: Final = 14  # PHP's setting ``precision``, as it comes
_NAME: Final = re.compile(r"([^\[]*)((?:\[[^\]]*\])*)")
_PART: Final = re.compile(r"\[([^\]]*)\]")


class QueryError(ValueError):
    """It is no query that PHP would read as it was meant; the message may be told."""


def build_query(given: Mapping[str, Any] | Sequence[Any]) -> str:
    """What ``http_build_query`` makes of it: maps and lists nested at will, of text, int, float, bool and None."""
    return "&".join(f"{_encode(name)}={_encode(value)}" for name, value in _flatten(given, None))


def parse_query(text: str) -> Tree:
    """What was meant by a query or form: ``data[vars][X]=1`` is ``{"data": {"vars": {"X": "1"}}}``, in its order.

    Names are kept as they are: PHP would write ``_`` for some characters, and whoever signs does so before that. So are
    bytes that are no UTF-8, as lone surrogates (``surrogateescape``), of which `build_query` makes the same bytes.

    Raises:
        QueryError: too many fields, too deep, or a name that is a text and holds others.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="surrogateescape")
    except ValueError as error:
        raise QueryError(f"A request has at most {MOST_FIELDS} fields.") from error
    return nest(pairs)


def nest(pairs: Sequence[tuple[str, str]]) -> Tree:
    """The tree that fields with PHP's names mean. Raises as `parse_query`."""
    if len(pairs) > MOST_FIELDS:
        raise QueryError(f"A request has at most {MOST_FIELDS} fields.")
    tree: Tree = {}
    for name, value in pairs:
        _put(tree, _read_name(name), value)
    return tree


def _read_name(name: str) -> list[str]:
    match = _NAME.fullmatch(name) if len(name) <= _LONGEST_NAME else None
    if match is None or not match[1]:
        return [name[:_LONGEST_NAME]]  # brackets that do not match mean nothing
    path = [match[1], *_PART.findall(match[2])]
    if len(path) > _DEEPEST:
        raise QueryError(f"Fields are nested at most {_DEEPEST} levels deep.")
    return path


def _put(tree: Tree, path: Sequence[str], value: str) -> None:
    at = tree
    for name in path[:-1]:
        below = at.setdefault(name or _next_number(at), {})
        if not isinstance(below, dict):
            raise QueryError("A field is given both as a text and as an array.")
        at = below
    at[path[-1] or _next_number(at)] = value


def _next_number(at: Tree) -> str:
    return str(max((int(name) for name in at if name.isascii() and name.isdecimal()), default=-1) + 1)


def _flatten(given: Any, prefix: str | None) -> Iterator[tuple[str, str]]:
    items = given.items() if isinstance(given, Mapping) else enumerate(given)
    for name, value in items:
        full = str(name) if prefix is None else f"{prefix}[{name}]"
        match value:
            case Mapping() | list() | tuple():
                yield from _flatten(value, full)
            case None:
                continue
            case bool():
                yield full, "1" if value else "0"
            case float():
                yield full, _write_float(value)
            case _:
                yield full, str(value)


def _write_float(value: float) -> str:
    """As C's ``%.14G``, but for how PHP writes exponents: ``1.0E+25``, ``1.5E-7``."""
    if not math.isfinite(value):
        return "NAN" if math.isnan(value) else ("INF" if value > 0 else "-INF")
    text = f"{value:.{_PRECISION}G}"
    digits, mark, exponent = text.partition("E")
    if not mark:
        return text
    whole = digits if "." in digits else f"{digits}.0"
    return f"{whole}E{exponent[0]}{exponent[1:].lstrip('0')}"


def _encode(text: str) -> str:
    return quote_plus(text, safe="", errors="surrogateescape").replace("~", "%7E")
