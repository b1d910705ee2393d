"""What the fields of the schema are called in this dialect, for messages."""

from collections.abc import Mapping
from typing import Final

#: By the path inside the schema's input. One path may mean one thing here and another there; the names then fit both.
NAMES: Final[Mapping[str, str]] = {
    "connect": "agent_number",
    "destination": "destination_number",
    "number": "customer_number",
    "code": "otp",
    "callerId": "caller_id",
    "callerIds": "campaign_caller_id",
    "recordingMode": "recording_option",
    "transcribe": "transcript",
    "announcement.template": "announce_template_id",
    "repeat": "repeat",
    "voice": "voice",
    "at": "scheduled_at",
    "entries": "dnd_contacts",
    "contacts": "contacts",
    "source": "csv_name",
    "contactListIds": "list_id",
    "dncListIds": "dnd_list_id",
    "content.announcement.audioFileId": "recorded_filename",
    "content.announcement.repeat": "repeat",
    "content.announcement.voice": "voice",
    "content.announcement": "announcement_text",
    "content.callFlowId": "call_flow_id",
    "startAt": "campaign_start_date",
    "endAt": "campaign_end_date",
    "maxRetries": "max_retries",
    "retryAfterSeconds": "retry_time",
    "retryOn": "retry_on_statuses",
    "callsPerMinute": "calls_per_minute",
    "steps": "announcement_text",
    "target": "transfer_to",
}
#: Of these a message tells which item is meant; of others the schema has a list where the document has one thing.
LISTS: Final = frozenset({"contacts", "dnd_contacts"})
#: What is called otherwise at one address.
OWN_NAMES: Final[Mapping[str, Mapping[str, str]]] = {"/api/import_dnd_contacts_csv": {"source": "dnd_csv_name"}}
