"""Contact lists and DNC lists: made, changed, deleted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, TypedDict

from app.accounts.principal import Principal
from app.accounts.service import check_text
from app.contacts.csv_columns import LONGEST_FIELD_NAME, MOST_FIELDS, is_field_name
from app.contacts.model import ContactList, DncList
from app.contacts.rows import CONTACT_LISTS, DNC_LISTS
from app.db.engine import PooledConnection
from app.errors import Problem, RefusedError
from app.ids import Kind, new_id
from app.resources.field_checks import check_name
from app.resources.resource import Resource
from app.resources.shelf import Shelf, raise_all

MOST_LISTS: Final = 1000
LONGEST_DESCRIPTION: Final = 500

_TOUCH_CONTACTS: Final = """
UPDATE contact_list SET version = version + 1, updated_at = greatest(updated_at, $3),
    columns = columns || ARRAY(SELECT one FROM unnest($4::text[]) WITH ORDINALITY AS given(one, place)
                               WHERE NOT one = ANY(columns) ORDER BY place)
WHERE id = $1 AND account_id = $2 AND deleted_at IS NULL
RETURNING cardinality(columns)
"""
_TOUCH_DNC: Final = """
UPDATE dnc_list SET version = version + 1, updated_at = greatest(updated_at, $3)
WHERE id = $1 AND account_id = $2 AND deleted_at IS NULL
RETURNING true
"""


class ContactListChanges(TypedDict, total=False):
    """What is there is set; None clears."""

    name: str
    description: str | None
    columns: Sequence[str]


class DncListChanges(TypedDict, total=False):
    """What is there is set; None clears."""

    name: str
    description: str | None
    applies_to_all: bool


class ContactLists(Resource[ContactList]):
    """The account's contact lists."""

    shelf = CONTACT_LISTS
    noun = "contact_list"

    async def create(self, by: Principal, values: ContactListChanges) -> ContactList:
        """``name`` must be given."""
        raise_all(_check(values))
        async with self._writing() as connection:
            await check_room(connection, self.shelf, by.account_id)
            with self.shelf.unique("name", "There is a contact list of this name already."):
                row = {"id": new_id(Kind.CONTACT_LIST), "account_id": by.account_id, **values}
                made = await self.shelf.insert(connection, _as_row(row))
        self._note(by, "create", made.id)
        return made

    async def update(self, by: Principal, list_id: str, changes: ContactListChanges) -> ContactList:
        """Change what is given. Columns that are left out of ``columns`` are no longer named; values stay."""
        raise_all(_check(changes))
        async with self._writing() as connection:
            if changes:
                await touch_contacts(connection, by.account_id, list_id, await connection.fetchval("SELECT now()"))
            with self.shelf.unique("name", "There is a contact list of this name already."):
                changed = await self.shelf.change(connection, by.account_id, list_id, _as_row(dict(changes)))
        self._note(by, "update", list_id)
        return changed

    async def delete(self, by: Principal, list_id: str) -> None:
        """Delete it. Its contacts are called no more."""
        async with self._writing() as connection:
            await self.shelf.delete(connection, by.account_id, list_id)
        self._note(by, "delete", list_id)


class DncLists(Resource[DncList]):
    """The account's lists of numbers that must not be called."""

    shelf = DNC_LISTS
    noun = "dnc_list"

    async def create(self, by: Principal, values: DncListChanges) -> DncList:
        """``name`` must be given."""
        raise_all(_check(values))
        async with self._writing() as connection:
            await check_room(connection, self.shelf, by.account_id)
            with self.shelf.unique("name", "There is a DNC list of this name already."):
                row = {"id": new_id(Kind.DNC_LIST), "account_id": by.account_id, **values}
                made = await self.shelf.insert(connection, _as_row(row))
        self._note(by, "create", made.id)
        return made

    async def update(self, by: Principal, list_id: str, changes: DncListChanges) -> DncList:
        """Change what is given."""
        raise_all(_check(changes))
        async with self._writing() as connection:
            if changes:
                await touch_dnc(connection, by.account_id, list_id, await connection.fetchval("SELECT now()"))
            with self.shelf.unique("name", "There is a DNC list of this name already."):
                changed = await self.shelf.change(connection, by.account_id, list_id, _as_row(dict(changes)))
        self._note(by, "update", list_id)
        return changed

    async def delete(self, by: Principal, list_id: str) -> None:
        """Delete it. Its numbers may be called again, unless another list has them."""
        async with self._writing() as connection:
            await self.shelf.delete(connection, by.account_id, list_id)
        self._note(by, "delete", list_id)


async def touch_contacts(
    connection: PooledConnection,
    account_id: str,
    list_id: str,
    at: datetime,
    columns: Sequence[str] = (),
    *,
    field: str = "id",
) -> None:
    """Hold a list's row until the transaction ends, as whoever changes what is in it must: one after the other.

    So contacts appear in the order of their positions, and no reader goes past one that is yet to appear.

    Raises:
        RefusedError: NOT_FOUND; INVALID_STATE, with these ``columns`` it would have too many free fields.
    """
    count = await connection.fetchval(_TOUCH_CONTACTS, list_id, account_id, at, list(columns))
    if count is None:
        raise CONTACT_LISTS.missing(field)
    if count > MOST_FIELDS:
        message = f"The list would have {count} free fields; at most {MOST_FIELDS} are kept."
        raise RefusedError(Problem("INVALID_STATE", message, (field,), current_state="FULL"))


async def touch_dnc(
    connection: PooledConnection, account_id: str, list_id: str, at: datetime, *, field: str = "id"
) -> None:
    """As :func:`touch_contacts`, for a DNC list.

    Raises:
        RefusedError: NOT_FOUND.
    """
    if await connection.fetchval(_TOUCH_DNC, list_id, account_id, at) is None:
        raise DNC_LISTS.missing(field)


async def check_room(connection: PooledConnection, shelf: Shelf[ContactList] | Shelf[DncList], account_id: str) -> None:
    """Raises RefusedError: INVALID_STATE, when the account has the most lists already."""
    count = await shelf.count(connection, account_id)
    if count.count >= MOST_LISTS:
        message = f"The account has {MOST_LISTS} of them, which is the most. Delete some first."
        raise RefusedError(Problem("INVALID_STATE", message, (), current_state="FULL"))


def check_fields(names: Sequence[str], field: str) -> list[Problem]:
    """What is wrong with the names of free fields."""
    problems = [
        Problem(
            "INVALID_INPUT",
            f"A free field is a letter or `_`, then letters, digits and `_`, at most {LONGEST_FIELD_NAME} in all.",
            (field, str(place)),
        )
        for place, name in enumerate(names)
        if not is_field_name(name)
    ]
    if len(names) > MOST_FIELDS:
        problems.append(Problem("INVALID_INPUT", f"A list has at most {MOST_FIELDS} free fields.", (field,)))
    if len(set(names)) < len(names):
        problems.append(Problem("INVALID_INPUT", "A field is named twice.", (field,)))
    return problems


def _check(values: ContactListChanges | DncListChanges) -> list[Problem]:
    problems = []
    if "name" in values:
        problems += check_name(values["name"])
    description = values.get("description")
    if description is not None:
        problems += check_text(description, ("description",), longest=LONGEST_DESCRIPTION)
    problems += check_fields(tuple(values.get("columns", ())), "columns")  # type: ignore[arg-type]  # of one of the two
    return problems


def _as_row(values: dict[str, object]) -> dict[str, object]:
    columns = values.get("columns")
    return values if columns is None else {**values, "columns": list(columns)}  # type: ignore[call-overload]
