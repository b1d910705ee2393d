"""Contact lists, contacts, DNC lists and their entries."""

from collections.abc import Callable
from typing import Annotated, Any, TypeAlias

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.paging import After, Before, Connection, First, Last, Paging, connect, signer_of
from app.api.scalars import PhoneNumber
from app.api.types.contacts import Contact, ContactList, DncEntry, DncList, connect_contacts, connect_entries
from app.contacts.model import ContactFilter
from app.numbers.parse import parse_destination
from app.resources.resource import Resource

Id: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="The id.")]
ListId: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="The list.")]


@strawberry.input(description="Which contacts of a list; everything that is given must hold.")
class ContactFilterInput:
    number: PhoneNumber | None = strawberry.field(default=None, description="Has this number.")
    external_id: str | None = strawberry.field(default=None, description="Has this id of yours.")


def _read_number(given: str | None, info: Info) -> str | None:
    """Raises RefusedError: INVALID_NUMBER."""
    if given is None:
        return None
    # Whether a sandbox number can be in a list depends on the account; to look for one does no harm.
    return parse_destination(
        given, default_region=info.context.caller.default_region, is_sandbox=True, field=("filter", "number")
    )


async def _connect(
    info: Info, name: str, resource: Resource[Any], make: Callable[[Any], Any], paging: Paging
) -> Connection[Any]:
    account_id = info.context.account_id
    return await connect(
        signer_of(info.context, name, None),
        lambda page: resource.page(account_id, page),
        make,
        lambda: resource.count(account_id),
        paging,
    )


@strawberry.type
class ContactQueries:
    @guarded_field(Scope.CONTACTS, "One contact list; null when there is none.")
    async def contact_list(self, info: Info, id: Id) -> ContactList | None:  # noqa: A002  # the argument's public name
        found = await info.context.services.contacts.lists.get(info.context.account_id, id)
        return None if found is None else ContactList.of(found)

    @guarded_field(Scope.CONTACTS, "The account's contact lists, oldest first.")
    async def contact_lists(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[ContactList]:
        lists, paging = info.context.services.contacts.lists, Paging(first, after, last, before)
        return await _connect(info, "contactLists", lists, ContactList.of, paging)

    @guarded_field(Scope.CONTACTS, "One contact; null when there is none.")
    async def contact(self, info: Info, id: Id) -> Contact | None:  # noqa: A002  # the argument's public name
        found = await info.context.services.contacts.contacts.get(info.context.account_id, id)
        return None if found is None else Contact.of(found, info.context.sight)

    @guarded_field(Scope.CONTACTS, "A list's contacts, in the order in which they came.")
    async def contacts(
        self,
        info: Info,
        list_id: ListId,
        filter: Annotated[  # noqa: A002  # the argument's public name
            ContactFilterInput | None, strawberry.argument(description="Which of them.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Contact]:
        given = filter or ContactFilterInput()
        where = ContactFilter(number=_read_number(given.number, info), external_id=given.external_id)
        return await connect_contacts(info, list_id, where, Paging(first, after, last, before))

    @guarded_field(Scope.DNC, "One DNC list; null when there is none.")
    async def dnc_list(self, info: Info, id: Id) -> DncList | None:  # noqa: A002  # the argument's public name
        found = await info.context.services.contacts.dnc_lists.get(info.context.account_id, id)
        return None if found is None else DncList.of(found)

    @guarded_field(Scope.DNC, "The account's DNC lists, oldest first.")
    async def dnc_lists(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[DncList]:
        lists, paging = info.context.services.contacts.dnc_lists, Paging(first, after, last, before)
        return await _connect(info, "dncLists", lists, DncList.of, paging)

    @guarded_field(Scope.DNC, "A DNC list's entries, in the order in which they came.")
    async def dnc_entries(
        self,
        info: Info,
        list_id: ListId,
        number: Annotated[PhoneNumber | None, strawberry.argument(description="This number alone.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[DncEntry]:
        return await connect_entries(info, list_id, _read_number(number, info), Paging(first, after, last, before))
