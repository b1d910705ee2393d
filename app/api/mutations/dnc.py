"""Making, changing and deleting DNC lists, and filling them."""

from typing import Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import mutation
from app.api.mutations.changes import Identified, read_changes
from app.api.mutations.import_inputs import ImportFileInput, ImportSourceInput, read_options
from app.api.scalars import PhoneNumber
from app.api.types.contacts import DncEntry, DncList
from app.api.types.job import Job
from app.api.types.problem import DeletionPayload, Payload
from app.contacts.csv_columns import LONGEST_REASON
from app.contacts.dnc_entries import MOST_AT_ONCE
from app.contacts.lists import LONGEST_DESCRIPTION, DncListChanges
from app.contacts.model import GivenEntry
from app.facts.jobs import JobKind


@strawberry.input
class _DncListDetails:
    description: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"Your own words about it: 1 to {LONGEST_DESCRIPTION} characters; null is none.",
    )
    applies_to_all: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether every campaign of the account asks it, as with a new list when this is left out; "
        "otherwise those that name it do. Null is refused.",
    )


@strawberry.input(description="A DNC list to be made.")
class CreateDncListInput(_DncListDetails):
    name: str = strawberry.field(description="The name, 1 to 100 characters.")


@strawberry.input(description="Changes of a DNC list. What is left out stays.")
class UpdateDncListInput(_DncListDetails, Identified):
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="The name, 1 to 100 characters. Null is refused."
    )


@strawberry.input(description="A DNC list to be deleted.")
class DeleteDncListInput(Identified):
    pass


@strawberry.input(description="A number that must not be called.")
class DncEntryInput:
    number: PhoneNumber = strawberry.field(description="The number.")
    reason: str | None = strawberry.field(
        default=None, description=f"Why, in your own words: at most {LONGEST_REASON} characters."
    )


@strawberry.input(description="Numbers to be put on a DNC list.")
class AddDncEntriesInput:
    list_id: strawberry.ID = strawberry.field(description="The list.")
    entries: list[DncEntryInput] = strawberry.field(description=f"1 to {MOST_AT_ONCE}, no number twice.")


@strawberry.input(description="Numbers to be taken off a DNC list.")
class RemoveDncEntriesInput:
    list_id: strawberry.ID = strawberry.field(description="The list.")
    numbers: list[PhoneNumber] = strawberry.field(description=f"1 to {MOST_AT_ONCE} numbers.")


@strawberry.input(description="A file of numbers to be read onto a DNC list.")
class ImportDncEntriesInput(ImportFileInput):
    list_id: strawberry.ID = strawberry.field(description="The list.")
    source: ImportSourceInput = strawberry.field(description="The file.")


@strawberry.type
class _DncListPayload(Payload):
    dnc_list: DncList | None = strawberry.field(default=None, description="As it is now; null when refused.")


@strawberry.type(description="What came of making a DNC list.")
class CreateDncListPayload(_DncListPayload):
    pass


@strawberry.type(description="What came of changing a DNC list.")
class UpdateDncListPayload(_DncListPayload):
    pass


@strawberry.type(description="What came of deleting a DNC list.")
class DeleteDncListPayload(DeletionPayload):
    pass


@strawberry.type(description="What came of putting numbers on a DNC list.")
class AddDncEntriesPayload(Payload):
    entries: list[DncEntry] | None = strawberry.field(
        default=None, description="Their entries, also of those that were on it before; null when refused."
    )


@strawberry.type(description="What came of taking numbers off a DNC list.")
class RemoveDncEntriesPayload(Payload):
    removed_count: int | None = strawberry.field(
        default=None, description="How many of the numbers were on the list; null when refused."
    )


@strawberry.type(description="What came of asking for an import.")
class ImportDncEntriesPayload(Payload):
    job: Job | None = strawberry.field(
        default=None, description="The import; see `jobProgress`, and its `report` when it is over. Null when refused."
    )


