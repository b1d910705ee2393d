"""The recordings of a live call, as their readers see them."""

from app.calls.core.model.call import Call
from app.calls.core.model.recording import Recording
from app.calls.core.recording import leg_of_part
from app.facts.vocabulary import LegRole
from app.ids import LegId, RecordingId
from app.recordings import model


def recording_of(call: Call, recording_id: RecordingId) -> model.Recording | None:
    """A recording of the call as it stands; what the database has of it, or is about to have."""
    found = call.recording(recording_id)
    if found is None:
        return None
    return model.Recording(
        id=found.id,
        account_id=call.account_id,
        call_id=call.id,
        mode=found.mode,
        state=found.shown_state,
        created_at=found.created_at,
        started_at=found.started_at,
        saved_at=found.saved_at,
        customer_number=call.leg_of(LegRole.CUSTOMER).party.number,
        extension=call.extension,
        object_key=found.object_key,
        duration_seconds=found.duration_seconds,
        size_bytes=found.size_bytes,
        channels=found.channels,
        sample_rate=found.sample_rate,
        sha256=found.sha256,
        failure=found.failure,
        leg_ids=recorded_legs(call, found),
        segments=found.segments or None,
        lost_seconds=found.lost_seconds,
        kind=found.kind,
    )


def recorded_legs(call: Call, recording: Recording) -> tuple[LegId, ...]:
    """The legs whose voices were written, each once, in the order of their beginning."""
    legs = [leg_of_part(call, part).id for part in recording.parts if part.started_at is not None]
    return tuple(dict.fromkeys(legs))
