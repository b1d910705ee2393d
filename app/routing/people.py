"""Agents and extensions: who can be reached inside, and under which number."""

from collections.abc import Sequence
from typing import Final, TypedDict

from app.accounts.principal import Principal
from app.db.engine import PooledConnection
from app.errors import Problem
from app.ids import Kind, new_id
from app.numbers.parse import parse_extension
from app.resources import field_checks
from app.resources.durations import check_seconds
from app.resources.resource import Resource
from app.resources.shelf import raise_all
from app.routing import checks
from app.routing.in_use import refuse_if_target
from app.routing.model import Agent, Extension
from app.routing.rows import AGENTS, EXTENSIONS

LONGEST_RING_SECONDS: Final = 600.0
LONGEST_WRAP_UP_SECONDS: Final = 3600.0


class ExtensionChanges(TypedDict, total=False):
    """What is there is set; None clears."""

    number: str
    label: str | None


class AgentChanges(TypedDict, total=False):
    """What is there is set; None clears."""

    name: str
    display_name: str | None
    email: str | None
    extension_id: str | None
    ring_seconds: float | None
    wrap_up_seconds: float | None


class Extensions(Resource[Extension]):
    """Internal numbers."""

    shelf = EXTENSIONS
    noun = "extension"

    async def create(self, by: Principal, values: ExtensionChanges) -> Extension:
        """``number`` must be given: 2 to 6 digits, not in use in the account."""
        _check_extension(values)
        async with self._writing() as connection:
            with self.shelf.unique("number", f"There is an extension {values['number']} already."):
                made = await self.shelf.insert(
                    connection, {"id": new_id(Kind.EXTENSION), "account_id": by.account_id, **values}
                )
        self._note(by, "create", made.id)
        return made

    async def update(self, by: Principal, extension_id: str, changes: ExtensionChanges) -> Extension:
        """Change what is given. A new number leaves routes that name the old one behind, so those come first."""
        _check_extension(changes)
        async with self._writing() as connection:
            before = await self.shelf.get(connection, by.account_id, extension_id)
            if before is None:
                raise self.shelf.missing()
            if changes.get("number", before.number) != before.number:
                await refuse_if_target(connection, by.account_id, before.number, noun="extension")
            with self.shelf.unique("number", f"There is an extension {changes.get('number')} already."):
                changed = await self.shelf.change(connection, by.account_id, extension_id, changes)
        self._note(by, "update", extension_id)
        return changed

    async def delete(self, by: Principal, extension_id: str) -> None:
        """Delete it and its devices; its agents sit nowhere from then on, and ring groups lose it."""
        async with self._writing() as connection:
            before = await self.shelf.get(connection, by.account_id, extension_id)
            if before is None:
                raise self.shelf.missing()
            await refuse_if_target(connection, by.account_id, before.number, noun="extension")
            await self.shelf.delete(connection, by.account_id, extension_id)
            await connection.execute("UPDATE agent SET extension_id = NULL WHERE extension_id = $1", extension_id)
            await _delete_devices(connection, "extension_id", extension_id)
            await connection.execute("DELETE FROM ring_group_member WHERE extension_id = $1", extension_id)
        self._note(by, "delete", extension_id)
        await self._office.lines_changed()


class Agents(Resource[Agent]):
    """People."""

    shelf = AGENTS
    noun = "agent"

    async def create(self, by: Principal, values: AgentChanges) -> Agent:
        """``name`` must be given."""
        _check_agent(values)
        async with self._writing() as connection:
            await _lock_seat(connection, by.account_id, values)
            made = await self.shelf.insert(
                connection, {"id": new_id(Kind.AGENT), "account_id": by.account_id, **_trimmed(values)}
            )
        self._note(by, "create", made.id)
        return made

    async def update(self, by: Principal, agent_id: str, changes: AgentChanges) -> Agent:
        """Change what is given."""
        _check_agent(changes)
        async with self._writing() as connection:
            await _lock_seat(connection, by.account_id, changes)
            changed = await self.shelf.change(connection, by.account_id, agent_id, _trimmed(changes))
        self._note(by, "update", agent_id)
        return changed

    async def delete(self, by: Principal, agent_id: str) -> None:
        """Delete it and its own devices; queues and ring groups lose it."""
        async with self._writing() as connection:
            await refuse_if_target(connection, by.account_id, agent_id, noun="agent")
            await self.shelf.delete(connection, by.account_id, agent_id)
            await _delete_devices(connection, "agent_id", agent_id)
            await connection.execute("DELETE FROM queue_member WHERE agent_id = $1", agent_id)
            await connection.execute("DELETE FROM ring_group_member WHERE agent_id = $1", agent_id)
        self._note(by, "delete", agent_id)
        await self._office.lines_changed()

    async def of_extensions(self, account_id: str, extension_ids: Sequence[str]) -> list[Agent]:
        """The agents who sit at some extensions, oldest first."""
        async with self._office.database.acquire() as connection:
            return await self.shelf.find(connection, account_id, "extension_id = ANY($2::text[])", list(extension_ids))


async def _delete_devices(connection: PooledConnection, column: str, owner_id: str) -> None:
    await connection.execute(
        f"UPDATE device SET deleted_at = now() WHERE {column} = $1 AND deleted_at IS NULL",  # noqa: S608  # ours
        owner_id,
    )


async def _lock_seat(connection: PooledConnection, account_id: str, values: AgentChanges) -> None:
    extension_id = values.get("extension_id")
    if extension_id is not None:
        await EXTENSIONS.lock(connection, account_id, extension_id, "extensionId")


def _trimmed(values: AgentChanges) -> AgentChanges:
    return {**values, "name": values["name"].strip()} if "name" in values else values


def _check_extension(values: ExtensionChanges) -> None:
    if "number" in values:
        parse_extension(values["number"], field=("number",))
    raise_all(field_checks.check_label(values.get("label")))


def _check_agent(values: AgentChanges) -> None:
    problems: list[Problem] = []
    if "name" in values:
        problems += checks.check_agent_name(values["name"])
    display_name = values.get("display_name")
    problems += [] if display_name is None else checks.check_agent_name(display_name, "displayName")
    problems += checks.check_email(values.get("email"))
    problems += check_seconds(values.get("ring_seconds"), "ringSeconds", least=1, most=LONGEST_RING_SECONDS)
    problems += check_seconds(values.get("wrap_up_seconds"), "wrapUpSeconds", least=0, most=LONGEST_WRAP_UP_SECONDS)
    raise_all(problems)
