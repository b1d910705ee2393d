"""What the same request has made a moment ago: found by its description, which says which request it was made by."""

from typing import Any, Final

from app.dialects.desk import AskRefusedError, Desk

#: What a description begins with; then comes the request's key.
MADE_BY: Final = "Made by request "
_PAGE: Final = 200
_MOST_PAGES: Final = 50


def describe(key: str) -> str:
    """The description of what a request makes."""
    return f"{MADE_BY}{key}"


async def made_before(desk: Desk, refused: AskRefusedError, document: str, key: str) -> str:
    """The id of what was refused as there is such a one already, if it was made by the same request.

    ``document`` lists those there are, with their descriptions; its one field is a connection.

    Raises:
        AskRefusedError: ``refused`` itself, when it is about something else; or the list cannot be read.
    """
    if refused.code != "ALREADY_EXISTS":
        raise refused
    after = None
    for _ in range(_MOST_PAGES):
        page: dict[str, Any]
        (page,) = (await desk.ask(document, {"first": _PAGE, "after": after})).values()
        for node in page["nodes"]:
            if node["description"] == describe(key):
                found: str = node["id"]
                return found
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    raise refused
