"""What Asterisk's answers, and their absence, mean for what it was asked."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

from app.ari.errors import AriBadAnswer, AriConflict, AriError, AriInvalid, AriNotFound, AriUnavailable
from app.calls.core import commands
from app.calls.core.commands import Command
from app.calls.core.inputs import FailureKind


async def make_sure(making: Awaitable[object], look: Callable[[], Awaitable[object]]) -> None:
    """Carry out a request that makes something under a name of ours; if its answer is lost, look for the thing."""
    try:
        await making
    except AriUnavailable as error:
        if not error.outcome_unknown:
            raise
        try:
            await look()
        except AriError:  # not there, or nobody says: the first error tells more
            raise error from None


async def unless_gone(request: Awaitable[None]) -> None:
    """Carry out a request that takes something away, which may be gone already."""
    with suppress(AriNotFound):  # it is what was asked for
        await request


def kind_of(error: AriError, command: Command) -> FailureKind:
    """How a command failed that Asterisk answered so, or did not answer."""
    match error:
        case AriNotFound() if isinstance(command, commands.JoinBridge | commands.JoinStream):
            return FailureKind.REFUSED  # 404 is the bridge's; the channel's are 400, and 422 when it is on its way out
        case AriInvalid() if isinstance(command, commands.JoinBridge | commands.JoinStream):
            return FailureKind.GONE
        case AriNotFound():
            return FailureKind.GONE
        case AriConflict() if isinstance(command, commands.CreateChannel):
            # Our own name is taken: an earlier try of this very request got through.
            return FailureKind.UNCLEAR
        case AriUnavailable() if not error.outcome_unknown:
            return FailureKind.UNSENT
        case AriUnavailable() | AriBadAnswer():
            return FailureKind.UNCLEAR
        case _:
            return FailureKind.REFUSED
