"""Whether what a campaign names is the account's, asked where it is stored and again where it begins.

What is found is kept from being deleted until the transaction ends.
"""

from collections.abc import Sequence
from typing import Any

from app.campaigns.checks import announcements_of, check_fields, opt_out_path
from app.campaigns.model import AgentContent, Definition, FlowContent, SayContent
from app.contacts.rows import CONTACT_LISTS, DNC_LISTS
from app.db.engine import PooledConnection
from app.errors import Problem, RefusedError
from app.flows.steps import PlayFile
from app.resources.shelf import Shelf
from app.routing.rows import AGENTS, CALL_FLOWS, NUMBERS, POOLS, QUEUES, TRUNKS
from app.routing.words import NumberCapability
from app.speech.rows import AUDIO_FILES


async def check_references(
    connection: PooledConnection,
    account_id: str,
    definition: Definition,
    *,
    list_ids: Sequence[str],
    dnc_list_ids: Sequence[str],
    is_sandbox: bool,
) -> None:
    """Whether everything is there.

    Raises:
        RefusedError: NOT_FOUND, CALLER_ID_NOT_OWNED, SANDBOX_ONLY; FIELD_MISSING, a list lacks a field that is said.
    """
    problems: list[Problem] = []
    problems += await _lists(connection, account_id, CONTACT_LISTS, list_ids, "contactListIds")
    problems += await _lists(connection, account_id, DNC_LISTS, dnc_list_ids, "dncListIds")
    problems += await _content(connection, account_id, definition)
    problems += await _trunk(connection, account_id, definition.trunk_id, is_sandbox=is_sandbox)
    problems += await _caller_ids(connection, account_id, definition)
    if not problems:
        lists = {one.id: one for one in await CONTACT_LISTS.get_many(connection, account_id, list(list_ids))}
        problems += check_fields(definition.content, [(lists[one].name, lists[one].columns) for one in list_ids])
    if problems:
        raise RefusedError(problems)


async def _lists(
    connection: PooledConnection, account_id: str, shelf: Shelf[Any], ids: Sequence[str], field: str
) -> list[Problem]:
    try:
        await shelf.lock_all(connection, account_id, ids, field)
    except RefusedError as refused:  # told together with the others
        return list(refused.problems)
    return []


async def _content(connection: PooledConnection, account_id: str, definition: Definition) -> list[Problem]:
    content = definition.content
    problems: list[Problem] = []
    for announcement, path in announcements_of(content):
        if isinstance(announcement.sound, PlayFile):
            file_id = announcement.sound.audio_file_id
            problems += await _one(connection, account_id, AUDIO_FILES, file_id, (*path, "audioFileId"))
    opt_out, path = content.opt_out, opt_out_path(content)
    if opt_out is not None and opt_out.dnc_list_id is not None:
        problems += await _one(connection, account_id, DNC_LISTS, opt_out.dnc_list_id, (*path, "optOutDncListId"))
    match content:
        case SayContent():
            pass
        case FlowContent(call_flow_id=flow_id):
            place = ("content", "callFlowId") if opt_out is None else (*path, "callFlowId")
            problems += await _one(connection, account_id, CALL_FLOWS, flow_id, place)
        case AgentContent(agent_id=agent_id, queue_id=queue_id):
            if agent_id is not None:
                problems += await _one(connection, account_id, AGENTS, agent_id, ("content", "agent", "agentId"))
            if queue_id is not None:
                problems += await _one(connection, account_id, QUEUES, queue_id, ("content", "agent", "queueId"))
    return problems


async def _trunk(
    connection: PooledConnection, account_id: str, trunk_id: str | None, *, is_sandbox: bool
) -> list[Problem]:
    if trunk_id is None:
        return []
    problems = await _one(connection, account_id, TRUNKS, trunk_id, ("trunkId",))
    if problems:
        return problems
    trunk = await TRUNKS.get(connection, account_id, trunk_id)
    if is_sandbox and trunk is not None and not trunk.is_sandbox:
        message = "A test key reaches the sandbox only, and this trunk leads out of it."
        return [Problem("SANDBOX_ONLY", message, ("trunkId",))]
    return []


async def _caller_ids(connection: PooledConnection, account_id: str, definition: Definition) -> list[Problem]:
    problems: list[Problem] = []
    if definition.caller_ids:
        found = await NUMBERS.find(connection, account_id, "number = ANY($2::text[])", list(definition.caller_ids))
        owned = {one.number for one in found if NumberCapability.CALLER_ID in one.capabilities}
        problems += [
            Problem(
                "CALLER_ID_NOT_OWNED",
                "The caller id is not one of the account's outbound numbers.",
                ("callerIds", str(place)),
            )
            for place, number in enumerate(definition.caller_ids)
            if number not in owned
        ]
    if definition.caller_id_pool_id is not None:
        problems += await _one(connection, account_id, POOLS, definition.caller_id_pool_id, ("callerIdPoolId",))
    return problems


async def _one(
    connection: PooledConnection, account_id: str, shelf: Shelf[Any], row_id: str, path: tuple[str, ...]
) -> list[Problem]:
    try:
        await shelf.lock(connection, account_id, row_id)
    except RefusedError:  # there is no such row: said with its place in the input
        return [Problem("NOT_FOUND", f"There is no such {shelf.noun}.", path)]
    return []
