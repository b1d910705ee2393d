"""From rows to what the rules ask: everything that is known of contacts at one instant, read in one transaction.

Who claims contacts and who only counts what would happen (`previewCampaign`) ask the same here, so they get the same.
"""

import importlib.metadata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Final

import asyncpg

from app.campaigns.core.pacing import Limit
from app.campaigns.core.rules import FREQUENCY_PERIOD, Basis, Question, Version
from app.campaigns.core.schedule import Schedule
from app.campaigns.model import Campaign
from app.db.engine import PooledConnection
from app.numbers.parse import E164
from app.numbers.policy import Rule, evaluate, version_of
from app.numbers.zones import Zones, ZoneSource

#: The columns of ``contact`` that :func:`read_contact` reads.
CONTACT_COLUMNS: Final = (
    "contact.id, contact.list_id, contact.position, contact.number, contact.name, contact.zones, contact.zone_source, "
    "contact.number_data, contact.fields, contact.external_id, contact.deleted_at IS NOT NULL AS is_removed"
)

_DNC: Final = """
SELECT entry.number, array_agg(entry.list_id ORDER BY entry.list_id) AS list_ids
FROM dnc_entry AS entry JOIN dnc_list AS list ON list.id = entry.list_id AND list.deleted_at IS NULL
WHERE entry.account_id = $1 AND entry.number = ANY($2::text[]) AND (list.applies_to_all OR list.id = ANY($3::text[]))
GROUP BY 1
"""
_DNC_LISTS: Final = """
SELECT id, version FROM dnc_list
WHERE account_id = $1 AND deleted_at IS NULL AND (applies_to_all OR id = ANY($2::text[])) ORDER BY id
"""
# Test keys' calls count among themselves: their clock is another. What it has gone back behind has not happened.
_ATTEMPTS: Final = """
SELECT number, at FROM number_attempt
WHERE account_id = $1 AND number = ANY($2::text[]) AND at > $3 AND call_id <> ALL($4::text[])
    AND is_sandbox = $5 AND (at <= $6 OR NOT is_sandbox)
"""
_RULES: Final = """
SELECT account.time_zone, rule.prefix, rule.is_allowed, rule.note, rule.country, rule.is_own
FROM account LEFT JOIN destination_rule AS rule ON rule.account_id = account.id WHERE account.id = $1 ORDER BY rule.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactCard:
    """A contact as a campaign calls it. ``number_data``: the numbering plans' version that its zones are from."""

    id: str
    list_id: str
    position: int
    number: E164
    name: str | None
    zones: Zones
    number_data: str | None = None
    external_id: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    is_removed: bool = False


def read_contact(row: asyncpg.Record) -> ContactCard:
    """The contact behind a row of ``CONTACT_COLUMNS``."""
    return ContactCard(
        id=row["id"],
        list_id=row["list_id"],
        position=row["position"],
        number=E164(row["number"]),
        name=row["name"],
        zones=Zones(names=tuple(row["zones"]), source=ZoneSource(row["zone_source"])),
        number_data=row["number_data"],
        external_id=row["external_id"],
        fields=dict(row["fields"]),
        is_removed=row["is_removed"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What of a campaign the rules ask, in the version in which it was read."""

    campaign: Version
    account_id: str
    schedule: Schedule
    dnc_list_ids: tuple[str, ...]
    most_per_day: int | None
    is_sandbox: bool = False


def terms_of(campaign: Campaign) -> Terms:
    """What of a campaign the rules ask."""
    definition = campaign.definition
    return Terms(
        campaign=Version(id=campaign.id, version=campaign.version),
        account_id=campaign.account_id,
        schedule=definition.schedule,
        dnc_list_ids=campaign.dnc_list_ids,
        most_per_day=definition.most_per_day,
        is_sandbox=campaign.is_sandbox,
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """A contact with all that is known of it, and what that was read from."""

    contact: ContactCard
    question: Question
    basis: Basis


class Asker:
    """Asks about contacts of one campaign in one transaction; what does not differ between them is read once."""

    def __init__(
        self,
        connection: PooledConnection,
        terms: Terms,
        at: datetime,
        *,
        rules: Sequence[Rule],
        lists: tuple[Version, ...],
        account_zone: str,
    ) -> None:
        self._connection = connection
        self._terms = terms
        self._at = at
        self._rules = rules
        self._policy = version_of(rules)
        self._lists = lists
        self._account_zones = Zones(names=(account_zone,), source=ZoneSource.ACCOUNT)

    @classmethod
    async def open(cls, connection: PooledConnection, terms: Terms, at: datetime) -> "Asker":
        """Read what does not differ between contacts."""
        rows = await connection.fetch(_RULES, terms.account_id)
        rules = [
            Rule(row["prefix"], row["is_allowed"], row["note"], row["country"], row["is_own"])
            for row in rows
            if row["prefix"] is not None
        ]
        lists = tuple(
            Version(id=row["id"], version=row["version"])
            for row in await connection.fetch(_DNC_LISTS, terms.account_id, list(terms.dnc_list_ids))
        )
        return cls(connection, terms, at, rules=rules, lists=lists, account_zone=rows[0]["time_zone"])

    async def ask(
        self,
        contacts: Sequence[ContactCard],
        limits: tuple[Limit, ...] = (),
        *,
        own_calls: Sequence[str] = (),
    ) -> list[Asked]:
        """Everything about these contacts, as of one instant, in their order.

        ``own_calls`` are those that the contacts are asked about for: they do not count as calls that there were.
        """
        numbers = sorted({contact.number for contact in contacts})
        account_id = self._terms.account_id
        listed = await find_dnc(self._connection, account_id, numbers, self._terms.dnc_list_ids) if self._lists else {}
        attempts: defaultdict[str, list[datetime]] = defaultdict(list)
        if self._terms.most_per_day is not None:
            since = self._at - FREQUENCY_PERIOD
            values = (account_id, numbers, since, list(own_calls), self._terms.is_sandbox, self._at)
            for row in await self._connection.fetch(_ATTEMPTS, *values):
                attempts[row["number"]].append(row["at"])
        contacts = [self._found(one) for one in contacts]
        return [
            Asked(
                contact,
                Question(
                    at=self._at,
                    zones=contact.zones,
                    verdict=evaluate(contact.number, self._rules),
                    schedule=self._terms.schedule,
                    dnc_list_ids=listed.get(contact.number, ()),
                    attempts=tuple(attempts[contact.number]),
                    most_per_day=self._terms.most_per_day,
                    limits=limits,
                ),
                Basis(
                    decided_at=self._at,
                    zones=contact.zones,
                    campaign=self._terms.campaign,
                    policy=self._policy,
                    dnc_lists=self._lists,
                    zone_data=_version("tzdata"),
                    number_data=contact.number_data,
                ),
            )
            for contact in contacts
        ]

    def _found(self, contact: ContactCard) -> ContactCard:
        """The contact where it may be now: one whose number is nowhere of its own is where the account is."""
        if contact.zones.source is not ZoneSource.ACCOUNT or contact.zones == self._account_zones:
            return contact
        return replace(contact, zones=self._account_zones)


async def find_dnc(
    connection: PooledConnection, account_id: str, numbers: Sequence[str], list_ids: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Which of the numbers must not be called, and by which lists: the account's for all, and these."""
    rows = await connection.fetch(_DNC, account_id, list(numbers), list(list_ids))
    return {row["number"]: tuple(row["list_ids"]) for row in rows}


@cache
def _version(package: str) -> str:
    return importlib.metadata.version(package)
