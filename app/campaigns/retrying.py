"""Putting contacts that are done to the start again, at somebody's word."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.campaigns import figures
from app.campaigns.figures import Figure
from app.campaigns.model import ContactState
from app.db.engine import PooledConnection
from app.db.kept import read_by_index
from app.errors import Problem
from app.facts.campaigns import SkipReason
from app.facts.vocabulary import Disposition

#: At most so many at once: whoever asks holds the campaign meanwhile.
MOST_AT_ONCE: Final = 20_000
MOST_NAMED: Final = 1_000

# Each outcome has an index of its own, which what was put back has left: who asks again reads on where this one ended.
_BY_OUTCOME: Final = """
SELECT found.contact_id FROM unnest($3::text[]) AS one (word) CROSS JOIN LATERAL (
    SELECT contact_id FROM campaign_contact
    WHERE campaign_id = $1 AND disposition = one.word AND state = 'FINISHED' ORDER BY contact_id LIMIT $5
) AS found
UNION ALL
SELECT found.contact_id FROM unnest($4::text[]) AS one (word) CROSS JOIN LATERAL (
    SELECT contact_id FROM campaign_contact
    WHERE campaign_id = $1 AND reason = one.word AND state = 'SKIPPED' ORDER BY contact_id LIMIT $5
) AS found
ORDER BY contact_id LIMIT $5
"""
_NAMED: Final = "SELECT DISTINCT contact_id FROM unnest($6::text[]) AS one (contact_id)"
# In the order of contacts, so that two who ask at once lock rows in the same order. Each row by its key, however few
# rows a planner believes that a campaign has: where two tables are joined, it may read the whole campaign for each row.
_PUT_BACK: Final = """
WITH found AS MATERIALIZED ({found}),
chosen AS MATERIALIZED (
    SELECT kept.* FROM (SELECT contact_id FROM found ORDER BY contact_id) AS found CROSS JOIN LATERAL (
        SELECT contact_id, account_id, list_id, number, state, reason FROM campaign_contact
        WHERE campaign_id = $1 AND contact_id = found.contact_id
            AND (state = 'FINISHED' AND disposition = ANY($3) OR state = 'SKIPPED' AND reason = ANY($4))
        LIMIT 1 FOR UPDATE
    ) AS kept
    LIMIT $5
),
put_back AS (
    INSERT INTO campaign_contact
        (campaign_id, contact_id, account_id, list_id, number, state, due_at, updated_at)
    SELECT $1, contact_id, account_id, list_id, number, 'WAITING', $2, $2 FROM chosen
    ON CONFLICT (campaign_id, contact_id) DO UPDATE SET state = excluded.state, attempts = 0,
        due_at = excluded.due_at, lease_until = NULL, reason = NULL, updated_at = excluded.updated_at
)
SELECT state, CASE WHEN state = 'SKIPPED' THEN reason END AS skipped_for, count(*) AS count FROM chosen GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryChoice:
    """Which contacts: of these ids (None: any), and with one of these outcomes (both None: any outcome).

    Those whose number does not exist are never among them.
    """

    contact_ids: tuple[str, ...] | None = None
    dispositions: tuple[Disposition, ...] | None = None
    skip_reasons: tuple[SkipReason, ...] | None = None


@dataclass(frozen=True, slots=True)
class Retried:
    """How many were put to the start; there may be more (``has_more``) when that is the most at once.

    ``is_replayed``: an earlier request with the same key did so.
    """

    count: int
    has_more: bool
    is_replayed: bool = False


def check_choice(choice: RetryChoice) -> list[Problem]:
    """What is wrong with what was chosen; fields are those of `retryContacts`'s input.

    REQUIRED, nothing was; INVALID_INPUT, a list is empty, names too many, or has numbers that do not exist.
    """
    given = {
        "contactIds": choice.contact_ids,
        "dispositions": choice.dispositions,
        "skipReasons": choice.skip_reasons,
    }
    if all(chosen is None for chosen in given.values()):
        message = "Say which: by how their last call came out (dispositions), by why they were skipped (skipReasons), "
        return [Problem("REQUIRED", message + "or one by one (contactIds).")]
    # Whoever made a list of what turned out to be nothing does not mean everybody.
    message = "An empty list chooses nobody; leave it out if it is not to choose."
    problems = [Problem("INVALID_INPUT", message, (name,)) for name, chosen in given.items() if chosen == ()]
    if choice.dispositions and Disposition.INVALID_NUMBER in choice.dispositions:
        place = choice.dispositions.index(Disposition.INVALID_NUMBER)
        message = "A number that does not exist is never tried again."
        problems.append(Problem("INVALID_INPUT", message, ("dispositions", str(place))))
    if choice.contact_ids is not None and len(choice.contact_ids) > MOST_NAMED:
        problems.append(Problem("INVALID_INPUT", f"Name at most {MOST_NAMED}.", ("contactIds",)))
    return problems


def told(choice: RetryChoice) -> dict[str, list[str] | None]:
    """What was chosen, so that two who choose the same tell the same: what makes a request another one."""
    chosen = {"ids": choice.contact_ids, "dispositions": choice.dispositions, "skips": choice.skip_reasons}
    return {name: None if words is None else sorted({str(word) for word in words}) for name, words in chosen.items()}


def put_back_statement(
    campaign_id: str, choice: RetryChoice, now: datetime, *, at_most: int = MOST_AT_ONCE
) -> tuple[Any, ...]:
    """The statement that puts them back and counts them by what they had come to, and its values."""
    is_any = choice.dispositions is None and choice.skip_reasons is None
    dispositions = [one.value for one in (Disposition if is_any else choice.dispositions or ())]
    reasons = [one.value for one in (SkipReason if is_any else choice.skip_reasons or ())]
    values: list[Any] = [
        campaign_id,
        now,
        [one for one in dispositions if one != Disposition.INVALID_NUMBER],
        reasons,
        at_most,
    ]
    if choice.contact_ids is None:
        return _PUT_BACK.format(found=_BY_OUTCOME), *values
    return _PUT_BACK.format(found=_NAMED), *values, list(choice.contact_ids)


async def put_back(connection: PooledConnection, campaign_id: str, choice: RetryChoice, now: datetime) -> Retried:
    """Put the contacts to the start, in the transaction of whoever holds the campaign. The rules are asked anew."""
    await read_by_index(connection)
    rows = await connection.fetch(*put_back_statement(campaign_id, choice, now))
    counts: Counter[str] = Counter()
    for row in rows:
        if row["state"] == ContactState.FINISHED:
            counts[Figure.FINISHED] -= row["count"]
        else:
            counts[Figure.SKIPPED] -= row["count"]
            counts[figures.of_skip(SkipReason(row["skipped_for"]))] -= row["count"]
    await figures.count(connection, campaign_id, now, counts)
    total = sum(row["count"] for row in rows)
    return Retried(total, has_more=total == MOST_AT_ONCE)
