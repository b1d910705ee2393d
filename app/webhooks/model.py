"""What the service and its readers hold: endpoints, deliveries, attempts."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

#: The form of the bodies that endpoints made today are pinned to.
API_VERSION: Final = "1"


class DeliveryState(StrEnum):
    """Where a delivery stands; open to growth.

    DROPPED is what can no longer be delivered to anyone: its endpoint was deleted, or its event is past retention.
    """

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    EXHAUSTED = "EXHAUSTED"
    DROPPED = "DROPPED"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an account wants its events. ``event_types`` are globs over the public names.

    ``reads_pii`` and ``reads_dtmf`` are its own scopes: without them its events come masked, as they do to a key that
    lacks ``pii:read`` or ``dtmf:read``.
    """

    id: str
    account_id: str
    url: str
    event_types: tuple[str, ...]
    description: str | None
    api_version: str
    reads_pii: bool
    reads_dtmf: bool
    is_enabled: bool
    disabled_reason: str | None
    failing_since: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CreatedEndpoint:
    """A new endpoint with its secret, ``whsec_…``, which is shown this once."""

    endpoint: Endpoint
    secret: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one endpoint. The ``webhook-id`` of all its attempts is ``event_id``."""

    id: str
    account_id: str
    endpoint_id: str
    event_id: str
    event_type: str
    event_sequence: int
    subject_id: str
    delivery_sequence: int
    state: DeliveryState
    attempts: int
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
