"""What may be done with a call while people talk on it: hold, mute."""

from typing import Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import mutation
from app.api.mutations.acting import act
from app.api.mutations.inputs import HoldCallInput, MuteLegInput, UnholdCallInput, UnmuteLegInput
from app.api.types.call import Call, Leg
from app.api.types.problem import Payload
from app.calls.core import verbs
from app.ids import LegId


@strawberry.type(description="What came of holding a leg.")
class HoldCallPayload(Payload):
    call: Call | None = strawberry.field(default=None, description="The call as it is now.")


@strawberry.type(description="What came of bringing a leg back.")
class UnholdCallPayload(HoldCallPayload):
    pass


@strawberry.type(description="What came of silencing a leg.")
class MuteLegPayload(Payload):
    leg: Leg | None = strawberry.field(default=None, description="The leg as it is now.")
    call: Call | None = strawberry.field(default=None, description="Its call as it is now.")


@strawberry.type(description="What came of ending a leg's silence.")
class UnmuteLegPayload(MuteLegPayload):
    pass


@strawberry.type
class CallControlMutations:
    @mutation(
        Scope.CALLS_CONTROL,
        HoldCallPayload,
        "Take a leg out of the talk: it hears music, the others do not hear it. The call must be CONNECTED. "
        "`INVALID_STATE` when the call is not `CONNECTED`; the leg is not `UP` or cannot be had just now (`LEAVING`, "
        "`DETECTING`, `DIALPLAN`, `TRANSFER_DIALING`), or is a supervisor's; or the call is ending or has ended, or "
        "tells a one-time password.",
    )
    async def hold_call(
        self,
        info: Info,
        input: Annotated[HoldCallInput, strawberry.argument(description="The leg.")],  # noqa: A002  # GraphQL's own word
    ) -> HoldCallPayload:
        call = (await act(info, input.call_id, verbs.Hold(leg_id=_leg_id(input.leg_id)))).call
        return HoldCallPayload(call=Call.of(call, info.context.sight))

    @mutation(
        Scope.CALLS_CONTROL,
        UnholdCallPayload,
        "Bring a held leg back into the talk. `INVALID_STATE` when the call is not `CONNECTED`; the leg is not `UP` or "
        "cannot be had just now (`LEAVING`, `DETECTING`, `DIALPLAN`, `TRANSFER_DIALING`), or is a supervisor's; an "
        "attended transfer holds it (`TRANSFER_…`: complete or cancel that); or the call is ending or has ended, or "
        "tells a one-time password.",
    )
    async def unhold_call(
        self,
        info: Info,
        input: Annotated[UnholdCallInput, strawberry.argument(description="The leg.")],  # noqa: A002
    ) -> UnholdCallPayload:
        call = (await act(info, input.call_id, verbs.Unhold(leg_id=_leg_id(input.leg_id)))).call
        return UnholdCallPayload(call=Call.of(call, info.context.sight))

    @mutation(
        Scope.CALLS_CONTROL,
        MuteLegPayload,
        "Silence a leg: the others do not hear it, or it them, or both. `INVALID_STATE` when the leg is not `UP` or "
        "cannot be had just now (`LEAVING`, `DETECTING`, `DIALPLAN`, `TRANSFER_DIALING`); or the call is ending or has "
        "ended, or tells a one-time password.",
    )
    async def mute_leg(
        self,
        info: Info,
        input: Annotated[MuteLegInput, strawberry.argument(description="The leg.")],  # noqa: A002
    ) -> MuteLegPayload:
        leg_id = LegId(input.leg_id)
        call = (await act(info, leg_id, verbs.Mute(leg_id=leg_id, direction=input.direction))).call
        return MuteLegPayload(
            leg=Leg.of(call.leg(leg_id), info.context.sight, call_id=call.id), call=Call.of(call, info.context.sight)
        )

    @mutation(
        Scope.CALLS_CONTROL,
        UnmuteLegPayload,
        "End a leg's silence. `INVALID_STATE` when the leg is not `UP` or cannot be had just now (`LEAVING`, "
        "`DETECTING`, `DIALPLAN`, `TRANSFER_DIALING`); or the call is ending or has ended, or tells a one-time "
        "password.",
    )
    async def unmute_leg(
        self,
        info: Info,
        input: Annotated[UnmuteLegInput, strawberry.argument(description="The leg.")],  # noqa: A002
    ) -> UnmuteLegPayload:
        leg_id = LegId(input.leg_id)
        call = (await act(info, leg_id, verbs.Unmute(leg_id=leg_id, direction=input.direction))).call
        return UnmuteLegPayload(
            leg=Leg.of(call.leg(leg_id), info.context.sight, call_id=call.id), call=Call.of(call, info.context.sight)
        )


def _leg_id(given: str | None) -> LegId | None:
    return None if given is None else LegId(given)
