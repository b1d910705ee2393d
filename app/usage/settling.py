"""Settling: what ended, in the statement that writes its end. A part of the call store's one statement.

A leg is settled when its row becomes ENDED, once, whoever writes it again: what it had reserved goes, what it has cost
is counted into the ledger and into the day's spend. A call without a leg to the outside is counted likewise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from app.db.compound import Filled, Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A leg to an outside number that has ended, or a call without one.

    ``begun_at``: when it was created, which says whose day it is; ``milliseconds`` from its answer to its end.
    ``counts``: it is a call in the ledger, and not only something that is let go.
    """

    id: str
    account_id: str
    kind: str
    country: str
    begun_at: datetime
    counts: bool
    is_answered: bool = False
    milliseconds: int = 0


# The row as it was before this statement says whether this is the end, or only written once more. What a hold says is
# taken from its deletion, which only one can make.
_ENDED: Final = """
SELECT ended.* FROM json_to_recordset({rows}) AS ended (id text, account_id text, kind text, country text,
    begun_at timestamptz, counts bool, is_answered bool, milliseconds bigint)
LEFT JOIN leg ON leg.id = ended.id
LEFT JOIN call ON call.id = ended.id
WHERE leg.state IS DISTINCT FROM 'ENDED' AND call.state IS DISTINCT FROM 'ENDED'
"""
_RELEASED: Final = """
DELETE FROM usage_hold USING usage_ended WHERE usage_hold.id = usage_ended.id
RETURNING usage_hold.*
"""
_COSTED: Final = """
SELECT usage_ended.account_id, usage_ended.kind, usage_ended.country, usage_ended.counts, usage_ended.is_answered,
    usage_ended.milliseconds, hold.day AS held_day, coalesce(hold.micros, 0) AS micros,
    coalesce(hold.day, (usage_ended.begun_at AT TIME ZONE coalesce(account.time_zone, 'UTC'))::date) AS day,
    coalesce(limits.currency, 'USD') AS currency,
    CASE WHEN hold.id IS NULL OR NOT usage_ended.is_answered THEN 0 ELSE hold.fee_micros + (
        ((greatest(usage_ended.milliseconds, hold.minimum_seconds * 1000) + hold.increment_seconds * 1000 - 1)
            / (hold.increment_seconds * 1000)) * hold.increment_seconds * hold.minute_micros + 59) / 60
    END AS cost
FROM usage_ended
LEFT JOIN usage_released AS hold ON hold.id = usage_ended.id
LEFT JOIN account ON account.id = usage_ended.account_id
LEFT JOIN account_limits AS limits ON limits.account_id = usage_ended.account_id
"""
# Both in the order of their keys, so that two writers who meet in several rows lock them in the same order.
_BOOKED: Final = """
INSERT INTO usage_day AS booked (account_id, day, kind, country, currency, calls, answered, milliseconds, cost_micros)
SELECT account_id, day, kind, country, currency, count(*), count(*) FILTER (WHERE is_answered), sum(milliseconds),
    sum(cost)
FROM usage_costed WHERE counts GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
ON CONFLICT (account_id, day, kind, country, currency) DO UPDATE SET
    calls = booked.calls + excluded.calls,
    answered = booked.answered + excluded.answered,
    milliseconds = booked.milliseconds + excluded.milliseconds,
    cost_micros = booked.cost_micros + excluded.cost_micros
RETURNING 1
"""
# Of an account's days only the latest can be that of its counters, and what was held on an earlier one is past.
_COUNTED: Final = """
INSERT INTO account_usage AS used (account_id, live, day, held_micros, spent_micros)
SELECT account_id, -count(*), max(held_day), -coalesce(sum(micros) FILTER (WHERE held_day = latest), 0),
    coalesce(sum(cost) FILTER (WHERE held_day = latest), 0)
FROM (
    SELECT *, max(held_day) OVER (PARTITION BY account_id) AS latest FROM usage_costed WHERE held_day IS NOT NULL
) AS one
GROUP BY account_id ORDER BY account_id
ON CONFLICT (account_id) DO UPDATE SET
    live = used.live + excluded.live,
    held_micros = used.held_micros + CASE WHEN used.day = excluded.day THEN excluded.held_micros ELSE 0 END,
    spent_micros = used.spent_micros + CASE WHEN used.day = excluded.day THEN excluded.spent_micros ELSE 0 END
RETURNING 1
"""
_SETTLED: Final = Part(
    (
        ("usage_ended", _ENDED),
        ("usage_released", _RELEASED),
        ("usage_costed", _COSTED),
        ("usage_booked", _BOOKED),
        ("usage_counted", _COUNTED),
    )
)
_ENCODER: Final = msgspec.json.Encoder()


def fill_ended(ended: Sequence[Ended]) -> Filled:
    """What ended, to be settled; must stand in one statement with the rows that say so."""
    return Filled(_SETTLED, _ENCODER.encode([_row(one) for one in ended]))


def _row(ended: Ended) -> dict[str, Any]:
    return {name: getattr(ended, name) for name in Ended.__slots__}
