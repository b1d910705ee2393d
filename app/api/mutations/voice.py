"""What an agent is written during a call, and how high a voice sounds."""

from typing import Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import mutation
from app.api.mutations.acting import act
from app.api.types.call import Call
from app.api.types.problem import Payload
from app.calls import texts
from app.calls.core import verbs
from app.errors import RefusedError
from app.ids import LegId


@strawberry.input(description="A text for the phones of a live call.")
class SendSoftphoneMessageInput:
    call_id: strawberry.ID = strawberry.field(description="The call.")
    leg_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Whose phone gets it: a leg that rings or talks, with one of the account's own phones at its far "
        "end. When left out, all such phones of the agent's side.",
    )
    text: str = strawberry.field(
        description=f"Some text of at most {texts.LONGEST_MESSAGE_BYTES} bytes of UTF-8; it may have lines."
    )


@strawberry.input(description="How high a voice is to sound.")
class SetVoicePitchInput:
    call_id: strawberry.ID = strawberry.field(description="The call.")
    leg_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whose voice: a leg that has answered. When left out, the agent's."
    )
    pitch: float = strawberry.field(
        description=f"A factor of {texts.LOWEST_PITCH:g} to {texts.HIGHEST_PITCH:g}: 2 is an octave up, 0.5 an octave "
        "down, 1 the voice as it is."
    )


@strawberry.type(description="What came of a text for phones.")
class SendSoftphoneMessagePayload(Payload):
    call: Call | None = strawberry.field(default=None, description="The call as it is now.")


@strawberry.type(description="What came of changing how high a voice sounds.")
class SetVoicePitchPayload(Payload):
    call: Call | None = strawberry.field(default=None, description="The call as it is now.")


@strawberry.type
class VoiceMutations:
    @mutation(
        Scope.CALLS_CONTROL,
        SendSoftphoneMessagePayload,
        "Send a text to phones of a live call (SIP MESSAGE). Done means that Asterisk has taken it: phones do not say "
        "whether they show it. `INVALID_STATE` when no phone of the agent's side rings or talks, the leg that is named "
        "neither rings nor talks or has no phone of the account's own; or the call is ending or has ended, or tells a "
        "one-time password.",
    )
    async def send_softphone_message(
        self,
        info: Info,
        input: Annotated[SendSoftphoneMessageInput, strawberry.argument(description="The text.")],  # noqa: A002  # GraphQL's own word
    ) -> SendSoftphoneMessagePayload:
        problems = texts.check_message(input.text, "text")
        if problems:
            raise RefusedError(problems)
        verb = verbs.SendMessage(message_text=input.text, leg_id=_leg_id(input.leg_id))
        acted = await act(info, input.call_id, verb)
        return SendSoftphoneMessagePayload(call=Call.of(acted.call, info.context.sight))

    @mutation(
        Scope.CALLS_CONTROL,
        SetVoicePitchPayload,
        "Have a party of a live call sound higher or lower to everybody else. `call.updated` tells of it, with "
        "`voicePitch` among what changed. `INVALID_STATE` when no leg is named and nobody is on the agent's side yet; "
        "the leg is not `UP` or cannot be had just now (`LEAVING`, `DETECTING`, `DIALPLAN`, `TRANSFER_DIALING`); or "
        "the call is ending or has ended, or tells a one-time password.",
    )
    async def set_voice_pitch(
        self,
        info: Info,
        input: Annotated[SetVoicePitchInput, strawberry.argument(description="The pitch.")],  # noqa: A002
    ) -> SetVoicePitchPayload:
        problems = texts.check_pitch(input.pitch, "pitch")
        if problems:
            raise RefusedError(problems)
        acted = await act(info, input.call_id, verbs.SetVoicePitch(pitch=input.pitch, leg_id=_leg_id(input.leg_id)))
        return SetVoicePitchPayload(call=Call.of(acted.call, info.context.sight))


def _leg_id(given: str | None) -> LegId | None:
    return None if given is None else LegId(given)
