"""What the service and its readers hold: endpoints, deliveries, attempts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

#: The form of the bodies that endpoints made today are pinned to.
API_VERSION: Final = "1"

#: How long what happens is kept for an endpoint that is disabled, so that it is sent once it is enabled again.
KEPT_WHILE_DISABLED: Final = timedelta(days=30)


class Format(StrEnum):
    """What bodies look like.

    CLASSIC is what CRMs knew before: ``call.connected`` and ``call.ended`` alone, as flat objects of four and five
    fields (see ``classic``).
    """

    STANDARD = "STANDARD"
    CLASSIC = "CLASSIC"


class DeliveryState(StrEnum):
    """Where a delivery stands; open to growth.

    DROPPED is what can no longer be delivered to anyone: its endpoint was deleted or takes it no longer (CLASSIC), or
    its event is no longer in the log.
    """

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    EXHAUSTED = "EXHAUSTED"
    DROPPED = "DROPPED"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an account wants its events. ``event_types`` are globs over the public names.

    ``reads_pii`` and ``reads_dtmf`` are its own scopes: without them its events come masked, as they do to a key that
    lacks ``pii:read`` or ``dtmf:read``. With ``reads_recordings``, ``recording.saved`` comes with a signed address.
    ``previous_secret_until``: until then, secrets that were rotated out sign beside the present one.
    """

    id: str
    account_id: str
    url: str
    event_types: tuple[str, ...]
    description: str | None
    api_version: str
    format: Format
    reads_pii: bool
    reads_dtmf: bool
    reads_recordings: bool
    previous_secret_until: datetime | None
    is_enabled: bool
    disabled_reason: str | None
    disabled_at: datetime | None
    failing_since: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CreatedEndpoint:
    """A new endpoint, or one with a new secret; ``whsec_…``, which is shown this once."""

    endpoint: Endpoint
    secret: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one endpoint. The ``webhook-id`` of all its attempts is ``event_id``.

    ``event_id`` is None once the event is no longer in the log. ``is_test``: nothing of it happened, and it is
    tried once.
    """

    id: str
    account_id: str
    endpoint_id: str
    event_id: str | None
    event_type: str
    event_sequence: int
    subject_id: str
    delivery_sequence: int
    state: DeliveryState
    attempts: int
    is_replay: bool
    is_test: bool
    created_at: datetime
    next_attempt_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request and what came back. ``failure`` says why it does not count as delivered, None when it does."""

    id: str
    delivery_id: str
    number: int
    started_at: datetime
    latency_seconds: float
    status: int | None
    failure: str | None
    response_excerpt: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFilter:
    """Which deliveries; every field that is set must hold.

    ``subject_id`` is what the event is about, mostly a call; ``[created_from, created_to)`` is when it was put in line.
    """

    endpoint_id: str | None = None
    states: tuple[DeliveryState, ...] = ()
    subject_id: str | None = None
    event_types: tuple[str, ...] = ()
    created_from: datetime | None = None
    created_to: datetime | None = None


EVERY_DELIVERY: Final = DeliveryFilter()
