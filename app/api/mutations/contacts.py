"""Making, changing and deleting contact lists, and filling them."""

from collections.abc import Sequence
from typing import Annotated, cast

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import mutation
from app.api.mutations.changes import Identified, read_changes, read_given
from app.api.mutations.import_inputs import ImportFileInput, ImportSourceInput, read_options
from app.api.scalars import PhoneNumber
from app.api.types.contacts import Contact, ContactList
from app.api.types.job import Job
from app.api.types.problem import DeletionPayload, Payload
from app.contacts.contacts import MOST_AT_ONCE, ContactChanges
from app.contacts.csv_columns import LONGEST_EXTERNAL_ID, LONGEST_NAME, LONGEST_VALUE, MOST_FIELDS
from app.contacts.import_plan import OnDnc, OnDuplicate
from app.contacts.lists import LONGEST_DESCRIPTION, ContactListChanges
from app.contacts.model import GivenContact
from app.errors import Problem, RefusedError
from app.facts.jobs import JobKind

_COLUMNS = (
    f"The names of its free fields, at most {MOST_FIELDS}: a letter or `_`, then letters, digits and `_`. "
    "Null is refused."
)


@strawberry.input(description="A contact list to be made.")
class CreateContactListInput:
    name: str = strawberry.field(description="The name, 1 to 100 characters.")
    description: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"Your own words about it: 1 to {LONGEST_DESCRIPTION} characters."
    )
    columns: list[str] | None = strawberry.field(default=strawberry.UNSET, description=_COLUMNS)


@strawberry.input(description="Changes of a contact list. What is left out stays; lists replace.")
class UpdateContactListInput(Identified):
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="The name, 1 to 100 characters. Null is refused."
    )
    description: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"Your own words about it: 1 to {LONGEST_DESCRIPTION} characters; null clears them.",
    )
    columns: list[str] | None = strawberry.field(default=strawberry.UNSET, description=_COLUMNS)


@strawberry.input(description="A contact list to be deleted.")
class DeleteContactListInput(Identified):
    pass


@strawberry.input(description="A free field's value.")
class ContactFieldInput:
    name: str = strawberry.field(description="The field.")
    value: str = strawberry.field(description=f"Its value, at most {LONGEST_VALUE} characters.")


@strawberry.input(description="A free field to be set or cleared.")
class ContactFieldChangeInput:
    name: str = strawberry.field(description="The field.")
    value: str | None = strawberry.field(
        default=None, description=f"Its value, at most {LONGEST_VALUE} characters; null clears it."
    )


@strawberry.input(description="A contact to be put into a list.")
class ContactInput:
    number: PhoneNumber = strawberry.field(description="The number.")
    name: str | None = strawberry.field(default=None, description=f"The name, 1 to {LONGEST_NAME} characters.")
    time_zone: str | None = strawberry.field(
        default=None, description="The IANA time zone where the contact is; when left out, all those of its number."
    )
    external_id: str | None = strawberry.field(
        default=None, description=f"Your own id for it: 1 to {LONGEST_EXTERNAL_ID} characters."
    )
    fields: list[ContactFieldInput] = strawberry.field(default_factory=list, description="Its free fields.")


@strawberry.input(description="Contacts to be put into a list.")
class AddContactsInput:
    list_id: strawberry.ID = strawberry.field(description="The list.")
    contacts: list[ContactInput] = strawberry.field(description=f"1 to {MOST_AT_ONCE}, no number twice.")


@strawberry.input(description="Changes of a contact. What is left out stays; a contact's number never changes.")
class UpdateContactInput(Identified):
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"The name, 1 to {LONGEST_NAME} characters; null clears it."
    )
    time_zone: str | None = strawberry.field(
        default=strawberry.UNSET, description="The IANA time zone. Null: all those of the number."
    )
    external_id: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"Your own id for it: 1 to {LONGEST_EXTERNAL_ID} characters; null clears it.",
    )
    fields: list[ContactFieldChangeInput] | None = strawberry.field(
        default=strawberry.UNSET, description="The free fields to be set or cleared; others stay. Null is refused."
    )


