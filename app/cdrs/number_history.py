"""How calls that showed a number came out, counted per number and day in the transaction that writes their records.

What an answer rate needs, so that nobody has to look through records for it: see ``app.reputation``.
"""

from typing import Final

#: What of a record decides whether it counts, and as what.
COUNTED_COLUMNS: Final = (
    *("account_id", "created_at", "direction", "disposition", "end_party", "sip_code", "caller_id", "is_sandbox"),
)

# Counted is what tells whether people take calls of this number: somebody or something answered, or the customer let
# it ring or declined. Busy lines, bad numbers, full networks and calls that our own side ended tell nothing. SIP's 607
# (RFC 8197) is a person's "unwanted", 608 (RFC 8688) that of a network which judges by the number shown.
_TELLING: Final = """
direction = 'OUTBOUND' AND caller_id IS NOT NULL AND NOT is_sandbox
    AND (disposition IN ('ANSWERED', 'MACHINE', 'VOICEMAIL')
         OR end_party = 'CUSTOMER' AND disposition IN ('NO_ANSWER', 'REJECTED'))
"""


def count_by_number(records: str) -> str:
    """An SQL statement that counts these records: a relation with ``COUNTED_COLUMNS``. Gives a row for each of its own.

    A record that was counted before must not be among them. In the order of the key, so that two writers who meet in
    several rows lock them in the same order.
    """
    return f"""
INSERT INTO number_history (account_id, number, day, calls, answered, unwanted)
SELECT account_id, caller_id, (created_at AT TIME ZONE 'UTC')::date, count(*),
       count(*) FILTER (WHERE disposition = 'ANSWERED'), count(*) FILTER (WHERE sip_code IN (607, 608))
FROM {records} WHERE {_TELLING}
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
ON CONFLICT (account_id, number, day) DO UPDATE SET calls = number_history.calls + excluded.calls,
    answered = number_history.answered + excluded.answered, unwanted = number_history.unwanted + excluded.unwanted
RETURNING 1
"""  # noqa: S608  # our own names
