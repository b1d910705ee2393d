"""An access token that was made for an agent acts for this agent, and for no other."""

from collections.abc import Iterator
from typing import Any, Final

from strawberry.extensions import FieldExtension
from strawberry.extensions.field_extension import AsyncExtensionResolver

from app.api.context import Info
from app.errors import Problem, RefusedError

#: Where an input says who acts. Whom a call is handed on to is another matter.
_AGENTS: Final = (("agent_id",), ("connect", "agent_id"), ("supervisor", "agent_id"))
#: The same said by the telephone, which rings whoever sits there.
_EXTENSIONS: Final = (("connect", "extension"), ("supervisor", "extension"))
#: Where it says who serves a queue or is rung with a group.
_MEMBERS: Final = ("members", "add_members", "remove_members")
_PUBLIC: Final = {
    "agent_id": "agentId",
    "add_members": "addMembers",
    "remove_members": "removeMembers",
    "remove_agent_ids": "removeAgentIds",
}


class StandsForItself(FieldExtension):
    """Refuses a mutation in which the caller's agent is not the one who acts, or whose memberships are changed."""

    async def resolve_async(self, next_: AsyncExtensionResolver, source: Any, info: Info, **kwargs: Any) -> Any:
        caller = info.context.principal
        if caller is not None and caller.agent_id is not None:
            given = kwargs.get("input")
            for place in _AGENTS:
                named = _find(given, place)
                if isinstance(named, str) and named != caller.agent_id:
                    raise _refuse(place)
            for place in _EXTENSIONS:
                named = _find(given, place)
                if isinstance(named, str) and named != await _own_extension(info, caller.agent_id):
                    raise _refuse(place)
            membership = next(_others_memberships(given, caller.agent_id), None)
            if membership is not None:
                raise _refuse(membership)
        return await next_(source, info, **kwargs)


async def _own_extension(info: Info, agent_id: str) -> str | None:
    """The number of the extension where the agent sits now; None when it sits nowhere."""
    routing, account_id = info.context.services.routing, info.context.account_id
    agent = await routing.agents.get(account_id, agent_id)
    if agent is None or agent.extension_id is None:
        return None
    extension = await routing.extensions.get(account_id, agent.extension_id)
    return None if extension is None else extension.number


def _others_memberships(given: object, agent_id: str) -> Iterator[tuple[str, ...]]:
    """Where somebody else is made a member or ends being one. A whole list says it of all who are not on it."""
    if getattr(given, "id", None) and isinstance(getattr(given, "members", None), list):
        yield ("members",)
    for name in _MEMBERS:
        for index, member in enumerate(_list(given, name)):
            if getattr(member, "agent_id", None) != agent_id:
                yield (name, str(index))
    for index, removed in enumerate(_list(given, "remove_agent_ids")):
        if removed != agent_id:
            yield ("remove_agent_ids", str(index))


def _list(given: object, name: str) -> list[Any]:
    found = getattr(given, name, None)
    return found if isinstance(found, list) else []


def _refuse(place: tuple[str, ...]) -> RefusedError:
    field = tuple(_PUBLIC.get(name, name) for name in place)
    return RefusedError(Problem("INVALID_INPUT", "This access token stands for another agent than this one.", field))


def _find(given: object, place: tuple[str, ...]) -> object:
    for name in place:
        given = getattr(given, name, None)
    return given