@strawberry.input(description="Contacts to be taken out of their lists.")
class RemoveContactsInput:
    ids: list[strawberry.ID] = strawberry.field(description=f"1 to {MOST_AT_ONCE} contacts.")


@strawberry.input(description="A file of contacts to be read into a list.")
class ImportContactsInput(ImportFileInput):
    list_id: strawberry.ID = strawberry.field(description="The list.")
    source: ImportSourceInput = strawberry.field(description="The file.")
    on_duplicate: OnDuplicate = strawberry.field(
        default=OnDuplicate.UPDATE, description="What becomes of numbers that are in the list already."
    )
    on_dnc: OnDnc = strawberry.field(
        default=OnDnc.KEEP, description="What becomes of contacts whose numbers must not be called."
    )


@strawberry.type
class _ContactListPayload(Payload):
    contact_list: ContactList | None = strawberry.field(default=None, description="As it is now; null when refused.")


@strawberry.type(description="What came of making a contact list.")
class CreateContactListPayload(_ContactListPayload):
    pass


@strawberry.type(description="What came of changing a contact list.")
class UpdateContactListPayload(_ContactListPayload):
    pass


@strawberry.type(description="What came of deleting a contact list.")
class DeleteContactListPayload(DeletionPayload):
    pass


@strawberry.type(description="What came of putting contacts into a list.")
class AddContactsPayload(Payload):
    contacts: list[Contact] | None = strawberry.field(
        default=None, description="The contacts as they are now, in the list's order; null when refused."
    )
    added_count: int = strawberry.field(default=0, description="How many are new in the list.")
    updated_count: int = strawberry.field(default=0, description="How many were in it, and got what was given.")


@strawberry.type(description="What came of changing a contact.")
class UpdateContactPayload(Payload):
    contact: Contact | None = strawberry.field(default=None, description="As it is now; null when refused.")


@strawberry.type(description="What came of taking contacts out of their lists.")
class RemoveContactsPayload(Payload):
    removed_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Those that were in a list until now; null when refused."
    )


@strawberry.type(description="What came of asking for an import.")
class ImportContactsPayload(Payload):
    job: Job | None = strawberry.field(
        default=None, description="The import; see `jobProgress`, and its `report` when it is over. Null when refused."
    )


