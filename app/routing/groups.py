"""Ring groups and queues: several people behind one target."""

from collections.abc import Sequence
from typing import Final, TypedDict

from app.accounts.principal import Principal
from app.db.engine import PooledConnection
from app.errors import Problem
from app.ids import Kind, new_id
from app.resources import field_checks
from app.resources.durations import check_seconds
from app.resources.resource import Resource
from app.resources.shelf import raise_all
from app.routing import checks
from app.routing.existing import lock_target
from app.routing.in_use import refuse_if_target
from app.routing.model import Queue, QueueMember, RingGroup, RingGroupMember
from app.routing.people import LONGEST_RING_SECONDS, LONGEST_WRAP_UP_SECONDS
from app.routing.rows import AGENTS, EXTENSIONS, QUEUES, RING_GROUPS
from app.routing.targets import CallTarget, target_as_json
from app.routing.words import QueueStrategy, RingStrategy

_LONGEST_WAIT_SECONDS: Final = 86_400.0
_MOST_WAITING: Final = 10_000
_LARGEST_PENALTY: Final = 1000


class RingGroupChanges(TypedDict, total=False):
    """What is there is set; None clears. ``members`` replaces, the others add at the end and take away."""

    name: str
    strategy: RingStrategy
    ring_seconds: float
    members: Sequence[RingGroupMember]
    add_members: Sequence[RingGroupMember]
    remove_members: Sequence[RingGroupMember]
    overflow: CallTarget | None


class QueueChanges(TypedDict, total=False):
    """What is there is set; None clears. ``members`` replaces, the others add (or change) and take away."""

    name: str
    strategy: QueueStrategy
    music_class: str
    announce_position_seconds: float | None
    max_wait_seconds: float | None
    ring_seconds: float
    wrap_up_seconds: float | None
    max_length: int | None
    members: Sequence[QueueMember]
    add_members: Sequence[QueueMember]
    remove_agent_ids: Sequence[str]
    overflow: CallTarget | None


_MEMBERS: Final = frozenset({"members", "add_members", "remove_members", "remove_agent_ids"})


class RingGroups(Resource[RingGroup]):
    """People who are rung together, or one after the other."""

    shelf = RING_GROUPS
    noun = "ring_group"

    async def create(self, by: Principal, values: RingGroupChanges) -> RingGroup:
        """``name``, ``strategy`` and ``ring_seconds`` must be given."""
        raise_all(_check_group(values))
        group_id = new_id(Kind.RING_GROUP)
        async with self._writing() as connection:
            await lock_target(connection, by.account_id, values.get("overflow"), "overflow", not_into=group_id)
            with self.shelf.unique("name", f"There is a ring group {values['name']!r} already."):
                await self.shelf.insert(connection, {"id": group_id, "account_id": by.account_id, **_columns(values)})
            await _write_group(connection, by.account_id, group_id, values.get("members", ()))
            made = await self.shelf.get(connection, by.account_id, group_id)
        assert made is not None  # it was made just now
        self._note(by, "create", group_id)
        return made

    async def update(self, by: Principal, group_id: str, changes: RingGroupChanges) -> RingGroup:
        """Change what is given."""
        raise_all(_check_group(changes))
        async with self._writing() as connection:
            await connection.execute("SELECT FROM ring_group WHERE id = $1 FOR NO KEY UPDATE", group_id)
            await lock_target(connection, by.account_id, changes.get("overflow"), "overflow", not_into=group_id)
            with self.shelf.unique("name", f"There is a ring group {changes.get('name')!r} already."):
                before = await self.shelf.change(connection, by.account_id, group_id, _columns(changes))
            removed = set(changes.get("remove_members", ()))
            asked = (*changes.get("members", before.members), *changes.get("add_members", ()))
            members = [one for one in (asked if "members" in changes else dict.fromkeys(asked)) if one not in removed]
            if members != list(before.members):
                await _write_group(connection, by.account_id, group_id, members)
            changed = await self.shelf.get(connection, by.account_id, group_id)
        assert changed is not None  # it is locked
        self._note(by, "update", group_id)
        return changed

    async def delete(self, by: Principal, group_id: str) -> None:
        """Delete it, unless calls are sent to it."""
        async with self._writing() as connection:
            await refuse_if_target(connection, by.account_id, group_id, noun="ring group")
            await self.shelf.delete(connection, by.account_id, group_id)
        self._note(by, "delete", group_id)


