"""From the call model to rows: the parts of the one statement with which the store writes calls.

Each part is a common table expression over a JSON list of rows, whose keys are the table's columns. So one encoder
writes all of it, and a commit is one message to PostgreSQL and one back.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import msgspec

from app.calls.core.model.call import Call
from app.calls.core.model.leg import Leg
from app.calls.core.model.queue import QueueStage
from app.calls.core.model.recording import Recording
from app.calls.keeping.keys import KeyClaim
from app.calls.keeping.recordings import recorded_legs
from app.db.compound import Filled, Part
from app.facts.vocabulary import LegRole, RecordingKind


def _upsert(table: str, columns: str, changing: str) -> Part:
    """Insert rows of a table; of those that are there, change these columns."""
    changes = ", ".join(f"{name} = excluded.{name}" for name in changing.split())
    names = ", ".join(columns.split())
    sql = (
        f"INSERT INTO {table} ({names}) SELECT {names} "  # noqa: S608 -- our own names
        f"FROM json_populate_recordset(NULL::{table}, {{rows}}) ON CONFLICT (id) DO UPDATE SET {changes} RETURNING 1"
    )
    return Part(((f"{table}_written", sql),))


_CALLS: Final = _upsert(
    "call",
    "id account_id node kind direction state is_settled created_at connected_at ended_at disposition agent_id "
    "extension dialled_number caller_id trunk_id external_id tags is_sandbox queue_id "
    "queue_priority queue_joined_at campaign_id snapshot",
    "state is_settled connected_at ended_at disposition trunk_id external_id tags queue_id queue_priority "
    "queue_joined_at snapshot",
)
_LEGS: Final = _upsert(
    "leg",
    "id account_id call_id role state number extension channel_name created_at dialing_at ringing_at answered_at "
    "ended_at hangup_cause sip_code trunk_id agent_id",
    "role state channel_name dialing_at ringing_at answered_at ended_at hangup_cause sip_code trunk_id",
)
_RECORDINGS: Final = _upsert(
    "recording",
    "id account_id call_id mode state created_at started_at saved_at customer_number extension object_key "
    "duration_seconds size_bytes channels sample_rate sha256 failure leg_ids segments lost_seconds kind "
    "wants_transcript",
    "state started_at saved_at object_key duration_seconds size_bytes channels sample_rate sha256 failure leg_ids "
    "segments lost_seconds",
)
# A key that is taken fails the statement (``KEYS_TAKEN``): whoever holds it must be looked up before anything is said.
_CLAIM: Final = (
    "INSERT INTO request_key (account_id, mutation, key, input_hash, subject_id) "
    "SELECT account_id, mutation, key, input_hash, subject_id "
    "FROM json_populate_recordset(NULL::request_key, {rows}) ORDER BY 1, 2, 3 RETURNING 1"
)
_CLAIMS: Final = Part((("request_key_written", _CLAIM),))
# One of a live call's is a fact already: whoever else has it by now, the call goes on.
_USES: Final = Part((("request_key_used", _CLAIM.replace("RETURNING 1", "ON CONFLICT DO NOTHING RETURNING 1")),))
#: The constraint that a key runs into which is taken.
KEYS_TAKEN: Final = "request_key_pkey"

_ENCODER: Final = msgspec.json.Encoder()


def fill_calls(calls: Iterable[Call]) -> Filled:
    """Calls, each once, with their snapshots."""
    return Filled(_CALLS, _ENCODER.encode([_call_row(call) for call in calls]))


def fill_legs(legs: Iterable[tuple[Call, Leg]]) -> Filled:
    """Legs, each once."""
    return Filled(_LEGS, _ENCODER.encode([_leg_row(call, leg) for call, leg in legs]))


def fill_recordings(recordings: Iterable[tuple[Call, Recording]]) -> Filled:
    """Recordings, each once."""
    return Filled(_RECORDINGS, _ENCODER.encode([_recording_row(call, one) for call, one in recordings]))


def fill_claims(claims: Iterable[KeyClaim]) -> Filled:
    """Idempotency keys that nobody is believed to have yet."""
    return Filled(_CLAIMS, _ENCODER.encode([_claim_row(claim) for claim in claims]))


def fill_uses(uses: Iterable[KeyClaim]) -> Filled:
    """Idempotency keys that live calls have used."""
    return Filled(_USES, _ENCODER.encode([_claim_row(claim) for claim in uses]))


def _call_row(call: Call) -> dict[str, Any]:
    return {
        "id": call.id,
        "account_id": call.account_id,
        "node": call.node,
        "kind": call.kind,
        "direction": call.direction,
        "state": call.state,
        "is_settled": call.is_settled,
        "created_at": call.created_at,
        "connected_at": call.connected_at,
        "ended_at": call.ended_at,
        "disposition": call.outcome if call.is_ended else None,
        "agent_id": call.agent_id,
        "extension": call.extension,
        "dialled_number": call.dialled_number,
        "caller_id": call.caller_id,
        "trunk_id": call.trunk_id,
        "external_id": call.external_id,
        "tags": call.tags,
        "is_sandbox": call.is_sandbox,
        "queue_id": None if call.queue is None else call.queue.queue_id,
        "queue_priority": None if call.queue is None else call.queue.priority,
        "queue_joined_at": _joined_at(call),
        "campaign_id": None if call.errand is None else call.errand.campaign_id,
        "snapshot": call,
    }


def _joined_at(call: Call) -> datetime | None:
    """Since when the caller waits; None when it does not (any more)."""
    wait = call.queue
    return None if wait is None or wait.stage is not QueueStage.WAITING else wait.joined_at


def _leg_row(call: Call, leg: Leg) -> dict[str, Any]:
    return {
        "id": leg.id,
        "account_id": call.account_id,
        "call_id": call.id,
        "role": leg.role,
        "state": leg.state,
        "number": leg.party.number,
        "extension": leg.party.extension,
        "channel_name": leg.channel_name,
        "created_at": leg.created_at or call.created_at,
        "dialing_at": leg.dialing_at,
        "ringing_at": leg.ringing_at,
        "answered_at": leg.answered_at,
        "ended_at": leg.ended_at,
        "hangup_cause": leg.hangup_cause,
        "sip_code": leg.sip_code,
        "trunk_id": leg.trunk_id,
        "agent_id": leg.agent_id,
    }


def _recording_row(call: Call, recording: Recording) -> dict[str, Any]:
    return {
        "id": recording.id,
        "account_id": call.account_id,
        "call_id": call.id,
        "mode": recording.mode,
        "state": recording.shown_state,
        "created_at": recording.created_at,
        "started_at": recording.started_at,
        "saved_at": recording.saved_at,
        "customer_number": call.leg_of(LegRole.CUSTOMER).party.number,
        "extension": call.extension,
        "object_key": recording.object_key,
        "duration_seconds": recording.duration_seconds,
        "size_bytes": recording.size_bytes,
        "channels": recording.channels,
        "sample_rate": recording.sample_rate,
        "sha256": recording.sha256,
        "failure": recording.failure,
        "leg_ids": recorded_legs(call, recording),
        "segments": recording.segments or None,
        "lost_seconds": recording.lost_seconds,
        "kind": recording.kind,
        "wants_transcript": call.transcribe and recording.kind is RecordingKind.CALL,
    }


def _claim_row(claim: KeyClaim) -> dict[str, Any]:
    return {
        "account_id": claim.account_id,
        "mutation": claim.mutation,
        "key": claim.key,
        "input_hash": f"\\x{claim.input_hash.hex()}",
        "subject_id": claim.subject_id,
    }
