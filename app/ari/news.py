"""What the event stream says of the connection itself, between the events."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from app.ari.event_socket import DisconnectReason
from app.ari.events import Event


@dataclass(frozen=True, slots=True)
class Connected:
    """Events flow from here on; what happened before may have been missed."""

    asterisk_started_at: datetime
    entity_id: str
    version: str
    # Another start of Asterisk, or another Asterisk, than at the previous `Connected`: its channels are gone.
    is_restart: bool


@dataclass(frozen=True, slots=True)
class Disconnected:
    """No more events until the next `Connected`. Stop dialling.

    ``silent_seconds``: for how long nothing had been heard before a half-open line was found out.
    """

    reason: DisconnectReason
    silent_seconds: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class Replaced:
    """Another socket took our application over. The stream ends here and does not take it back: stop acting."""


@dataclass(frozen=True, slots=True)
class Doubted:
    """Whoever reads the events could not read one (`EventStream.doubt`): look at Asterisk as after a `Connected`."""


News: TypeAlias = Connected | Disconnected | Replaced | Doubted
StreamItem: TypeAlias = News | Event
