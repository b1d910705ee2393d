"""Recordings over GraphQL: begun, paused, resumed, ended and deleted, with what each answer, row and event tells."""

from datetime import UTC, datetime, timedelta

import pytest

from app.accounts.scopes import Scope
from app.calls.core import inputs
from app.facts.stretches import Segment
from app.facts.vocabulary import CallState, LegRole, SegmentKind
from app.ids import RecordingId
from tests.api.conftest import Surface
from tests.api.silent_asterisk import move_leg
from tests.api.test_calls import ORIGINATE, originate_input

pytestmark = pytest.mark.postgres

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
_FIELDS = """
    recording { id state mode legIds deletedAt durationSeconds url { url } segments { kind offsetSeconds legIds } }
    userErrors { code field currentState }
"""
START = (
    f"mutation Start($input: StartRecordingInput!) {{ startRecording(input: $input) {{ call {{ id }} {_FIELDS} }} }}"
)
STOP = f"mutation Stop($input: StopRecordingInput!) {{ stopRecording(input: $input) {{ {_FIELDS} }} }}"
PAUSE = f"mutation Pause($input: PauseRecordingInput!) {{ pauseRecording(input: $input) {{ {_FIELDS} }} }}"
RESUME = f"mutation Resume($input: ResumeRecordingInput!) {{ resumeRecording(input: $input) {{ {_FIELDS} }} }}"
DELETE = f"mutation Delete($input: DeleteRecordingInput!) {{ deleteRecording(input: $input) {{ {_FIELDS} }} }}"
READ = """
query Read($id: ID!) {
  recording(id: $id) { id state deletedAt sha256 lostSeconds url { url }
                       segments { kind beganAt endedAt offsetSeconds lengthSeconds legIds } }
  events(first: 50) { nodes { type ... on RecordingPausedEvent { pauseMode pausedAt }
                              ... on RecordingSavedEvent { lostSeconds }
                              ... on RecordingResumedEvent { pausedAt resumedAt }
                              ... on RecordingDeletedEvent { recordingId callId isExpired subjectId callSequence } } }
}
"""
_SIDES = (LegRole.AGENT, LegRole.CUSTOMER)


async def _connected(surface: Surface) -> str:
    payload = (await surface.ask(ORIGINATE, {"input": originate_input()}))["originateCall"]
    call_id: str = payload["call"]["id"]
    actor = surface.registry.find(call_id)
    assert actor is not None
    for role in _SIDES:
        await actor.wait_until(lambda call, role=role: call.leg_of(role).dialing_at is not None)  # type: ignore[misc]
        move_leg(surface.registry, call_id, role, inputs.LegAnswered)
    await actor.wait_until(lambda call: call.state is CallState.CONNECTED)
    return call_id


async def _written(surface: Surface, call_id: str, recording_id: RecordingId) -> None:
    """Asterisk writes both sides."""
    for role in _SIDES:
        surface.registry.post(recording_id, inputs.SnoopCreated(recording_id=recording_id, role=role))
        surface.registry.post(recording_id, inputs.PartStarted(recording_id=recording_id, role=role, at=NOON))
    actor = surface.registry.find(call_id)
    assert actor is not None
    await actor.wait_until(lambda call: call.recordings[0].started_at is not None)


