"""What the event stream says of the connection itself, between the events."""

import time
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

    ``heard_until``, in `time.monotonic` seconds: what had happened by then came over this line. Of what happened later
    some may have come, and some may not: an end is found out late, and what was under way then is lost.
    """

    reason: DisconnectReason
    heard_until: float = field(default_factory=time.monotonic, compare=False)

    @property
    def silent_seconds(self) -> float:
        """For how long now it has not been sure that everything was heard."""
        return time.monotonic() - self.heard_until


@dataclass(frozen=True, slots=True)
class Replaced:
    """Another socket took our application over. The stream ends here and does not take it back: stop acting."""


@dataclass(frozen=True, slots=True)
class Doubted:
    """Whoever reads the events could not read one (`EventStream.doubt`): look at Asterisk as after a `Connected`."""


News: TypeAlias = Connected | Disconnected | Replaced | Doubted
StreamItem: TypeAlias = News | Event
