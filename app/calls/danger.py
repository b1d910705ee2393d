"""Where in a call's life the named failpoints lie: by the facts of a step around their commit, and by its commands."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

from app.calls.core.commands import Command, CreateBridge, CreateChannel, DialChannel, MuteParts
from app.calls.core.turn import Happening
from app.facts.calls import CallConnected, CallCreated, CallEnded, LegRinging
from app.facts.recordings import RecordingStarted
from app.failpoints import Failpoint, reach

_BEFORE: Final = MappingProxyType(
    {CallCreated: Failpoint.BEFORE_ATTEMPT_COMMIT, CallEnded: Failpoint.BEFORE_RECORD_COMMIT}
)
_AFTER: Final = MappingProxyType(
    {
        CallCreated: Failpoint.AFTER_ATTEMPT_COMMIT,
        LegRinging: Failpoint.WHILE_RINGING,
        CallConnected: Failpoint.MID_BRIDGE,
        RecordingStarted: Failpoint.WHILE_RECORDING,
        CallEnded: Failpoint.AFTER_RECORD_COMMIT,
    }
)
_COMMANDS: Final = MappingProxyType(
    {
        CreateChannel: Failpoint.BEFORE_CREATE,
        DialChannel: Failpoint.BEFORE_DIAL,
        CreateBridge: Failpoint.BEFORE_BRIDGE,
        MuteParts: Failpoint.BEFORE_PAUSE,
    }
)


async def before_commit(happenings: Sequence[Happening]) -> None:
    """The facts are made, and nobody has written them."""
    for happening in happenings:
        if place := _BEFORE.get(type(happening.fact)):
            await reach(place)


async def after_commit(happenings: Sequence[Happening]) -> None:
    """The facts are durable, and nobody has acted on them or heard of them."""
    for happening in happenings:
        if place := _AFTER.get(type(happening.fact)):
            await reach(place)


async def before_command(command: Command) -> None:
    """What led to the command is durable, and Asterisk has not heard of it."""
    if place := _COMMANDS.get(type(command)):
        await reach(place)
