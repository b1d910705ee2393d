"""The columns of ``cdr``, in the table's order."""

from typing import Final

COLUMNS: Final[tuple[str, ...]] = (
    *("id", "account_id", "call_id", "kind", "direction", "disposition", "end_code", "end_party", "sip_code"),
    *("hangup_cause", "source", "unique_id", "created_at", "ringing_at", "answered_at", "connected_at", "ended_at"),
    *("ring_seconds", "talk_seconds", "duration_seconds", "agent_id", "agent_name", "agent_number", "extension"),
    *("dialled_number", "customer_name", "caller_id", "caller_id_name", "trunk_id", "external_id", "request_id"),
    *("dtmf", "recording_ids", "metadata_pairs", "tags", "is_sandbox", "agent_party", "customer_party"),
    *("mos", "loss_percent", "jitter_ms"),
    *("queue_id", "queue_wait_seconds"),
    *("campaign_id", "contact_id", "callback_id", "otp_id", "contact_list_id"),
    "ring_group_id",
)
