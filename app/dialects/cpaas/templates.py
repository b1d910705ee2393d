"""Finding what the account has by the name or the id that a client knows it by."""

from typing import Any, Final

from app.dialects.cpaas.given import GivenRefusedError
from app.dialects.desk import Desk
from app.ids import Kind, kind_of

_TEMPLATES: Final = """query CpaasTemplates($first: Int!, $after: String) {
  announcementTemplates(first: $first, after: $after) { nodes { id name } pageInfo { hasNextPage endCursor } }
}"""
_AUDIO_FILES: Final = """query CpaasAudioFiles($first: Int!, $after: String) {
  audioFiles(first: $first, after: $after) { nodes { id name } pageInfo { hasNextPage endCursor } }
}"""
_CALL_FLOWS: Final = """query CpaasCallFlows($first: Int!, $after: String) {
  callFlows(first: $first, after: $after) { nodes { id name } pageInfo { hasNextPage endCursor } }
}"""

_PAGE: Final = 200
#: More than anybody has, and still a second's work.
_MOST_PAGES: Final = 50
_WAV: Final = ".wav"


async def find_template(desk: Desk, name: str) -> str:
    """The id of an announcement template. Raises GivenRefusedError, AskRefusedError."""
    if kind_of(name) is Kind.ANNOUNCEMENT_TEMPLATE:
        return name  # whether there is such a one, whoever uses it says
    return _known(await _named(desk, _TEMPLATES, "announcementTemplates", name), "announce_template_id")


async def find_audio_file(desk: Desk, name: str) -> str:
    """The id of a sound file, by its name with or without the ending. Raises as `find_template`."""
    if kind_of(name) is Kind.AUDIO_FILE:
        return name
    bare = name[: -len(_WAV)] if name.lower().endswith(_WAV) else name
    return _known(await _named(desk, _AUDIO_FILES, "audioFiles", name, bare), "recorded_filename")


async def find_call_flow(desk: Desk, name: str) -> str | None:
    """The id of a call flow; None when there is none of this name. Raises AskRefusedError."""
    return await _named(desk, _CALL_FLOWS, "callFlows", name)


def _known(found: str | None, field: str) -> str:
    if found is None:
        raise GivenRefusedError(field, "there is none of this name or id.")
    return found


async def _named(desk: Desk, document: str, listed: str, *names: str) -> str | None:
    """The oldest of one of these names, whatever its case."""
    wanted, after = {name.casefold() for name in names}, None
    for _ in range(_MOST_PAGES):
        page: dict[str, Any] = (await desk.ask(document, {"first": _PAGE, "after": after}))[listed]
        for node in page["nodes"]:
            if node["name"].casefold() in wanted:
                found: str = node["id"]
                return found
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    return None
