"""Recordings: begun and ended in mid call, paused and resumed, deleted."""

from typing import Annotated, Any

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import mutation
from app.api.mutations.acting import act
from app.api.types.call import Call
from app.api.types.problem import Payload
from app.api.types.recording import Recording
from app.calls.core import verbs
from app.calls.core.model.call import Call as LiveCall
from app.calls.keeping.recordings import recording_of
from app.errors import Problem, RefusedError
from app.facts.vocabulary import PauseMode, RecordingMode
from app.ids import Kind, RecordingId, kind_of, new_id


@strawberry.input(description="A recording to be begun.")
class StartRecordingInput:
    call_id: strawberry.ID = strawberry.field(description="The call.")
    mode: RecordingMode = strawberry.field(default=RecordingMode.BOTH, description="Whose voice; not `OFF`.")


@strawberry.input(description="A recording to be ended.")
class StopRecordingInput:
    recording_id: strawberry.ID = strawberry.field(description="The recording.")


@strawberry.input(description="A recording to be paused.")
class PauseRecordingInput:
    recording_id: strawberry.ID = strawberry.field(description="The recording.")
    mode: PauseMode = strawberry.field(default=PauseMode.SILENCE, description="What the file has of the pause.")


@strawberry.input(description="A recording to be resumed.")
class ResumeRecordingInput:
    recording_id: strawberry.ID = strawberry.field(description="The recording.")


@strawberry.input(description="A recording to be deleted.")
class DeleteRecordingInput:
    recording_id: strawberry.ID = strawberry.field(description="The recording.")


@strawberry.type(description="What came of a recording that was to be begun.")
class StartRecordingPayload(Payload):
    recording: Recording | None = strawberry.field(default=None, description="The recording as it is now.")
    call: Call | None = strawberry.field(default=None, description="Its call as it is now.")


@strawberry.type(description="What came of ending a recording.")
class StopRecordingPayload(StartRecordingPayload):
    pass


@strawberry.type(description="What came of pausing a recording.")
class PauseRecordingPayload(StartRecordingPayload):
    pass


@strawberry.type(description="What came of resuming a recording.")
class ResumeRecordingPayload(StartRecordingPayload):
    pass


@strawberry.type(description="What came of deleting a recording.")
class DeleteRecordingPayload(Payload):
    recording: Recording | None = strawberry.field(
        default=None, description="What stays of it; null for callers who may not see recordings."
    )


@strawberry.type
class RecordingMutations:
    @mutation(
        Scope.CALLS_CONTROL,
        StartRecordingPayload,
        "Record a call from now on. One recording of a call runs at a time; when it is stopped, another may begin. "
        "`recording.started` tells when Asterisk writes. `INVALID_STATE` when the call is being recorded already (the "
        "recording's state), when no two talk (the call's state, or `TRANSFER_…`); or the call is ending or has ended, "
        "or tells a one-time password.",
    )
    async def start_recording(
        self,
        info: Info,
        input: Annotated[StartRecordingInput, strawberry.argument(description="The recording.")],  # noqa: A002  # GraphQL's own word
    ) -> StartRecordingPayload:
        if input.mode is RecordingMode.OFF:
            raise RefusedError(Problem("INVALID_INPUT", "Say whose voice is to be recorded.", ("mode",)))
        recording_id = RecordingId(new_id(Kind.RECORDING))
        call = (await act(info, input.call_id, verbs.StartRecording(recording_id=recording_id, mode=input.mode))).call
        return StartRecordingPayload(**_as_it_is(info, call, recording_id))

    @mutation(
        Scope.CALLS_CONTROL,
        StopRecordingPayload,
        "End a recording while the call goes on. `recording.saved` tells when it can be fetched. `INVALID_STATE` when "
        "the recording is over or has not begun; or the call is ending or has ended, or tells a one-time password.",
    )
    async def stop_recording(
        self,
        info: Info,
        input: Annotated[StopRecordingInput, strawberry.argument(description="The recording.")],  # noqa: A002
    ) -> StopRecordingPayload:
        recording_id = _read_id(input.recording_id)
        call = (await act(info, recording_id, verbs.StopRecording(recording_id=recording_id))).call
        return StopRecordingPayload(**_as_it_is(info, call, recording_id))

    @mutation(
        Scope.CALLS_CONTROL,
        PauseRecordingPayload,
        "Pause a recording, as while payment data is spoken: once this has answered, nothing of what is said gets into "
        "the file, whatever fails meanwhile. `INVALID_STATE` when the recording is over, has not begun or is paused in "
        "the other `mode`; or the call is ending or has ended, or tells a one-time password.",
    )
    async def pause_recording(
        self,
        info: Info,
        input: Annotated[PauseRecordingInput, strawberry.argument(description="The recording.")],  # noqa: A002
    ) -> PauseRecordingPayload:
        recording_id = _read_id(input.recording_id)
        verb = verbs.PauseRecording(recording_id=recording_id, mode=input.mode)
        call = (await act(info, recording_id, verb)).call
        return PauseRecordingPayload(**_as_it_is(info, call, recording_id))

    @mutation(
        Scope.CALLS_CONTROL,
        ResumeRecordingPayload,
        "End a recording's pause. One that is not paused is left so. `INVALID_STATE` when the recording is over or has "
        "not begun; or the call is ending or has ended, or tells a one-time password.",
    )
    async def resume_recording(
        self,
        info: Info,
        input: Annotated[ResumeRecordingInput, strawberry.argument(description="The recording.")],  # noqa: A002
    ) -> ResumeRecordingPayload:
        recording_id = _read_id(input.recording_id)
        call = (await act(info, recording_id, verbs.ResumeRecording(recording_id=recording_id))).call
        return ResumeRecordingPayload(**_as_it_is(info, call, recording_id))

    @mutation(
        Scope.RECORDINGS_DELETE,
        DeleteRecordingPayload,
        "Delete a recording's file. What is known of the recording stays, without what there was of its file; its "
        "addresses answer 410 from now on. "
        "`INVALID_STATE` until it is `SAVED` or `FAILED`; one that is deleted is left so.",
    )
    async def delete_recording(
        self,
        info: Info,
        input: Annotated[DeleteRecordingInput, strawberry.argument(description="The recording.")],  # noqa: A002
    ) -> DeleteRecordingPayload:
        context = info.context
        caller = context.caller
        await context.services.recording_deletion.delete(
            caller.account_id, input.recording_id, actor=caller.actor, request_id=caller.request_id
        )
        if not caller.has(Scope.RECORDINGS_READ):
            return DeleteRecordingPayload()
        found = await context.services.recordings.get(caller.account_id, input.recording_id)
        return DeleteRecordingPayload(recording=None if found is None else Recording.of(found, context.sight))


def _as_it_is(info: Info, call: LiveCall, recording_id: RecordingId) -> dict[str, Any]:
    """The recording and its call, as the mutation left them."""
    sight = info.context.sight
    found = recording_of(call, recording_id)
    return {"call": Call.of(call, sight), "recording": None if found is None else Recording.of(found, sight)}


def _read_id(given: str) -> RecordingId:
    if kind_of(given) is not Kind.RECORDING:
        raise RefusedError(Problem("NOT_FOUND", "There is no such recording.", ("recordingId",)))
    return RecordingId(given)
