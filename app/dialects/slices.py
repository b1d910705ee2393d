"""Offset and count, as clients of dialects page, over a list that the schema pages by cursors."""

from typing import Any, Final

from app.dialects.desk import Desk

_PAGE: Final = 200


async def read_slice(
    desk: Desk, rows: str, skip: str, variables: dict[str, Any], *, offset: int, count: int
) -> list[dict[str, Any]]:
    """``count`` items of a list, after the first ``offset``.

    ``rows`` and ``skip`` are documents with the variables ``first`` and ``after``, whose one field is the connection:
    with its nodes, and with nothing but its ``pageInfo``, which costs little however much is skipped.

    Raises:
        AskRefusedError: the list cannot be read.
    """
    after: str | None = None
    while offset > 0:
        first = min(offset, _PAGE)
        (page,) = (await desk.ask(skip, {**variables, "first": first, "after": after})).values()
        if not page["pageInfo"]["hasNextPage"]:
            return []
        after, offset = page["pageInfo"]["endCursor"], offset - first
    found: list[dict[str, Any]] = []
    while len(found) < count:
        first = min(count - len(found), _PAGE)
        (page,) = (await desk.ask(rows, {**variables, "first": first, "after": after})).values()
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    return found
