"""What mutations on live calls have in common."""

from app.api.context import Info
from app.calls.core import verbs
from app.calls.planning.requests import Acted


async def act(info: Info, subject_id: str, verb: verbs.Verb) -> Acted:
    """Have the caller's verb done on a call, which is found by its id, or by a leg's, recording's or supervision's.

    Raises:
        RefusedError: what the caller can mend.
    """
    return await info.context.services.calls.act(info.context.caller, subject_id, verb)