async def test_given_a_talk_when_recorded_paused_resumed_stopped_and_deleted_then_each_answer_tells_where_it_stands(
    surface: Surface,
) -> None:
    call_id = await _connected(surface)
    begun = (await surface.ask(START, {"input": {"callId": call_id, "mode": "BOTH"}}))["startRecording"]
    assert (begun["userErrors"], begun["recording"]["state"], begun["call"]["id"]) == ([], "PENDING", call_id)
    recording_id = RecordingId(begun["recording"]["id"])
    await _written(surface, call_id, recording_id)

    paused = (await surface.ask(PAUSE, {"input": {"recordingId": recording_id, "mode": "SKIP"}}))["pauseRecording"]
    assert (paused["userErrors"], paused["recording"]["state"]) == ([], "PAUSED")
    assert len(paused["recording"]["legIds"]) == 2
    resumed = (await surface.ask(RESUME, {"input": {"recordingId": recording_id}}))["resumeRecording"]
    assert resumed["recording"]["state"] == "RECORDING"
    early = (await surface.ask(DELETE, {"input": {"recordingId": recording_id}}))["deleteRecording"]
    assert early["userErrors"] == [{"code": "INVALID_STATE", "field": ["recordingId"], "currentState": "RECORDING"}]
    again = (await surface.ask(START, {"input": {"callId": call_id}}))["startRecording"]
    assert again["userErrors"] == [{"code": "INVALID_STATE", "field": ["callId"], "currentState": "RECORDING"}]
    stopped = (await surface.ask(STOP, {"input": {"recordingId": recording_id}}))["stopRecording"]
    assert stopped["recording"]["state"] == "COLLECTING"

    legs = tuple(paused["recording"]["legIds"])
    talk = Segment(
        kind=SegmentKind.TALK,
        began_at=NOON,
        ended_at=NOON + timedelta(seconds=2.5),
        offset_seconds=0.0,
        length_seconds=2.5,
        leg_ids=legs,
    )
    surface.registry.post(
        recording_id,
        inputs.RecordingCollected(
            recording_id=recording_id,
            object_key=f"{surface.account.id}/2026/05/01/{recording_id}.wav",
            duration_seconds=2.5,
            size_bytes=80_000,
            channels=2,
            sample_rate=8000,
            sha256="ab",
            segments=(talk,),
            lost_seconds=1.729,
        ),
    )
    actor = surface.registry.find(call_id)
    assert actor is not None
    await actor.wait_until(lambda call: call.recordings[0].is_settled)
    saved = (await surface.ask(READ, {"id": recording_id}))["recording"]
    assert saved["state"] == "SAVED"
    assert saved["url"] is not None
    assert saved["lostSeconds"] == 1.729
    assert saved["segments"] == [
        {
            "kind": "TALK",
            "beganAt": "2026-05-01T12:00:00.000000Z",
            "endedAt": "2026-05-01T12:00:02.500000Z",
            "offsetSeconds": 0.0,
            "lengthSeconds": 2.5,
            "legIds": list(legs),
        }
    ]

    deleted = (await surface.ask(DELETE, {"input": {"recordingId": recording_id}}))["deleteRecording"]
    assert (deleted["userErrors"], deleted["recording"]["state"]) == ([], "DELETED")
    answer = await surface.ask(READ, {"id": recording_id})
    left = answer["recording"]
    assert left["deletedAt"] is not None
    assert (left["url"], left["sha256"], left["segments"], left["lostSeconds"]) == (None, None, None, None)
    events = {event["type"]: event for event in answer["events"]["nodes"]}
    assert events["RECORDING_PAUSED"]["pauseMode"] == "SKIP"
    assert events["RECORDING_SAVED"]["lostSeconds"] == 1.729
    assert events["RECORDING_RESUMED"]["pausedAt"] == events["RECORDING_PAUSED"]["pausedAt"]
    told = events["RECORDING_DELETED"]
    assert (told["recordingId"], told["subjectId"], told["callId"]) == (recording_id, recording_id, call_id)
    assert (told["isExpired"], told["callSequence"]) == (False, None)


@pytest.mark.parametrize(
    ("document", "field"), [(STOP, "stopRecording"), (PAUSE, "pauseRecording"), (RESUME, "resumeRecording")]
)
@pytest.mark.parametrize("given", ["rec_01m7yj8rwkfxhw5g2bhthhj7n3", "call_01m7yj8rwkfxhw5g2bhthhj7n3", "nonsense"])
async def test_given_no_such_recording_when_asked_then_it_is_not_found(
    surface: Surface, document: str, field: str, given: str
) -> None:
    payload = (await surface.ask(document, {"input": {"recordingId": given}}))[field]
    assert payload["recording"] is None
    assert payload["userErrors"] == [{"code": "NOT_FOUND", "field": ["recordingId"], "currentState": None}]


async def test_given_a_recording_when_deleted_without_the_scope_then_it_is_refused_and_reading_is_no_licence(
    surface: Surface,
) -> None:
    token = await surface.key({Scope.RECORDINGS_READ, Scope.CALLS_CONTROL})
    refused = await surface.refuse(DELETE, {"input": {"recordingId": "rec_1"}}, token=token)
    assert refused["code"] == "FORBIDDEN"


async def test_given_recording_off_when_begun_then_the_mode_is_wrong(surface: Surface) -> None:
    call_id = await _connected(surface)
    payload = (await surface.ask(START, {"input": {"callId": call_id, "mode": "OFF"}}))["startRecording"]
    assert payload["userErrors"] == [{"code": "INVALID_INPUT", "field": ["mode"], "currentState": None}]
