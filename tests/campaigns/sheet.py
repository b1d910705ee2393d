"""A campaign's rows as its owner would have made them, and what has become of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from orjson import Fragment

from app.campaigns.core.lifecycle import Step
from app.campaigns.core.retries import RetryRule
from app.campaigns.core.schedule import Schedule
from app.campaigns.model import Content, Definition, Pacing, SayContent, definition_as_json
from app.campaigns.store import lock_for, take_step
from app.clock import Clock
from app.db.engine import Database
from app.facts.vocabulary import Disposition
from app.flows.announcement import Announcement
from app.flows.steps import PlaySpeech
from app.hours.windows import CallingWindow
from app.ids import Kind, new_id

MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ALWAYS = Schedule(windows=(CallingWindow(from_time="00:00", to_time="24:00"),))


@dataclass
class Sheet:
    """One campaign of one account."""

    database: Database
    account_id: str
    clock: Clock
    campaign_id: str = field(default="", kw_only=True)
    lists: list[str] = field(default_factory=list, kw_only=True)

    async def add_list(self, numbers: Sequence[str], *, zone: str = "America/New_York") -> str:
        """A list of contacts with these numbers, in this order."""
        list_id = new_id(Kind.CONTACT_LIST)
        rows = [
            {
                "id": new_id(Kind.CONTACT),
                "number": number,
                "name": f"Contact {place}",
                "zones": [zone],
            }
            for place, number in enumerate(numbers)
        ]
        async with self.database.acquire() as connection:
            await connection.execute(
                "INSERT INTO contact_list (id, account_id, name) VALUES ($1, $2, $1)", list_id, self.account_id
            )
            await connection.execute(
                """
                INSERT INTO contact (id, account_id, list_id, number, name, zones, zone_source, fields)
                SELECT id, $1, $2, number, name, zones, 'GIVEN', '{"debt": "12"}'::jsonb
                FROM json_to_recordset($3::json) AS one (id text, number text, name text, zones text[])
                """,
                self.account_id,
                list_id,
                Fragment(msgspec.json.encode(rows)),
            )
        self.lists.append(list_id)
        return list_id

    async def begin(
        self,
        *,
        name: str = "Spring",
        content: Content | None = None,
        state: str = "RUNNING",
        dnc_list_ids: Sequence[str] = (),
        is_sandbox: bool = False,
        **fields: Any,
    ) -> str:
        """A campaign over all lists; ``fields`` are its definition's. ``is_sandbox``: a test key may step it, too."""
        fields.setdefault("pacing", Pacing(calls_per_minute=60_000, max_concurrent_calls=100_000))
        fields.setdefault("schedule", ALWAYS)
        definition = Definition(content=content or say("Hello {name}"), **fields)
        self.campaign_id = new_id(Kind.CAMPAIGN)
        async with self.database.acquire() as connection, connection.transaction():
            await connection.execute(
                """
                INSERT INTO campaign (id, account_id, name, kind, state, definition, list_ids, dnc_list_ids, began_at,
                    resumed_at, created_at, updated_at, is_sandbox)
                VALUES ($1, $2, $9, $3, $4, $5, $6, $7, $8, $8, $8, $8, $10)
                """,
                self.campaign_id,
                self.account_id,
                definition.kind.value,
                state,
                Fragment(definition_as_json(definition)),
                self.lists,
                list(dnc_list_ids),
                self.clock.now(),
                name,
                is_sandbox,
            )
            for place, list_id in enumerate(self.lists):
                await connection.execute(
                    "INSERT INTO campaign_list (campaign_id, list_id, place) VALUES ($1, $2, $3)",
                    self.campaign_id,
                    list_id,
                    place,
                )
        return self.campaign_id

    async def take(self, step: Step) -> bool:
        """A step of the campaign, as its owner asks for it."""
        async with self.database.acquire() as connection, connection.transaction():
            campaign = await lock_for(connection, self.campaign_id, step)
            assert campaign is not None
            return await take_step(connection, campaign, step, self.clock.now()) is not None

    async def forbid(self, number: str, *, applies_to_all: bool = True) -> str:
        """Put a number on a do-not-call list of its own; gives the list."""
        list_id = new_id(Kind.DNC_LIST)
        async with self.database.acquire() as connection, connection.transaction():
            await connection.execute(
                "INSERT INTO dnc_list (id, account_id, name, applies_to_all) VALUES ($1, $2, $1, $3)",
                list_id,
                self.account_id,
                applies_to_all,
            )
            await connection.execute(
                "INSERT INTO dnc_entry (list_id, number, account_id, source) VALUES ($1, $2, $3, 'API')",
                list_id,
                number,
                self.account_id,
            )
        return list_id

    async def contacts(self) -> dict[str, dict[str, Any]]:
        """The campaign's contacts by number, as their rows say."""
        rows = await self.fetch("SELECT * FROM campaign_contact WHERE campaign_id = $1", self.campaign_id)
        return {row["number"]: row for row in rows}

    async def totals(self) -> dict[str, int]:
        rows = await self.fetch("SELECT word, count FROM campaign_total WHERE campaign_id = $1", self.campaign_id)
        return {row["word"]: row["count"] for row in rows}

    async def state(self) -> str:
        [row] = await self.fetch("SELECT state FROM campaign WHERE id = $1", self.campaign_id)
        return str(row["state"])

    async def fetch(self, query: str, *values: object) -> list[dict[str, Any]]:
        async with self.database.acquire() as connection:
            return [dict(row) for row in await connection.fetch(query, *values)]


def number_of(number: int) -> str:
    """A number that may be called, in New York's zone."""
    return f"+1212{2_000_000 + number}"


def numbers(count: int, *, first: int = 0) -> list[str]:
    """So many numbers, in their order."""
    return [number_of(first + place) for place in range(count)]


def say(text: str) -> SayContent:
    return SayContent(announcement=Announcement(sound=PlaySpeech(text=text)))


def retry(on: Disposition, *, times: int, after: float) -> RetryRule:
    return RetryRule(retry_on=(on,), max_retries=times, retry_after_seconds=after)
