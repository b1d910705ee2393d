"""Having records, contacts, recordings and events written into a file."""

from typing import Annotated, Any

import strawberry

from app.api.context import Info
from app.api.fields import mutation
from app.api.filters import (
    CallFilterInput,
    EventFilterInput,
    RecordingFilterInput,
    read_call_filter,
    read_event_filter,
    read_recording_filter,
)
from app.api.types.job import Job
from app.api.types.problem import Payload
from app.exports.plan import ExportFormat, ExportKind, ExportOrder


@strawberry.input(description="Call detail records.")
class ExportCdrsInput:
    filter: CallFilterInput | None = strawberry.field(default=None, description="Which; when left out, all.")


@strawberry.input(description="The contacts of a list.")
class ExportContactsInput:
    list_id: strawberry.ID = strawberry.field(description="The list.")


@strawberry.input(description="The entries of a DNC list.")
class ExportDncEntriesInput:
    list_id: strawberry.ID = strawberry.field(description="The list.")


@strawberry.input(description="What is known of recordings; not the recordings themselves.")
class ExportRecordingsInput:
    filter: RecordingFilterInput | None = strawberry.field(default=None, description="Which; when left out, all.")


@strawberry.input(description="Events.")
class ExportEventsInput:
    filter: EventFilterInput | None = strawberry.field(default=None, description="Which; when left out, all.")


@strawberry.input(one_of=True, description="What is to be exported: exactly one of these.")
class ExportSubjectInput:
    cdrs: ExportCdrsInput | None = strawberry.field(
        default=strawberry.UNSET, description="Call detail records; needs the scope `cdrs:read`."
    )
    contacts: ExportContactsInput | None = strawberry.field(
        default=strawberry.UNSET, description="A list's contacts; needs the scope `contacts`."
    )
    dnc_entries: ExportDncEntriesInput | None = strawberry.field(
        default=strawberry.UNSET, description="A DNC list's entries; needs the scope `dnc`."
    )
    recordings: ExportRecordingsInput | None = strawberry.field(
        default=strawberry.UNSET, description="Recordings; needs the scope `recordings:read`."
    )
    events: ExportEventsInput | None = strawberry.field(
        default=strawberry.UNSET, description="Events; needs the scope `calls:read`."
    )


@strawberry.input(description="An export to be made.")
class CreateExportInput:
    subject: ExportSubjectInput = strawberry.field(description="What is to be exported.")
    format: ExportFormat = strawberry.field(default=ExportFormat.CSV, description="The form of the file.")


@strawberry.type(description="What came of asking for an export.")
class CreateExportPayload(Payload):
    job: Job | None = strawberry.field(
        default=None, description="The export; its `report` is the file, once it is over. Null when refused."
    )


@strawberry.type
class ExportMutations:
    @mutation(
        None,
        CreateExportPayload,
        "Have the rows that there are now written into a file, oldest first. It needs the scope of what is exported, "
        "and shows what the key may see: numbers are masked without `pii:read`, pressed keys without `dtmf:read`. Only "
        "keys that may see as much can fetch it. "
        "`INVALID_STATE` when too many jobs are unfinished (`FULL`).",
    )
    async def create_export(
        self,
        info: Info,
        input: Annotated[CreateExportInput, strawberry.argument(description="What to make.")],  # noqa: A002  # GraphQL's own word
    ) -> CreateExportPayload:
        job = await info.context.services.exports.begin(info.context.caller, _read(input, info))
        return CreateExportPayload(job=Job.of(job))


def _read(given: CreateExportInput, info: Info) -> ExportOrder:
    """Raises RefusedError: INVALID_NUMBER, INVALID_INPUT in a filter."""
    subject, caller = given.subject, info.context.caller
    if subject.cdrs:
        return _order(given, ExportKind.CDRS, calls=read_call_filter(subject.cdrs.filter, caller))
    if subject.contacts:
        return _order(given, ExportKind.CONTACTS, list_id=subject.contacts.list_id)
    if subject.dnc_entries:
        return _order(given, ExportKind.DNC_ENTRIES, list_id=subject.dnc_entries.list_id)
    if subject.recordings:
        recordings = read_recording_filter(subject.recordings.filter, caller)
        return _order(given, ExportKind.RECORDINGS, recordings=recordings)
    assert subject.events  # exactly one is given
    return _order(given, ExportKind.EVENTS, events=read_event_filter(subject.events.filter))


def _order(given: CreateExportInput, kind: ExportKind, **rest: Any) -> ExportOrder:
    # What the key may see is for the service to say.
    return ExportOrder(kind=kind, format=given.format, has_numbers=False, has_digits=False, **rest)