@strawberry.type
class ContactMutations:
    @mutation(
        Scope.CONTACTS,
        CreateContactListPayload,
        "Make a contact list. `INVALID_STATE` when the account has as many as it may (`FULL`).",
    )
    async def create_contact_list(
        self,
        info: Info,
        input: Annotated[CreateContactListInput, strawberry.argument(description="What to make.")],  # noqa: A002  # GraphQL's own word
    ) -> CreateContactListPayload:
        values = read_changes(input, ContactListChanges, info.context)
        made = await info.context.services.contacts.lists.create(info.context.caller, values)
        return CreateContactListPayload(contact_list=ContactList.of(made))

    @mutation(Scope.CONTACTS, UpdateContactListPayload, "Change a contact list.")
    async def update_contact_list(
        self,
        info: Info,
        input: Annotated[UpdateContactListInput, strawberry.argument(description="The changes.")],  # noqa: A002
    ) -> UpdateContactListPayload:
        changes = read_changes(input, ContactListChanges, info.context)
        changed = await info.context.services.contacts.lists.update(info.context.caller, input.id, changes)
        return UpdateContactListPayload(contact_list=ContactList.of(changed))

    @mutation(
        Scope.CONTACTS, DeleteContactListPayload, "Delete a contact list with its contacts. They are called no more."
    )
    async def delete_contact_list(
        self,
        info: Info,
        input: Annotated[DeleteContactListInput, strawberry.argument(description="What to delete.")],  # noqa: A002
    ) -> DeleteContactListPayload:
        await info.context.services.contacts.lists.delete(info.context.caller, input.id)
        return DeleteContactListPayload(deleted_id=input.id)

    @mutation(
        Scope.CONTACTS,
        AddContactsPayload,
        "Put contacts into a list, all or none. Who is in it already gets what is given, and keeps the rest. "
        "`INVALID_STATE` when the list would have more free fields than are kept (`FULL`).",
    )
    async def add_contacts(
        self,
        info: Info,
        input: Annotated[AddContactsInput, strawberry.argument(description="The contacts.")],  # noqa: A002
    ) -> AddContactsPayload:
        context = info.context
        given = [
            GivenContact(
                number=one.number,
                name=one.name,
                time_zone=one.time_zone,
                external_id=one.external_id,
                fields=_fields(one.fields, ("contacts", str(place), "fields")),
            )
            for place, one in enumerate(input.contacts)
        ]
        found, written = await context.services.contacts.contacts.add(context.caller, input.list_id, given)
        return AddContactsPayload(
            contacts=[Contact.of(one, context.sight) for one in found],
            added_count=len(written.added),
            updated_count=len(written.updated),
        )

    @mutation(Scope.CONTACTS, UpdateContactPayload, "Change a contact.")
    async def update_contact(
        self,
        info: Info,
        input: Annotated[UpdateContactInput, strawberry.argument(description="The changes.")],  # noqa: A002
    ) -> UpdateContactPayload:
        context = info.context
        given = read_given(input, nullable=("name", "time_zone", "external_id"))
        # The input's fields are the changes'.
        changes = cast("ContactChanges", {name: value for name, value in given.items() if name != "fields"})
        if input.fields:
            changes["fields"] = _fields(input.fields, ("fields",))
        changed = await context.services.contacts.contacts.update(context.caller, input.id, changes)
        return UpdateContactPayload(contact=Contact.of(changed, context.sight))

    @mutation(
        Scope.CONTACTS,
        RemoveContactsPayload,
        "Take contacts out of their lists. Names, ids and fields are forgotten at once; the number stays with what "
        "became of its calls.",
    )
    async def remove_contacts(
        self,
        info: Info,
        input: Annotated[RemoveContactsInput, strawberry.argument(description="Which.")],  # noqa: A002
    ) -> RemoveContactsPayload:
        removed = await info.context.services.contacts.contacts.remove(info.context.caller, input.ids)
        return RemoveContactsPayload(removed_ids=[strawberry.ID(one) for one in removed])

    @mutation(
        Scope.CONTACTS,
        ImportContactsPayload,
        "Read a CSV file into a contact list. The job goes on by itself and survives restarts; its report says of each "
        "row what became of it. "
        "`INVALID_STATE` while no file has come (`WAITING`), and when too many jobs are unfinished (`FULL`).",
    )
    async def import_contacts(
        self,
        info: Info,
        input: Annotated[ImportContactsInput, strawberry.argument(description="The file.")],  # noqa: A002
    ) -> ImportContactsPayload:
        job = await info.context.services.contacts.imports.begin(
            info.context.caller,
            JobKind.CONTACT_IMPORT,
            input.list_id,
            read_options(input, on_duplicate=input.on_duplicate, on_dnc=input.on_dnc),
            upload_id=input.source.upload_id or None,
            object_name=input.source.object_name or None,
        )
        return ImportContactsPayload(job=Job.of(job))


def _fields(
    given: Sequence[ContactFieldInput] | Sequence[ContactFieldChangeInput], under: tuple[str, ...]
) -> dict[str, str]:
    """Raises RefusedError: INVALID_INPUT, a field is given twice."""
    values = {one.name: one.value for one in given}
    if len(values) < len(given):
        raise RefusedError(Problem("INVALID_INPUT", "A field is given twice.", under))
    return values  # type: ignore[return-value]  # of changes a value may be None, which is theirs to read
