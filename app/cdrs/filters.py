"""What calls and their records are looked for by: one filter for both lists."""

from dataclasses import dataclass
from datetime import datetime

from app.db.conditions import Conditions
from app.facts.vocabulary import CallKind, CallState, Direction, Disposition


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter:
    """Which calls (or CDRs); every field that is set must hold. ``[created_from, created_to)``."""

    created_from: datetime | None = None
    created_to: datetime | None = None
    number: str | None = None
    agent_ids: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    dispositions: tuple[Disposition, ...] = ()
    states: tuple[CallState, ...] = ()
    directions: tuple[Direction, ...] = ()
    kinds: tuple[CallKind, ...] = ()
    external_id: str | None = None
    tag: str | None = None
    campaign_id: str | None = None


def sql_conditions(account_id: str, where: CallFilter) -> Conditions:
    """What calls and their records are filtered by alike: everything but ``states``.

    ``number`` is the number that was dialled, in E.164.
    """
    found = Conditions()
    found.add("account_id = {}", account_id)
    found.add_given("created_at >= {}", where.created_from)
    found.add_given("created_at < {}", where.created_to)
    found.add_given("dialled_number = {}", where.number)
    found.add_given("external_id = {}", where.external_id)
    found.add_given("{} = ANY(tags)", where.tag)
    found.add_given("campaign_id = {}", where.campaign_id)
    found.add_any_of("agent_id", where.agent_ids)
    found.add_any_of("extension", where.extensions)
    found.add_any_of("disposition", where.dispositions)
    found.add_any_of("direction", where.directions)
    found.add_any_of("kind", where.kinds)
    return found
