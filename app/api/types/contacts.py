"""Contact lists, contacts, DNC lists and their entries."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Self

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.paging import After, Before, Connection, First, Last, Paging, connect, signer_of
from app.api.scalars import Long
from app.api.types.node import Node
from app.api.types.values import Party
from app.contacts import model
from app.contacts.words import DncSource
from app.facts.masking import HIDDEN, Sight
from app.ids import Kind, part_id
from app.numbers.zones import ZoneSource

NO_FILTER: Final = model.ContactFilter()


@strawberry.type(description="A free field of a contact.")
class ContactField:
    name: str = strawberry.field(description="The field.")
    value: str = strawberry.field(description="Its value; `*` without the scope `pii:read`.")

    @classmethod
    def of_all(cls, fields: Mapping[str, str], sight: Sight) -> list[Self]:
        return [cls(name=name, value=value if sight.has_numbers else HIDDEN) for name, value in fields.items()]


@strawberry.type(description="Somebody in a contact list. A number is in a list once.")
class Contact(Node):
    list_id: strawberry.ID = strawberry.field(description="The list.")
    party: Party = strawberry.field(description="Who it is: the number, and the name if one is known.")
    time_zone: str | None = strawberry.field(description="The IANA time zone that was given with the contact.")
    zones: list[str] = strawberry.field(
        description="All time zones that the contact may be in: calling windows must be open in every one of them. "
        "Empty: nobody knows. As they were when it came in; where they are the account's, a campaign goes by the "
        "account's zone at the instant of dialling."
    )
    zone_source: ZoneSource = strawberry.field(description="Where they come from.")
    fields: list[ContactField] = strawberry.field(description="The free fields that have a value.")
    external_id: str | None = strawberry.field(description="Your own id for it.")
    created_at: datetime = strawberry.field(description="Since when it is in the list.")
    updated_at: datetime = strawberry.field(description="When something about it changed last.")

    @classmethod
    def of(cls, contact: model.Contact, sight: Sight) -> Self:
        party = Party.of_number(contact.number, sight, contact.name)
        assert party is not None  # there is a number
        return cls(
            id=strawberry.ID(contact.id),
            list_id=strawberry.ID(contact.list_id),
            party=party,
            time_zone=contact.time_zone,
            zones=list(contact.zones),
            zone_source=contact.zone_source,
            fields=ContactField.of_all(contact.fields, sight),
            external_id=contact.external_id,
            created_at=contact.created_at,
            updated_at=contact.updated_at,
        )


@strawberry.type(description="A list of contacts, for campaigns.")
class ContactList(Node):
    name: str = strawberry.field(description="The name.")
    description: str | None = strawberry.field(description="Your own words about it.")
    columns: list[str] = strawberry.field(
        description="The names of its free fields, which announcements can use. An import adds those of its file."
    )
    version: Long = strawberry.field(description="Grows with each change of the list, or of what is in it.")
    created_at: datetime = strawberry.field(description="When it was made.")
    updated_at: datetime = strawberry.field(description="When it, or something in it, changed last.")

    @classmethod
    def of(cls, one: model.ContactList) -> Self:
        return cls(
            id=strawberry.ID(one.id),
            name=one.name,
            description=one.description,
            columns=list(one.columns),
            version=Long(one.version),
            created_at=one.created_at,
            updated_at=one.updated_at,
        )

    @guarded_field(Scope.CONTACTS, "Its contacts, in the order in which they came.")
    async def contacts(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Contact] | None:
        return await connect_contacts(info, self.id, NO_FILTER, Paging(first, after, last, before))


@strawberry.type(description="A number that must not be called.")
class DncEntry(Node):
    list_id: strawberry.ID = strawberry.field(description="The list.")
    party: Party = strawberry.field(description="The number.")
    reason: str | None = strawberry.field(description="Why, in the words of whoever added it.")
    source: DncSource = strawberry.field(description="How it came onto the list.")
    created_at: datetime = strawberry.field(description="Since when.")

    @classmethod
    def of(cls, entry: model.DncEntry, sight: Sight) -> Self:
        party = Party.of_number(entry.number, sight)
        assert party is not None  # there is a number
        return cls(
            id=strawberry.ID(part_id(Kind.DNC_ENTRY, entry.list_id, entry.position)),
            list_id=strawberry.ID(entry.list_id),
            party=party,
            reason=entry.reason,
            source=entry.source,
            created_at=entry.created_at,
        )


@strawberry.type(description="A list of numbers that campaigns must not call.")
class DncList(Node):
    name: str = strawberry.field(description="The name.")
    description: str | None = strawberry.field(description="Your own words about it.")
    applies_to_all: bool = strawberry.field(
        description="Every campaign of the account asks it; otherwise those that name it."
    )
    version: Long = strawberry.field(description="Grows with each change of the list, or of what is in it.")
    created_at: datetime = strawberry.field(description="When it was made.")
    updated_at: datetime = strawberry.field(description="When it, or something in it, changed last.")

    @classmethod
    def of(cls, one: model.DncList) -> Self:
        return cls(
            id=strawberry.ID(one.id),
            name=one.name,
            description=one.description,
            applies_to_all=one.applies_to_all,
            version=Long(one.version),
            created_at=one.created_at,
            updated_at=one.updated_at,
        )

    @guarded_field(Scope.DNC, "Its entries, in the order in which they came.")
    async def entries(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[DncEntry] | None:
        return await connect_entries(info, self.id, None, Paging(first, after, last, before))


async def connect_contacts(info: Info, list_id: str, where: model.ContactFilter, paging: Paging) -> Connection[Contact]:
    """A page of a list's contacts."""
    context = info.context
    account_id, sight, contacts = context.account_id, context.sight, context.services.contacts.contacts
    return await connect(
        signer_of(context, "contacts", [list_id, where]),
        lambda page: contacts.page(account_id, list_id, where, page),
        lambda item: Contact.of(item, sight),
        lambda: contacts.count(account_id, list_id, where),
        paging,
    )


async def connect_entries(info: Info, list_id: str, number: str | None, paging: Paging) -> Connection[DncEntry]:
    """A page of a DNC list's entries."""
    context = info.context
    account_id, sight, entries = context.account_id, context.sight, context.services.contacts.dnc_entries
    return await connect(
        signer_of(context, "dncEntries", [list_id, number]),
        lambda page: entries.page(account_id, list_id, number, page),
        lambda item: DncEntry.of(item, sight),
        lambda: entries.count(account_id, list_id, number),
        paging,
    )
