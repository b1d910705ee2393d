"""Whom to judge next: contacts that wait and are due, then fresh ones from the lists, in their order."""

import math
from typing import Final

from app.campaigns import claim_statements as statements
from app.campaigns.judging import Candidate, Judgements
from app.campaigns.questions import Asker, read_contact, terms_of
from app.db.engine import PooledConnection

#: So many contacts are looked at for one batch of calls.
MOST_EXAMINED: Final = 400
_MOST_AHEAD: Final = 200
_LEAST_SHARE: Final = 0.2
#: One more for so many: a few are skipped mostly, and to read a row more is less than to ask again.
_SPARE_ONE_IN: Final = 16


async def gather(connection: PooledConnection, judgements: Judgements, wanted: int) -> bool:
    """Judge contacts until so many are to be called; whether there were no more to be judged."""
    campaign = judgements.campaign
    asker = await Asker.open(connection, terms_of(campaign), judgements.at)
    lists = {row["list_id"]: row["cursor"] for row in await connection.fetch(statements.LISTS, campaign.id)}
    while len(judgements.claims) < wanted and len(judgements.examined) < MOST_EXAMINED:
        ahead = _how_many(judgements, wanted - len(judgements.claims))
        candidates: list[Candidate] | None
        candidates = await _read_due(connection, judgements, ahead)
        if not candidates:
            candidates = await _read_fresh(connection, judgements, ahead, lists)
        if candidates is None:
            return True
        for asked, candidate in zip(await asker.ask([one.contact for one in candidates]), candidates, strict=True):
            if len(judgements.claims) == wanted:
                break
            judgements.judge(asked, candidate)
            if candidate.is_fresh:
                lists[candidate.contact.list_id] = candidate.contact.position
                judgements.cursors[candidate.contact.list_id] = candidate.contact.position
    return False


def _how_many(judgements: Judgements, missing: int) -> int:
    """As many as will do if as many are passed over as before; at first a few more than are wanted."""
    if not judgements.examined:
        return missing + missing // _SPARE_ONE_IN
    share = len(judgements.claims) / len(judgements.examined)
    return min(math.ceil(missing / max(share, _LEAST_SHARE)), _MOST_AHEAD)


async def _read_due(connection: PooledConnection, judgements: Judgements, most: int) -> list[Candidate]:
    rows = await connection.fetch(
        statements.DUE, judgements.campaign.id, judgements.at, most, list(judgements.examined)
    )
    return [
        Candidate(
            read_contact(row),
            attempts=row["attempts"],
            decisions=row["decisions"],
            is_fresh=False,
            has_no_list=row["has_no_list"],
        )
        for row in rows
    ]


async def _read_fresh(
    connection: PooledConnection, judgements: Judgements, most: int, lists: dict[str, int]
) -> list[Candidate] | None:
    """The next of the lists; None when all have been read to their ends.

    A number that the campaign has already, from wherever, is passed over.
    """
    for list_id, cursor in lists.items():
        rows = await connection.fetch(statements.FRESH, judgements.campaign.id, list_id, cursor, most)
        if not rows:
            continue
        candidates = []
        numbers = set(judgements.numbers)
        for row in rows:
            if not row["is_known"] and row["number"] not in numbers:
                candidates.append(Candidate(read_contact(row)))
                numbers.add(row["number"])
        if not candidates:
            lists[list_id] = judgements.cursors[list_id] = rows[-1]["position"]
        return candidates
    return None
