"""From the call model to rows: what the store writes of a call, its legs and its recordings."""

from typing import Any, Final

from app.calls.model import Call, Leg, Recording, encode_call
from app.facts.vocabulary import LegRole

UPSERT_CALL: Final = """
INSERT INTO call (id, account_id, node, kind, direction, state, is_settled, created_at, connected_at, ended_at,
                  disposition, agent_id, extension, dialled_number, caller_id, trunk_id, external_id, tags,
                  is_sandbox, snapshot)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20::text::json)
ON CONFLICT (id) DO UPDATE SET
    state = excluded.state, is_settled = excluded.is_settled, connected_at = excluded.connected_at,
    ended_at = excluded.ended_at, disposition = excluded.disposition, external_id = excluded.external_id,
    tags = excluded.tags, snapshot = excluded.snapshot
"""

UPSERT_LEG: Final = """
INSERT INTO leg (id, account_id, call_id, role, state, number, extension, channel_name, created_at, dialing_at,
                 ringing_at, answered_at, ended_at, hangup_cause, sip_code)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT (id) DO UPDATE SET
    state = excluded.state, channel_name = excluded.channel_name, dialing_at = excluded.dialing_at,
    ringing_at = excluded.ringing_at, answered_at = excluded.answered_at, ended_at = excluded.ended_at,
    hangup_cause = excluded.hangup_cause, sip_code = excluded.sip_code
"""

UPSERT_RECORDING: Final = """
INSERT INTO recording (id, account_id, call_id, mode, state, created_at, started_at, saved_at, customer_number,
                       extension, object_key, duration_seconds, size_bytes, channels, sample_rate, sha256, failure)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
ON CONFLICT (id) DO UPDATE SET
    state = excluded.state, started_at = excluded.started_at, saved_at = excluded.saved_at,
    object_key = excluded.object_key, duration_seconds = excluded.duration_seconds,
    size_bytes = excluded.size_bytes, channels = excluded.channels, sample_rate = excluded.sample_rate,
    sha256 = excluded.sha256, failure = excluded.failure
"""


def call_row(call: Call) -> tuple[Any, ...]:
    """The values of UPSERT_CALL."""
    return (
        call.id,
        call.account_id,
        call.node,
        call.kind.value,
        call.direction.value,
        call.state.value,
        call.is_settled,
        call.created_at,
        call.connected_at,
        call.ended_at,
        call.outcome.value if call.outcome and call.is_ended else None,
        call.agent_id,
        call.extension,
        call.dialled_number,
        call.caller_id,
        call.trunk_id,
        call.external_id,
        list(call.tags),
        call.is_sandbox,
        encode_call(call).decode(),
    )


def leg_row(call: Call, leg: Leg) -> tuple[Any, ...]:
    """The values of UPSERT_LEG."""
    return (
        leg.id,
        call.account_id,
        call.id,
        leg.role.value,
        leg.state.value,
        leg.party.number,
        leg.party.extension,
        leg.channel_name,
        leg.created_at or call.created_at,
        leg.dialing_at,
        leg.ringing_at,
        leg.answered_at,
        leg.ended_at,
        leg.hangup_cause,
        leg.sip_code,
    )


def recording_row(call: Call, recording: Recording) -> tuple[Any, ...]:
    """The values of UPSERT_RECORDING."""
    return (
        recording.id,
        call.account_id,
        call.id,
        recording.mode.value,
        recording.state.value,
        recording.created_at,
        recording.started_at,
        recording.saved_at,
        call.leg_of(LegRole.CUSTOMER).party.number,
        call.extension,
        recording.object_key,
        recording.duration_seconds,
        recording.size_bytes,
        recording.channels,
        recording.sample_rate,
        recording.sha256,
        recording.failure,
    )
