"""What may be asked to be set of a campaign, and how that changes its definition. Pure."""

from typing import Any, Final, TypedDict

import msgspec

from app.campaigns.core.breaker import BreakerRule
from app.campaigns.model import Content, Definition
from app.facts.vocabulary import Disposition, MachineAction, Pair, RecordingMode
from app.hours.local_time import LocalTime
from app.hours.windows import CallingWindow


class CampaignChanges(TypedDict, total=False):
    """What is there is set; None clears. The names are those of `createCampaign`'s input."""

    name: str
    description: str | None
    contact_list_ids: tuple[str, ...]
    dnc_list_ids: tuple[str, ...]
    content: Content
    calls_per_minute: int
    max_concurrent_calls: int
    windows: tuple[CallingWindow, ...]
    start_at: LocalTime | None
    end_at: LocalTime | None
    retry_on: tuple[Disposition, ...]
    max_retries: int
    retry_after_seconds: float
    max_calls_per_number_per_day: int | None
    breaker: BreakerRule | None
    caller_ids: tuple[str, ...]
    caller_id_pool_id: str | None
    caller_id_name: str | None
    trunk_id: str | None
    ring_seconds: float | None
    max_duration_seconds: float | None
    recording_mode: RecordingMode
    detect_machine: bool
    on_machine: MachineAction
    metadata: tuple[Pair, ...]
    tags: tuple[str, ...]


#: Where each of them is kept, if not in the definition itself under its own name: the part, and the name in it.
_PLACES: Final = {
    "calls_per_minute": ("pacing", "calls_per_minute"),
    "max_concurrent_calls": ("pacing", "max_concurrent_calls"),
    "windows": ("schedule", "windows"),
    "start_at": ("schedule", "starts"),
    "end_at": ("schedule", "ends"),
    "retry_on": ("retries", "retry_on"),
    "max_retries": ("retries", "max_retries"),
    "retry_after_seconds": ("retries", "retry_after_seconds"),
}
_RENAMED: Final = {"max_calls_per_number_per_day": "most_per_day"}
#: What belongs to the campaign's row and not to its definition.
_OWN: Final = frozenset({"name", "description", "contact_list_ids", "dnc_list_ids"})


def apply_changes(definition: Definition, changes: CampaignChanges) -> Definition:
    """The definition with these changes; what belongs to the campaign's row is left aside."""
    own: dict[str, Any] = {}
    parts: dict[str, dict[str, Any]] = {}
    for name, value in changes.items():
        if name in _PLACES:
            part, inner = _PLACES[name]
            parts.setdefault(part, {})[inner] = value
        elif name not in _OWN:
            own[_RENAMED.get(name, name)] = value
    for part, values in parts.items():
        own[part] = msgspec.structs.replace(getattr(definition, part), **values)
    return msgspec.structs.replace(definition, **own) if own else definition