class Queues(Resource[Queue]):
    """Callers who wait for an agent."""

    shelf = QUEUES
    noun = "queue"

    async def create(self, by: Principal, values: QueueChanges) -> Queue:
        """``name``, ``strategy``, ``music_class`` and ``ring_seconds`` must be given."""
        raise_all(_check_queue(values))
        queue_id = new_id(Kind.QUEUE)
        async with self._writing() as connection:
            await lock_target(connection, by.account_id, values.get("overflow"), "overflow", not_into=queue_id)
            with self.shelf.unique("name", f"There is a queue {values['name']!r} already."):
                await self.shelf.insert(connection, {"id": queue_id, "account_id": by.account_id, **_columns(values)})
            await _write_queue(connection, by.account_id, queue_id, values.get("members", ()))
            made = await self.shelf.get(connection, by.account_id, queue_id)
        assert made is not None  # it was made just now
        self._note(by, "create", queue_id)
        return made

    async def update(self, by: Principal, queue_id: str, changes: QueueChanges) -> Queue:
        """Change what is given; who is added again gets the new penalty."""
        raise_all(_check_queue(changes))
        async with self._writing() as connection:
            await connection.execute("SELECT FROM queue WHERE id = $1 FOR NO KEY UPDATE", queue_id)
            await lock_target(connection, by.account_id, changes.get("overflow"), "overflow", not_into=queue_id)
            with self.shelf.unique("name", f"There is a queue {changes.get('name')!r} already."):
                before = await self.shelf.change(connection, by.account_id, queue_id, _columns(changes))
            removed = set(changes.get("remove_agent_ids", ()))
            kept = list(changes.get("members", before.members))
            added = changes.get("add_members", ())
            again = {one.agent_id for one in added}
            members = [one for one in kept if one.agent_id not in removed | again]
            members += [one for one in added if one.agent_id not in removed]
            if sorted(members, key=repr) != sorted(before.members, key=repr):
                await _write_queue(connection, by.account_id, queue_id, members)
            changed = await self.shelf.get(connection, by.account_id, queue_id)
        assert changed is not None  # it is locked
        self._note(by, "update", queue_id)
        return changed

    async def delete(self, by: Principal, queue_id: str) -> None:
        """Delete it, unless calls are sent to it."""
        async with self._writing() as connection:
            await refuse_if_target(connection, by.account_id, queue_id, noun="queue")
            await self.shelf.delete(connection, by.account_id, queue_id)
        self._note(by, "delete", queue_id)


async def _write_group(
    connection: PooledConnection, account_id: str, group_id: str, members: Sequence[RingGroupMember]
) -> None:
    keys = [str(member.extension_id if member.agent_id is None else member.agent_id) for member in members]
    raise_all(field_checks.check_unique(keys, "members", least=0, most=checks.MOST_MEMBERS))
    agent_ids = [member.agent_id for member in members if member.agent_id is not None]
    extension_ids = [member.extension_id for member in members if member.extension_id is not None]
    await AGENTS.lock_all(connection, account_id, agent_ids, "members", under="agentId")
    await EXTENSIONS.lock_all(connection, account_id, extension_ids, "members", under="extensionId")
    await connection.execute("DELETE FROM ring_group_member WHERE group_id = $1", group_id)
    await connection.executemany(
        "INSERT INTO ring_group_member (group_id, place, agent_id, extension_id) VALUES ($1, $2, $3, $4)",
        [(group_id, place, one.agent_id, one.extension_id) for place, one in enumerate(members)],
    )


async def _write_queue(
    connection: PooledConnection, account_id: str, queue_id: str, members: Sequence[QueueMember]
) -> None:
    agent_ids = [member.agent_id for member in members]
    raise_all(field_checks.check_unique(agent_ids, "members", least=0, most=checks.MOST_MEMBERS))
    await AGENTS.lock_all(connection, account_id, agent_ids, "members", under="agentId")
    await connection.execute(
        "DELETE FROM queue_member WHERE queue_id = $1 AND agent_id <> ALL($2::text[])", queue_id, agent_ids
    )
    # Who stays has joined when it joined.
    await connection.executemany(
        "INSERT INTO queue_member (queue_id, agent_id, penalty) VALUES ($1, $2, $3) "
        "ON CONFLICT (queue_id, agent_id) DO UPDATE SET penalty = EXCLUDED.penalty",
        [(queue_id, one.agent_id, one.penalty) for one in members],
    )


def _columns(values: RingGroupChanges | QueueChanges) -> dict[str, object]:
    columns: dict[str, object] = {name: value for name, value in values.items() if name not in _MEMBERS}
    if "strategy" in values:
        columns["strategy"] = values["strategy"].value
    overflow = values.get("overflow")
    if overflow is not None:
        columns["overflow"] = target_as_json(overflow)
    return columns


def _check_group(values: RingGroupChanges) -> list[Problem]:
    problems = field_checks.check_name(values["name"]) if "name" in values else []
    problems += check_seconds(values.get("ring_seconds"), "ringSeconds", least=1, most=LONGEST_RING_SECONDS)
    return problems


def _check_queue(values: QueueChanges) -> list[Problem]:
    problems = field_checks.check_name(values["name"]) if "name" in values else []
    if "music_class" in values:
        problems += checks.check_music_class(values["music_class"])
    for value, field, least, most in (
        (values.get("announce_position_seconds"), "announcePositionSeconds", 10.0, 3600.0),
        (values.get("max_wait_seconds"), "maxWaitSeconds", 1.0, _LONGEST_WAIT_SECONDS),
        (values.get("ring_seconds"), "ringSeconds", 1.0, LONGEST_RING_SECONDS),
        (values.get("wrap_up_seconds"), "wrapUpSeconds", 0.0, LONGEST_WRAP_UP_SECONDS),
    ):
        problems += check_seconds(value, field, least=least, most=most)
    problems += field_checks.check_whole(values.get("max_length"), "maxLength", least=1, most=_MOST_WAITING)
    for place, member in enumerate((*values.get("members", ()), *values.get("add_members", ()))):
        if not 0 <= member.penalty <= _LARGEST_PENALTY:
            message = f"A penalty is 0 to {_LARGEST_PENALTY}."
            problems.append(Problem("INVALID_INPUT", message, ("members", str(place), "penalty")))
    return problems
