"""Whether what a target names is there, asked when it is stored."""

from typing import assert_never

from app.db.engine import PooledConnection
from app.errors import Problem, RefusedError
from app.flows.steps import Announcement, PlayFile
from app.routing.rows import AGENTS, CALL_FLOWS, EXTENSIONS, QUEUES, RING_GROUPS
from app.routing.targets import (
    CallTarget,
    ToAgent,
    ToAnnouncement,
    ToCallFlow,
    ToDialplan,
    ToExtension,
    ToMediaStream,
    ToNumber,
    ToQueue,
    ToRingGroup,
    field_of,
)


async def lock_target(
    connection: PooledConnection, account_id: str, target: CallTarget | None, field: str, *, not_into: str | None = None
) -> None:
    """Keep what a target names from being deleted until the transaction ends.

    Raises:
        RefusedError: NOT_FOUND; INVALID_INPUT, it leads back to ``not_into``, whose own overflow it is to be.
    """
    if target is None:
        return
    path: tuple[str, ...] = (field, field_of(target))
    missing = RefusedError(Problem("NOT_FOUND", "There is no such target.", path))
    match target:
        case ToAgent(id=one):
            shelf, wanted = AGENTS.table, one
        case ToRingGroup(id=one):
            shelf, wanted = RING_GROUPS.table, one
        case ToQueue(id=one):
            shelf, wanted = QUEUES.table, one
        case ToCallFlow(id=one):
            shelf, wanted = CALL_FLOWS.table, one
        case ToExtension(number=number):
            found = await EXTENSIONS.find(connection, account_id, "number = $2", number)
            if not found:
                raise missing
            shelf, wanted = EXTENSIONS.table, found[0].id
        case ToNumber() | ToMediaStream() | ToDialplan():
            return
        case ToAnnouncement(announcement=announcement):
            found_kind = _of_announcement(announcement, path)
            if found_kind is None:
                return
            shelf, wanted, path = found_kind
            missing = RefusedError(Problem("NOT_FOUND", "There is no such target.", path))
        case _:
            assert_never(target)
    if wanted == not_into:
        raise RefusedError(Problem("INVALID_INPUT", "It cannot overflow into itself.", path))
    is_there = await connection.fetchval(
        f"SELECT true FROM {shelf} "  # noqa: S608  # our own tables
        "WHERE id = $1 AND account_id = $2 AND deleted_at IS NULL FOR SHARE",
        wanted,
        account_id,
    )
    if is_there is None:
        raise missing


def _of_announcement(announcement: Announcement, path: tuple[str, ...]) -> tuple[str, str, tuple[str, ...]] | None:
    """The row that an announcement cannot do without, if it needs one: its table, its id, and where it is named."""
    sound = announcement.sound
    if isinstance(sound, PlayFile):
        return "audio_file", sound.audio_file_id, (*path, "audioFileId")
    if sound.template is not None:
        return "announcement_template", sound.template.template_id, (*path, "templateId")
    return None