@strawberry.type
class DncMutations:
    @mutation(
        Scope.DNC,
        CreateDncListPayload,
        "Make a list of numbers that must not be called. "
        "`INVALID_STATE` when the account has as many as it may (`FULL`).",
    )
    async def create_dnc_list(
        self,
        info: Info,
        input: Annotated[CreateDncListInput, strawberry.argument(description="What to make.")],  # noqa: A002  # GraphQL's own word
    ) -> CreateDncListPayload:
        values = read_changes(input, DncListChanges, info.context)
        made = await info.context.services.contacts.dnc_lists.create(info.context.caller, values)
        return CreateDncListPayload(dnc_list=DncList.of(made))

    @mutation(Scope.DNC, UpdateDncListPayload, "Change a DNC list.")
    async def update_dnc_list(
        self,
        info: Info,
        input: Annotated[UpdateDncListInput, strawberry.argument(description="The changes.")],  # noqa: A002
    ) -> UpdateDncListPayload:
        changes = read_changes(input, DncListChanges, info.context)
        changed = await info.context.services.contacts.dnc_lists.update(info.context.caller, input.id, changes)
        return UpdateDncListPayload(dnc_list=DncList.of(changed))

    @mutation(
        Scope.DNC,
        DeleteDncListPayload,
        "Delete a DNC list. Its numbers may be called again, unless another list has them.",
    )
    async def delete_dnc_list(
        self,
        info: Info,
        input: Annotated[DeleteDncListInput, strawberry.argument(description="What to delete.")],  # noqa: A002
    ) -> DeleteDncListPayload:
        await info.context.services.contacts.dnc_lists.delete(info.context.caller, input.id)
        return DeleteDncListPayload(deleted_id=input.id)

    @mutation(
        Scope.DNC,
        AddDncEntriesPayload,
        "Put numbers on a DNC list, all or none. From the answer on no campaign that asks the list dials them. "
        "`dnc.entry_added` tells of each that is new.",
    )
    async def add_dnc_entries(
        self,
        info: Info,
        input: Annotated[AddDncEntriesInput, strawberry.argument(description="The numbers.")],  # noqa: A002
    ) -> AddDncEntriesPayload:
        context = info.context
        given = [GivenEntry(one.number, one.reason) for one in input.entries]
        entries = await context.services.contacts.dnc_entries.add(context.caller, input.list_id, given)
        return AddDncEntriesPayload(entries=[DncEntry.of(one, context.sight) for one in entries])

    @mutation(Scope.DNC, RemoveDncEntriesPayload, "Take numbers off a DNC list.")
    async def remove_dnc_entries(
        self,
        info: Info,
        input: Annotated[RemoveDncEntriesInput, strawberry.argument(description="Which.")],  # noqa: A002
    ) -> RemoveDncEntriesPayload:
        context = info.context
        removed = await context.services.contacts.dnc_entries.remove(context.caller, input.list_id, input.numbers)
        return RemoveDncEntriesPayload(removed_count=removed)

    @mutation(
        Scope.DNC,
        ImportDncEntriesPayload,
        "Read a CSV file of numbers onto a DNC list. The job goes on by itself and survives restarts; its report says "
        "of each row what became of it. "
        "`INVALID_STATE` while no file has come (`WAITING`), and when too many jobs are unfinished (`FULL`).",
    )
    async def import_dnc_entries(
        self,
        info: Info,
        input: Annotated[ImportDncEntriesInput, strawberry.argument(description="The file.")],  # noqa: A002
    ) -> ImportDncEntriesPayload:
        job = await info.context.services.contacts.imports.begin(
            info.context.caller,
            JobKind.DNC_IMPORT,
            input.list_id,
            read_options(input),
            upload_id=input.source.upload_id or None,
            object_name=input.source.object_name or None,
        )
        return ImportDncEntriesPayload(job=Job.of(job))
