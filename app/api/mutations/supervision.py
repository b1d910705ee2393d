"""Listening to a call, and calling others into it."""

from typing import Annotated, Final

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import mutation
from app.api.mutations.acting import act
from app.api.mutations.inputs import CallTarget, given_text, key_field
from app.api.types.call import Call, Leg, Supervision
from app.api.types.problem import Payload
from app.calls import texts
from app.calls.core import verbs
from app.calls.core.conference import MOST_PARTICIPANTS
from app.calls.core.model.call import Call as LiveCall
from app.calls.core.supervision import MOST_SUPERVISORS
from app.calls.planning.fingerprints import ADD_PARTICIPANT, SUPERVISE
from app.facts.vocabulary import SupervisionMode
from app.ids import LegId

_RING: Final = f"{texts.SHORTEST_RING_SECONDS:g} to {texts.LONGEST_RING_SECONDS:g} seconds; when left out, as in a call"


@strawberry.input(one_of=True, description="Who is to listen: exactly one of these.")
class SupervisorTarget:
    agent_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="An agent, at the extension where it sits."
    )
    extension: str | None = strawberry.field(default=strawberry.UNSET, description="One of the account's extensions.")


@strawberry.input(description="A call to be listened to. Durations are seconds.")
class StartSupervisionInput:
    idempotency_key: str = key_field()
    call_id: strawberry.ID = strawberry.field(description="The call; it must be CONNECTED.")
    mode: SupervisionMode = strawberry.field(description="What the supervisor does with the talk.")
    supervisor: SupervisorTarget = strawberry.field(description="Whose phone rings.")
    ring_seconds: float | None = strawberry.field(default=None, description=f"How long it may ring: {_RING}.")


@strawberry.input(description="A supervision, to go on in another mode.")
class UpdateSupervisionInput:
    supervision_id: strawberry.ID = strawberry.field(description="The supervision.")
    mode: SupervisionMode = strawberry.field(description="What the supervisor does with the talk from now on.")


@strawberry.input(description="A supervision, to end.")
class StopSupervisionInput:
    supervision_id: strawberry.ID = strawberry.field(description="The supervision.")


@strawberry.input(description="Somebody to be called into a talk. Durations are seconds.")
class AddParticipantInput:
    idempotency_key: str = key_field()
    call_id: strawberry.ID = strawberry.field(description="The call; it must be CONNECTED, with no transfer under way.")
    target: CallTarget = strawberry.field(description="Whom. The rules are those of a new call.")
    ring_seconds: float | None = strawberry.field(default=None, description=f"How long it may ring: {_RING}.")


@strawberry.input(description="One of a conference, to be let go.")
class RemoveParticipantInput:
    leg_id: strawberry.ID = strawberry.field(
        description="A participant's leg; or, while there are participants, any other of those who talk."
    )


@strawberry.type(description="What came of a supervision that was asked for.")
class StartSupervisionPayload(Payload):
    supervision: Supervision | None = strawberry.field(
        default=None, description="The supervision; null when it is over already (a replayed request)."
    )
    call: Call | None = strawberry.field(default=None, description="The call as it is now.")
    replayed: bool = strawberry.field(default=False, description="The idempotency key had started it before.")


@strawberry.type(description="What came of changing a supervision's mode.")
class UpdateSupervisionPayload(Payload):
    supervision: Supervision | None = strawberry.field(default=None, description="The supervision as it is now.")
    call: Call | None = strawberry.field(default=None, description="Its call as it is now.")


@strawberry.type(description="What came of ending a supervision.")
class StopSupervisionPayload(Payload):
    call: Call | None = strawberry.field(default=None, description="Its call as it is now.")


@strawberry.type(description="What came of calling somebody into a talk.")
class AddParticipantPayload(Payload):
    leg: Leg | None = strawberry.field(
        default=None, description="The participant's leg as it is now; of several phones that ring for it, the first's."
    )
    call: Call | None = strawberry.field(default=None, description="The call as it is now.")
    replayed: bool = strawberry.field(default=False, description="The idempotency key had called it before.")


@strawberry.type(description="What came of letting one of a conference go.")
class RemoveParticipantPayload(Payload):
    leg: Leg | None = strawberry.field(default=None, description="The leg as it is now.")
    call: Call | None = strawberry.field(default=None, description="Its call as it is now.")


