"""Lists, contacts and entries as their readers see them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from app.contacts.words import DncSource
from app.numbers.zones import ZoneSource


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactList:
    """A list of contacts. ``columns`` are its free fields; ``version`` grows with each change of it or in it."""

    id: str
    account_id: str
    name: str
    description: str | None
    columns: tuple[str, ...]
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody in a list. ``time_zone`` is what was given, ``zones`` where the contact may be."""

    id: str
    account_id: str
    list_id: str
    position: int
    number: str
    name: str | None
    time_zone: str | None
    zones: tuple[str, ...]
    zone_source: ZoneSource
    fields: Mapping[str, str]
    external_id: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DncList:
    """Numbers that must not be called: by no campaign (``applies_to_all``), or by those that name the list."""

    id: str
    account_id: str
    name: str
    description: str | None
    applies_to_all: bool
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DncEntry:
    """A number on such a list."""

    list_id: str
    account_id: str
    position: int
    number: str
    reason: str | None
    source: DncSource
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactFilter:
    """Which contacts of a list; every field that is set must hold."""

    number: str | None = None
    external_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenContact:
    """A contact as somebody wrote it. ``number`` in any form that numbers are taken in."""

    number: str
    name: str | None = None
    time_zone: str | None = None
    external_id: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GivenEntry:
    """A number that must not be called, as somebody wrote it."""

    number: str
    reason: str | None = None
