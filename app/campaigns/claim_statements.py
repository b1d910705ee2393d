"""The statements of claims: see :mod:`~app.campaigns.claiming`."""

from typing import Final

from app.campaigns.questions import CONTACT_COLUMNS
from app.db.locks import NUMBER_ATTEMPTS

# Contacts are looked up for those alone that are due: a planner that does not know the tables might begin with them.
DUE: Final = f"""
WITH kept AS MATERIALIZED (
    SELECT contact_id, attempts, decisions, due_at FROM campaign_contact
    WHERE campaign_id = $1 AND state = 'WAITING' AND due_at <= $2 AND contact_id <> ALL($4::text[])
    ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED
)
SELECT {CONTACT_COLUMNS}, kept.attempts, kept.decisions, list.deleted_at IS NOT NULL AS has_no_list
FROM kept
JOIN contact ON contact.id = kept.contact_id
JOIN contact_list AS list ON list.id = contact.list_id
ORDER BY kept.due_at
"""  # noqa: S608  # our own columns
LISTS: Final = """
SELECT kept.list_id, kept.cursor FROM campaign_list AS kept
JOIN contact_list AS list ON list.id = kept.list_id AND list.deleted_at IS NULL
WHERE kept.campaign_id = $1 ORDER BY kept.place
"""
# What an agent has asked for, and was not begun yet by anybody.
ASKED: Final = f"""
SELECT {CONTACT_COLUMNS}, kept.attempts, kept.decisions, kept.call_id, serving.agent_id,
    list.deleted_at IS NOT NULL AS has_no_list
FROM campaign_agent AS serving
JOIN campaign_contact AS kept ON kept.campaign_id = serving.campaign_id AND kept.contact_id = serving.contact_id
JOIN contact ON contact.id = kept.contact_id
JOIN contact_list AS list ON list.id = contact.list_id
WHERE serving.campaign_id = $1 AND serving.asked_at IS NOT NULL AND kept.state = 'CLAIMED'
    AND NOT EXISTS (SELECT FROM call WHERE call.id = kept.call_id)
ORDER BY serving.asked_at, kept.contact_id FOR UPDATE OF kept SKIP LOCKED
"""  # noqa: S608  # our own columns
# Whoever dials holds the rows of what it dials, so what has begun is what has a call, and what is not among ASKED.
BEGUN: Final = """
SELECT count(*) FROM campaign_contact AS kept
WHERE kept.campaign_id = $1 AND kept.state = 'CLAIMED' AND kept.contact_id <> ALL($2::text[]) AND (
    EXISTS (SELECT FROM call WHERE call.id = kept.call_id)
    OR EXISTS (
        SELECT FROM campaign_agent AS serving
        WHERE serving.campaign_id = $1 AND serving.contact_id = kept.contact_id AND serving.asked_at IS NOT NULL
    )
)
"""
# What was asked for long ago has as long to be dialled as any claim.
HOLD_ON: Final = """
UPDATE campaign_contact SET lease_until = greatest(lease_until, $3)
WHERE campaign_id = $1 AND contact_id = ANY($2::text[]) AND state = 'CLAIMED'
"""
# The agents look at nothing any more.
SERVED: Final = """
UPDATE campaign_agent SET contact_id = NULL, lease_until = NULL, asked_at = NULL
WHERE campaign_id = $1 AND agent_id = ANY($2::text[])
"""
# Whether the campaign has a contact, or its number, is asked in the order of an index. Of a campaign that is newer than
# the statistics a planner believes that it has one contact, and so that any index will do: it would read all contacts
# of the campaign, for each one anew.
FRESH: Final = f"""
SELECT {CONTACT_COLUMNS}, by_id.contact_id IS NOT NULL OR by_number.number IS NOT NULL AS is_known
FROM (
    SELECT * FROM contact WHERE list_id = $2 AND position > $3 AND deleted_at IS NULL ORDER BY position LIMIT $4
) AS contact
LEFT JOIN LATERAL (
    SELECT contact_id FROM campaign_contact WHERE campaign_id = $1 AND contact_id >= contact.id
    ORDER BY contact_id LIMIT 1
) AS by_id ON by_id.contact_id = contact.id
LEFT JOIN LATERAL (
    SELECT number FROM campaign_contact WHERE campaign_id = $1 AND number >= contact.number ORDER BY number LIMIT 1
) AS by_number ON by_number.number = contact.number
ORDER BY contact.position
"""  # noqa: S608  # our own columns
LOCK_ATTEMPTS: Final = f"SELECT pg_advisory_xact_lock({NUMBER_ATTEMPTS}, hashtext($1))"
IN_FLIGHT: Final = """
SELECT count(*) AS calls, count(*) FILTER (WHERE state = 'CLAIMED') AS claimed
FROM campaign_contact WHERE campaign_id = $1 AND state IN ('CLAIMED', 'DIALING')
"""
# Calls that are about to begin.
COMING: Final = """
SELECT count(*) FROM campaign_contact AS kept
WHERE campaign_id = $1 AND state = 'CLAIMED' AND NOT EXISTS (SELECT FROM call WHERE call.id = kept.call_id)
"""
# Down is what every Asterisk that says something of it says so. One that is not asked any more stays as it was.
TRUNK: Final = """
SELECT id, max_channels, coalesce((
    SELECT bool_and(said.state = 'DOWN') FROM line_state AS said
    WHERE said.line_id = trunk.id AND (trunk.qualify_seconds > 0 OR NOT trunk.is_provisioned)
), false) AS is_down
FROM trunk
WHERE account_id = $1 AND deleted_at IS NULL AND is_enabled
    AND CASE WHEN $2::text IS NULL THEN is_default ELSE id = $2 END
LIMIT 1
"""
# How contacts stand now, why, and (unless $13 says that they are only looked at) that their numbers are called.
KEEP: Final = """
WITH one AS MATERIALIZED (
    SELECT * FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::int[], $9::timestamptz[],
        $10::timestamptz[], $11::text[], $12::text[], $14::text[])
        AS one (contact_id, list_id, number, state, n, due_at, lease_until, reason, call_id, decision)
),
decided AS (
    INSERT INTO campaign_decision (campaign_id, contact_id, n, decided_at, decision, call_id)
    SELECT $1, contact_id, n, $3, decision::json, call_id FROM one
),
dialled AS (
    INSERT INTO number_attempt (call_id, account_id, number, at, is_sandbox)
    SELECT call_id, $2, number, $15, $16 FROM one WHERE $13 AND call_id IS NOT NULL
)
INSERT INTO campaign_contact AS kept (campaign_id, contact_id, account_id, list_id, number, state, attempts, decisions,
    due_at, lease_until, reason, call_id, updated_at)
SELECT $1, contact_id, $2, list_id, number, state, 0, n, due_at, lease_until, reason, call_id, $3 FROM one
ON CONFLICT (campaign_id, contact_id) DO UPDATE SET state = excluded.state, decisions = excluded.decisions,
    due_at = excluded.due_at, lease_until = excluded.lease_until, reason = excluded.reason,
    call_id = coalesce(excluded.call_id, kept.call_id), updated_at = excluded.updated_at
"""
# What was only looked at until now.
DIALLED: Final = """
INSERT INTO number_attempt (call_id, account_id, number, at, is_sandbox)
SELECT call_id, $1, number, $2, $5 FROM unnest($3::text[], $4::text[]) AS one (call_id, number)
ON CONFLICT (call_id) DO UPDATE SET at = excluded.at
"""
MOVE: Final = "UPDATE campaign_list SET cursor = $3 WHERE campaign_id = $1 AND list_id = $2"
PACE: Final = "UPDATE campaign SET pace = $2 WHERE id = $1"
NEXT_DUE: Final = "SELECT min(due_at) FROM campaign_contact WHERE campaign_id = $1 AND state = 'WAITING'"
# Whoever dials holds the rows of what it dials: those are not let go.
STALE: Final = """
SELECT contact_id, call_id FROM campaign_contact AS kept
WHERE campaign_id = $1 AND state = 'CLAIMED' AND lease_until < $2
    AND NOT EXISTS (SELECT FROM call WHERE call.id = kept.call_id)
FOR UPDATE SKIP LOCKED
"""
RELEASE: Final = """
UPDATE campaign_contact SET state = 'WAITING', due_at = $3, lease_until = NULL, reason = NULL, updated_at = $4
WHERE campaign_id = $1 AND contact_id = ANY($2::text[]) AND state = 'CLAIMED'
"""
FORGET: Final = "DELETE FROM number_attempt WHERE call_id = ANY($1::text[])"
