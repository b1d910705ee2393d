"""Transcripts over GraphQL: asked for, read from recording and call, refused, and told by events."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from app.accounts.scopes import Scope
from app.calls.core import inputs
from app.clock import SystemClock
from app.facts.vocabulary import LegRole
from app.files.store import FileStore
from app.ids import Kind, new_id
from app.jobs.worker import JobWorker
from app.recordings.object_keys import object_key
from app.recordings.queries import RecordingQueries
from app.transcripts.engine import Heard, Piece
from app.transcripts.runner import Transcription
from tests.api.conftest import Surface
from tests.api.silent_asterisk import move_leg
from tests.api.test_calls import ORIGINATE, originate_input
from tests.jobs.world import NearBus
from tests.recordings.tones import make_tone, write_wave
from tests.transcripts.engines import TellingEngine

pytestmark = pytest.mark.postgres

TRANSCRIPT = """
    id state languageCode engine failure text recordingId callId
    segments { channel role startSeconds endSeconds text confidence }
    job { kind state subjectId }
"""
TRANSCRIBE = f"""
mutation($input: TranscribeInput!) {{
  transcribe(input: $input) {{ transcript {{ {TRANSCRIPT} }} job {{ id }} userErrors {{ code field currentState }} }}
}}
"""
READ = f"""
query($id: ID!, $transcript: ID!) {{
  recording(id: $id) {{ transcript {{ {TRANSCRIPT} }} }}
  node(id: $transcript) {{ ... on Transcript {{ recording {{ id }} }} }}
  events(first: 50) {{ nodes {{ type subjectId
    ... on TranscriptReadyEvent {{ language segmentCount recordingId transcript {{ text }} }} }} }}
}}
"""
_INSERT = """
INSERT INTO recording (id, account_id, call_id, mode, state, created_at, saved_at, object_key)
VALUES ($1, $2, $3, 'CUSTOMER', 'SAVED', now(), now(), $4)
"""


async def _record(surface: Surface, folder: Path) -> tuple[str, FileStore]:
    recording_id, store = new_id(Kind.RECORDING), FileStore.open(None, folder)
    key = object_key(surface.account.id, recording_id)
    path = write_wave(folder / "made.wav", make_tone(440, 0.5))
    await store.put_file(key, path, path.stat().st_size)
    async with surface.database.acquire() as connection:
        await connection.execute(_INSERT, recording_id, surface.account.id, new_id(Kind.CALL), key)
    return recording_id, store


async def _transcribe(surface: Surface, recording_id: str, token: str = "", **more: Any) -> Any:
    given = {"recordingId": recording_id, **more}
    return (await surface.ask(TRANSCRIBE, {"input": given}, token=token))["transcribe"]


async def test_given_a_recording_when_transcribed_then_it_can_be_read_and_an_event_says_so_without_the_text(
    surface: Surface, tmp_path: Path
) -> None:
    async def hear(_piece: Piece) -> list[Heard]:
        return [Heard(start_seconds=0.1, end_seconds=0.4, text="hello there", confidence=0.75)]

    recording_id, store = await _record(surface, tmp_path)
    begun = await _transcribe(surface, recording_id, phrases=["hello there"])
    transcript = begun["transcript"]
    assert begun["userErrors"] == []
    assert (transcript["state"], transcript["segments"], transcript["text"]) == ("PENDING", None, None)
    assert transcript["job"] == {"kind": "TRANSCRIPTION", "state": "QUEUED", "subjectId": recording_id}
    clock = SystemClock()
    recordings = RecordingQueries(surface.database)
    worker = JobWorker(
        *(surface.database, surface.log, store, NearBus(), clock),
        [Transcription(surface.database, recordings, store, TellingEngine(hear), clock, at_once=1)],
        folder=tmp_path / "jobs",
    )
    (tmp_path / "jobs").mkdir()
    (claimed,) = await worker._claim()
    await worker._do(claimed)
    data = await surface.ask(READ, {"id": recording_id, "transcript": transcript["id"]})
    read = data["recording"]["transcript"]
    assert (read["id"], read["state"], read["engine"], read["languageCode"]) == (
        transcript["id"],
        "READY",
        "LOCAL",
        "en-US",
    )
    assert read["text"] == "CUSTOMER: hello there"
    assert read["segments"] == [
        {
            "channel": 1,
            "role": "CUSTOMER",
            "startSeconds": 0.1,
            "endSeconds": 0.4,
            "text": "hello there",
            "confidence": 0.75,
        }
    ]
    assert data["node"] == {"recording": {"id": recording_id}}
    ready = data["events"]["nodes"][0]
    assert (ready["type"], ready["subjectId"], ready["segmentCount"]) == ("TRANSCRIPT_READY", transcript["id"], 1)
    assert ready["transcript"] == {"text": "CUSTOMER: hello there"}
    async with surface.database.acquire() as connection:
        logged = await connection.fetchval("SELECT string_agg(data::text, ' ') FROM event")
    assert "hello" not in logged


async def test_given_a_recording_that_is_not_there_or_a_language_nobody_hears_when_transcribed_then_it_is_refused(
    surface: Surface, tmp_path: Path
) -> None:
    missing = await _transcribe(surface, new_id(Kind.RECORDING))
    assert missing["userErrors"] == [{"code": "NOT_FOUND", "field": ["recordingId"], "currentState": None}]
    recording_id, _ = await _record(surface, tmp_path)
    refused = await _transcribe(surface, recording_id, languageCode="de-DE")
    assert [(one["code"], one["field"]) for one in refused["userErrors"]] == [("NOT_SUPPORTED", ["languageCode"])]
    assert refused["transcript"] is None


async def test_given_a_key_without_recordings_read_when_it_asks_then_it_is_forbidden(surface: Surface) -> None:
    token = await surface.key({Scope.CALLS_READ})
    given = {"input": {"recordingId": new_id(Kind.RECORDING)}}
    assert (await surface.refuse(TRANSCRIBE, given, token=token))["code"] == "FORBIDDEN"


async def test_given_a_call_that_is_to_be_transcribed_when_placed_then_its_recording_says_so(surface: Surface) -> None:
    given = originate_input(recordingMode="BOTH", transcribe=True)
    payload = (await surface.ask(ORIGINATE, {"input": given}))["originateCall"]
    call_id = payload["call"]["id"]

    async def wishes() -> list[bool]:
        async with surface.database.acquire() as connection:
            rows = await connection.fetch("SELECT wants_transcript FROM recording WHERE call_id = $1", call_id)
        return [row["wants_transcript"] for row in rows]

    actor = surface.registry.find(call_id)
    assert actor is not None
    for role in (LegRole.AGENT, LegRole.CUSTOMER):
        await actor.wait_until(lambda call, role=role: call.leg_of(role).dialing_at is not None)  # type: ignore[misc]
        move_leg(surface.registry, call_id, role, inputs.LegAnswered)
    async with asyncio.timeout(60):
        while not await wishes():
            await asyncio.sleep(0.02)
    assert await wishes() == [True]
    assert (await surface.ask("query($id: ID!) { call(id: $id) { transcript { id } } }", {"id": call_id}))["call"] == {
        "transcript": None
    }


async def test_given_a_call_that_is_not_recorded_when_it_is_to_be_transcribed_then_it_is_refused(
    surface: Surface,
) -> None:
    payload = (await surface.ask(ORIGINATE, {"input": originate_input(transcribe=True)}))["originateCall"]
    assert payload["call"] is None
    assert [(one["code"], one["field"]) for one in payload["userErrors"]] == [("INVALID_INPUT", ["transcribe"])]
