"""The domain's enums as GraphQL's: the same words, each with a description. A value without one does not start.

Whoever imports anything of this package has them all.
"""

from app.api.types.enums import (
    call_control,
    calls,
    campaigns,
    contacts,
    dialects,
    errands,
    events,
    exports,
    flows,
    jobs,
    media_streams,
    numbers,
    recordings,
    scopes,
    speech,
    system_status,
    transcripts,
    usage,
)

__all__ = [
    "call_control",
    "calls",
    "campaigns",
    "contacts",
    "dialects",
    "errands",
    "events",
    "exports",
    "flows",
    "jobs",
    "media_streams",
    "numbers",
    "recordings",
    "scopes",
    "speech",
    "system_status",
    "transcripts",
    "usage",
]
