"""What calls and their records are looked for by: one filter for both lists."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from app.db.conditions import Conditions
from app.facts.vocabulary import CallKind, CallState, Direction, Disposition


class Listed(StrEnum):
    """Which of the two tables is filtered; they do not have the same columns."""

    CALL = "call"
    CDR = "cdr"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter:
    """Which calls (or CDRs); every field that is set must hold. ``[created_from, created_to)``.

    ``number`` is the number that was dialled, ``customer_number`` the other side's whichever way the call went: who
    called, of an inbound one, and else who was called. Both are in E.164.
    """

    created_from: datetime | None = None
    created_to: datetime | None = None
    number: str | None = None
    customer_number: str | None = None
    agent_ids: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    dispositions: tuple[Disposition, ...] = ()
    states: tuple[CallState, ...] = ()
    directions: tuple[Direction, ...] = ()
    kinds: tuple[CallKind, ...] = ()
    external_id: str | None = None
    tag: str | None = None
    campaign_id: str | None = None
    contact_id: str | None = None
    callback_id: str | None = None
    queue_ids: tuple[str, ...] = ()
    trunk_ids: tuple[str, ...] = ()
    ring_group_ids: tuple[str, ...] = ()


# A call's own row does not say which contact it was for; a record's does.
_CALLS_OF_CONTACT: Final = """id IN (
    SELECT told.call_id FROM campaign_decision AS told JOIN campaign ON campaign.id = told.campaign_id
    WHERE campaign.account_id = {} AND told.contact_id = {}
)"""

# Which ring group a call was for is known when it has ended.
_CALLS_OF_GROUPS: Final = "id IN (SELECT call_id FROM cdr WHERE account_id = {} AND ring_group_id = ANY({}::text[]))"


def sql_conditions(account_id: str, where: CallFilter, *, of: Listed) -> Conditions:
    """What calls and their records are filtered by alike: everything but ``states``."""
    found = Conditions()
    found.add("account_id = {}", account_id)
    found.add_given("created_at >= {}", where.created_from)
    found.add_given("created_at < {}", where.created_to)
    found.add_any_of("agent_id", where.agent_ids)
    found.add_any_of("extension", where.extensions)
    found.add_any_of("disposition", where.dispositions)
    found.add_any_of("direction", where.directions)
    found.add_any_of("kind", where.kinds)
    add_details(found, account_id, where, of=of)
    return found


def add_details(found: Conditions, account_id: str, where: CallFilter, *, of: Listed) -> None:
    """The part of a filter that only the rows themselves can answer: no rollup counts by it."""
    found.add_given("dialled_number = {}", where.number)
    if where.customer_number is not None:
        found.add(
            "(dialled_number = {} AND direction <> 'INBOUND' OR caller_id = {} AND direction = 'INBOUND')",
            where.customer_number,
            where.customer_number,
        )
    found.add_given("external_id = {}", where.external_id)
    found.add_given("{} = ANY(tags)", where.tag)
    found.add_given("campaign_id = {}", where.campaign_id)
    found.add_any_of("queue_id", where.queue_ids)
    found.add_any_of("trunk_id", where.trunk_ids)
    call_id = "id" if of is Listed.CALL else "call_id"
    found.add_given(
        f"{call_id} IN (SELECT call_id FROM callback_attempt WHERE callback_id = {{}})",  # noqa: S608  # our own names
        where.callback_id,
    )
    if of is Listed.CDR:
        found.add_any_of("ring_group_id", where.ring_group_ids)
    elif where.ring_group_ids:
        found.add(_CALLS_OF_GROUPS, account_id, list(where.ring_group_ids))
    if of is Listed.CDR:
        found.add_given("contact_id = {}", where.contact_id)
    elif where.contact_id is not None:
        found.add(_CALLS_OF_CONTACT, account_id, where.contact_id)