@strawberry.type
class SupervisionMutations:
    @mutation(
        Scope.SUPERVISE,
        StartSupervisionPayload,
        f"Let a supervisor listen to a call, at most {MOST_SUPERVISORS} at once: its phone rings, and with its answer "
        "it hears the agent and whoever the agent talks to. `supervision.ended` comes exactly once, whatever happens. "
        "`INVALID_STATE` when the call is not `CONNECTED`, has no agent, or has as many supervisors as it may "
        "(`SUPERVISED`); or the call is ending or has ended, or tells a one-time password.",
    )
    async def start_supervision(
        self,
        info: Info,
        input: Annotated[StartSupervisionInput, strawberry.argument(description="The call, and who listens.")],  # noqa: A002  # GraphQL's own word
    ) -> StartSupervisionPayload:
        verb = verbs.StartSupervision(
            idempotency_key=input.idempotency_key,
            mode=input.mode,
            supervisor=verbs.Target(
                agent_id=given_text(input.supervisor.agent_id), extension=given_text(input.supervisor.extension)
            ),
            ring_seconds=input.ring_seconds,
        )
        acted = await act(info, input.call_id, verb)
        supervision_id = _came_of(acted.call, SUPERVISE, input.idempotency_key)
        return StartSupervisionPayload(
            supervision=_supervision(info, acted.call, supervision_id),
            call=Call.of(acted.call, info.context.sight),
            replayed=acted.is_replayed,
        )

    @mutation(
        Scope.SUPERVISE,
        UpdateSupervisionPayload,
        "Change what a supervisor does with the talk. Nobody's sound is interrupted. `NOT_FOUND` when none of this id "
        "is under way, or no more; `INVALID_STATE` when the call is ending or has ended.",
    )
    async def update_supervision(
        self,
        info: Info,
        input: Annotated[UpdateSupervisionInput, strawberry.argument(description="The mode.")],  # noqa: A002
    ) -> UpdateSupervisionPayload:
        verb = verbs.UpdateSupervision(supervision_id=input.supervision_id, mode=input.mode)
        call = (await act(info, input.supervision_id, verb)).call
        return UpdateSupervisionPayload(
            supervision=_supervision(info, call, input.supervision_id), call=Call.of(call, info.context.sight)
        )

    @mutation(
        Scope.SUPERVISE,
        StopSupervisionPayload,
        "End a supervision: the supervisor is let go, the call goes on. `NOT_FOUND` when none of this id is under way, "
        "or no more; `INVALID_STATE` when the call is ending or has ended.",
    )
    async def stop_supervision(
        self,
        info: Info,
        input: Annotated[StopSupervisionInput, strawberry.argument(description="The supervision.")],  # noqa: A002
    ) -> StopSupervisionPayload:
        verb = verbs.StopSupervision(supervision_id=input.supervision_id)
        acted = await act(info, input.supervision_id, verb)
        return StopSupervisionPayload(call=Call.of(acted.call, info.context.sight))

    @mutation(
        Scope.CALLS_CONTROL,
        AddParticipantPayload,
        f"Call somebody into the talk of a CONNECTED call, at most {MOST_PARTICIPANTS} at once. Who answers talks with "
        "all (`participant.joined`); of who does not, `leg.ended` tells. `INVALID_STATE` when the call is not "
        "`CONNECTED`, a transfer is under way (`TRANSFER_…`), or it has as many participants as it may (`CONFERENCE`); "
        "or the call is ending or has ended, or tells a one-time password.",
    )
    async def add_participant(
        self,
        info: Info,
        input: Annotated[AddParticipantInput, strawberry.argument(description="Whom.")],  # noqa: A002
    ) -> AddParticipantPayload:
        verb = verbs.AddParticipant(
            idempotency_key=input.idempotency_key,
            target=verbs.Target(
                agent_id=given_text(input.target.agent_id),
                extension=given_text(input.target.extension),
                number=given_text(input.target.number),
            ),
            ring_seconds=input.ring_seconds,
        )
        acted = await act(info, input.call_id, verb)
        leg_id = _came_of(acted.call, ADD_PARTICIPANT, input.idempotency_key)
        return AddParticipantPayload(
            leg=None
            if leg_id is None
            else Leg.of(acted.call.leg(LegId(leg_id)), info.context.sight, call_id=acted.call.id),
            call=Call.of(acted.call, info.context.sight),
            replayed=acted.is_replayed,
        )

    @mutation(
        Scope.CALLS_CONTROL,
        RemoveParticipantPayload,
        "Let one of a conference go; the others talk on. In the agent's or the customer's place whoever joined first "
        "goes on. `INVALID_STATE` when the leg has ended or is on its way out (`LEAVING`), or is neither a "
        "participant's nor, while there are participants, one of those who talk; or the call is ending or has ended, "
        "or tells a one-time password.",
    )
    async def remove_participant(
        self,
        info: Info,
        input: Annotated[RemoveParticipantInput, strawberry.argument(description="The leg.")],  # noqa: A002
    ) -> RemoveParticipantPayload:
        leg_id = LegId(input.leg_id)
        verb = verbs.RemoveParticipant(leg_id=leg_id)
        call = (await act(info, leg_id, verb)).call
        return RemoveParticipantPayload(
            leg=Leg.of(call.leg(leg_id), info.context.sight, call_id=call.id), call=Call.of(call, info.context.sight)
        )


def _came_of(call: LiveCall, mutation_name: str, key: str) -> str | None:
    used = (one for one in call.keys if (one.mutation, one.key) == (mutation_name, key))
    return next((one.subject_id for one in used), None)


def _supervision(info: Info, call: LiveCall, supervision_id: str | None) -> Supervision | None:
    found = None if supervision_id is None else call.supervision(supervision_id)
    return None if found is None else Supervision.of(call, found, info.context.sight)
