"""An executor whose Asterisk does everything it is told, at once, and whose far ends are moved by the test."""

from app.calls.core import commands, inputs
from app.calls.core.commands import Command
from app.calls.core.inputs import Input
from app.calls.core.model.call import Call
from app.calls.living.registry import CallRegistry
from app.facts.vocabulary import LegRole


class SilentAsterisk:
    """Stands where the executor stands: channels come and go as the call asks."""

    async def carry_out(self, _call: Call, command: Command) -> tuple[Input, ...]:
        match command:
            case commands.CreateChannel():
                return (inputs.LegCreated(leg_id=command.leg_id, channel_name=f"PJSIP/test-{command.leg_id[-4:]}"),)
            case commands.HangupChannel():
                return (inputs.LegDestroyed(leg_id=command.leg_id, cause=16),)
            case _:
                return ()


class AlwaysReady:
    """A node on which calls may be dialled, until a test says otherwise."""

    why_not_ready: str | None = None


def move_leg(registry: CallRegistry, call_id: str, role: LegRole, *happenings: type[Input]) -> None:
    """Let the far end of a leg do something: ``inputs.LegRinging``, ``inputs.LegAnswered``, ``inputs.LegDestroyed``."""
    actor = registry.find(call_id)
    assert actor is not None
    for happening in happenings:
        actor.post(happening(leg_id=actor.call.leg_of(role).id))  # type: ignore[call-arg]  # all three take it
