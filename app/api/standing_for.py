"""An access token that was made for an agent acts for this agent, and for no other."""

from typing import Any, Final

from strawberry.extensions import FieldExtension
from strawberry.extensions.field_extension import AsyncExtensionResolver

from app.api.context import Info
from app.errors import Problem, RefusedError

#: Where an input says who acts. Whom a call is handed on to is another matter.
_PLACES: Final = (("agent_id",), ("connect", "agent_id"), ("supervisor", "agent_id"))


class StandsForItself(FieldExtension):
    """Refuses a mutation in which the caller's agent is not the one who acts."""

    async def resolve_async(self, next_: AsyncExtensionResolver, source: Any, info: Info, **kwargs: Any) -> Any:
        caller = info.context.principal
        if caller is not None and caller.agent_id is not None:
            for place in _PLACES:
                named = _find(kwargs.get("input"), place)
                if isinstance(named, str) and named != caller.agent_id:
                    field = tuple("agentId" if name == "agent_id" else name for name in place)
                    raise RefusedError(
                        Problem("INVALID_INPUT", "This access token stands for another agent than this one.", field)
                    )
        return await next_(source, info, **kwargs)


def _find(given: object, place: tuple[str, ...]) -> object:
    for name in place:
        given = getattr(given, name, None)
    return given
