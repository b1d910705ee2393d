"""What dialects call by its name and the schema by an id: people, queues, groups, trunks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.dialects.desk import Desk
from app.dialects.refusals import DialectRefusedError
from app.ids import Kind, kind_of

_MOST_PAGES: Final = 50

AGENTS: Final = """query DialectAgents($after: String) {
  agents(first: 200, after: $after) {
    nodes { id name displayName email extensionId }
    pageInfo { hasNextPage endCursor }
  }
}"""
EXTENSIONS: Final = """query DialectExtensions($after: String) {
  extensions(first: 200, after: $after) { nodes { id number } pageInfo { hasNextPage endCursor } }
}"""
QUEUES: Final = """query DialectQueues($after: String) {
  queues(first: 200, after: $after) { nodes { id name } pageInfo { hasNextPage endCursor } }
}"""
RING_GROUPS: Final = """query DialectRingGroups($after: String) {
  ringGroups(first: 200, after: $after) { nodes { id name } pageInfo { hasNextPage endCursor } }
}"""
TRUNKS: Final = """query DialectTrunks($after: String) {
  trunks(first: 200, after: $after) { nodes { id name isDefault } pageInfo { hasNextPage endCursor } }
}"""
EXTENSION_PHONES: Final = """query DialectExtensionPhones($id: ID!) {
  extension(id: $id) { number devices { isRegistered } agents { devices { isRegistered } } }
}"""
AGENT_PHONES: Final = """query DialectAgentPhones($id: ID!) {
  agent(id: $id) { devices { isRegistered } extension { number devices { isRegistered } } }
}"""


_UNIQUE: Final = frozenset({"id", "number"})
_NOUNS: Final = {
    "agents": "user",
    "extensions": "user",
    "queues": "queue",
    "ringGroups": "ring group",
    "trunks": "trunk",
}


class AmbiguousNameError(DialectRefusedError):
    """Several have this name equally: ``noun`` is what they are."""

    def __init__(self, noun: str) -> None:
        super().__init__(noun)
        self.noun = noun


@dataclass(frozen=True, slots=True)
class User:
    """Somebody of the account's: an agent, or an extension at which perhaps nobody sits."""

    agent_id: str | None = None
    extension_id: str | None = None
    number: str | None = None

    @property
    def target(self) -> dict[str, str]:
        """A ``CallTarget``."""
        if self.agent_id is not None:
            return {"agentId": self.agent_id}
        return {"extension": self.number or ""}


async def find_user(desk: Desk, text: str) -> User | None:
    """Who is meant by an extension's number, an agent's id, name, e-mail address or display name. None: nobody.

    Raises:
        AmbiguousNameError: several agents are.
        AskRefusedError: nobody can say right now.
    """
    wanted = text.strip(" ")
    if wanted.isascii() and wanted.isdecimal():
        found = await find_named(desk, EXTENSIONS, "extensions", wanted, ("number",))
        return None if found is None else User(extension_id=found["id"], number=found["number"])
    is_id = kind_of(wanted) is Kind.AGENT
    names = ("id",) if is_id else ("name", "email", "displayName")
    found = await find_named(desk, AGENTS, "agents", wanted, names)
    return None if found is None else User(agent_id=found["id"], extension_id=found["extensionId"])


async def is_online(desk: Desk, user: User) -> bool:
    """Whether one of the user's phones is there to be rung.

    Raises:
        AskRefusedError: nobody can say right now.
    """
    if user.agent_id is not None:
        found = (await desk.ask(AGENT_PHONES, {"id": user.agent_id}))["agent"] or {}
        holders = [found, found.get("extension") or {}]
    else:
        found = (await desk.ask(EXTENSION_PHONES, {"id": user.extension_id}))["extension"] or {}
        holders = [found, *(found.get("agents") or ())]
    return any(device["isRegistered"] for holder in holders for device in holder.get("devices") or ())


async def find_queue(desk: Desk, text: str) -> str | None:
    """The id of the queue of this id or name; None when there is none. Raises as `find_user`."""
    found = await find_named(desk, QUEUES, "queues", text, ("id", "name"))
    return None if found is None else found["id"]


async def find_ring_group(desk: Desk, text: str) -> str | None:
    """The id of the ring group of this id or name; None when there is none. Raises as `find_user`."""
    found = await find_named(desk, RING_GROUPS, "ringGroups", text, ("id", "name"))
    return None if found is None else found["id"]


async def find_trunk(desk: Desk, text: str) -> str | None:
    """The id of the trunk of this id or name; None when there is none. Raises as `find_user`.

    Trunks' names are letters and digits alone here: ``default-trunk`` is ``defaulttrunk``.
    """
    found = await find_named(desk, TRUNKS, "trunks", text, ("id", "name"))
    if found is None:
        plain = "".join(char for char in text.lower() if char.isascii() and char.isalnum())
        found = await find_named(desk, TRUNKS, "trunks", plain, ("name",)) if plain else None
    return None if found is None else found["id"]


async def find_named(
    desk: Desk, document: str, root: str, text: str, names: tuple[str, ...]
) -> Mapping[str, Any] | None:
    """The one item of a list that has the text under the earliest of these names; failing that, but for its case.

    Raises:
        AmbiguousNameError: several have, and nobody can say which is meant.
        AskRefusedError: nobody can say right now.
    """
    wanted = text.strip(" ")
    found: list[Mapping[str, Any]] = []
    best, after = 2 * len(names), None
    for _ in range(_MOST_PAGES):
        page = (await desk.ask(document, {"after": after}))[root]
        for node in page["nodes"]:
            rank = _rank([node[name] for name in names], wanted)
            if rank < best:
                found, best = [dict(node)], rank
            elif found and rank == best:
                found.append(dict(node))
        is_certain = best < len(names) and names[best] in _UNIQUE
        if is_certain or not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    if len(found) > 1:
        raise AmbiguousNameError(_NOUNS[root])
    return found[0] if found else None


def _rank(values: list[str | None], wanted: str) -> int:
    """How well a text is met, 0 being best; what lies beyond twice the values is not meant at all."""
    if wanted in values:
        return values.index(wanted)
    folded = [None if value is None else value.casefold() for value in values]
    near = wanted.casefold()
    return len(values) + (folded.index(near) if near in folded else len(values))
