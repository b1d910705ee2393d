"""Reading who can be reached and how, for calls: one database round trip for all that a call needs.

Every query has the account in it, so another account's rows are simply not there.
"""

from typing import Final

import asyncpg

from app.db.engine import Database
from app.numbers.parse import E164
from app.numbers.policy import Rule
from app.routing.model import CallerIdTarget, ExtensionTarget, OriginateResolution, TrunkTarget
from app.routing.rows import QUEUES

# $1 account, $2 extension number, $3 agent id (wins over $2), $4 destination's extension number, $5 trunk id or NULL
# for the default, $6 caller id or NULL for the default. Each branch is a look-up by key, and asyncpg keeps the
# statement prepared on its connection, so this costs one round trip and some index reads.
# A number that was not shown to be the account's is seen by nobody outside; the sandbox's trunks lead nowhere.
_RESOLVE: Final = """
SELECT
    connect.id AS connect_id, connect.number AS connect_number, connect.endpoints AS connect_endpoints,
    connect.agent_id AS connect_agent_id, connect.agent_name AS connect_agent_name,
    destination.id AS destination_id, destination.number AS destination_number,
    destination.endpoints AS destination_endpoints,
    destination.agent_id AS destination_agent_id, destination.agent_name AS destination_agent_name,
    EXISTS (SELECT FROM agent WHERE id = $3 AND account_id = $1 AND deleted_at IS NULL) AS has_agent,
    way_out.id AS trunk_id, way_out.name AS trunk_name, way_out.endpoint AS trunk_endpoint,
    way_out.dial_template, way_out.is_sandbox, way_out.max_channels, others.trunks AS other_trunks,
    seatless.agent_id AS seatless_agent_id, seatless.agent_name AS seatless_agent_name,
    seatless.endpoints AS seatless_endpoints,
    shown.id AS caller_id_id, shown.number AS caller_id_number, shown.label AS caller_id_label,
    flag.reasons AS caller_id_flags,
    CASE WHEN shown.id IS NULL THEN EXISTS (
        SELECT FROM outbound_number
        WHERE account_id = $1 AND deleted_at IS NULL AND 'CALLER_ID' = ANY(capabilities) AND verified_at IS NULL
            AND way_out.is_sandbox IS FALSE
            AND CASE WHEN $6::text IS NULL THEN is_default ELSE number = $6 END
    ) ELSE false END AS is_caller_id_unverified,
    EXISTS (SELECT FROM account_limits WHERE account_id = $1) AS is_metered,
    EXISTS (SELECT FROM account WHERE id = $1 AND suspended_at IS NOT NULL) AS is_suspended,
    policy.rules
FROM (SELECT $1::text AS account_id) AS asked
LEFT JOIN LATERAL (
    SELECT extension.id, extension.number, person.id AS agent_id, person.name AS agent_name,
        ARRAY(
            SELECT device.endpoint FROM device
            WHERE device.account_id = asked.account_id AND device.deleted_at IS NULL
                AND (device.extension_id = extension.id OR device.agent_id = ANY(ARRAY(
                    SELECT sitter.id FROM agent AS sitter
                    WHERE sitter.extension_id = extension.id AND sitter.account_id = asked.account_id
                        AND sitter.deleted_at IS NULL AND ($3::text IS NULL OR sitter.id = $3)
                )))
            ORDER BY device.created_at, device.id
        ) AS endpoints
    FROM extension
    LEFT JOIN LATERAL (
        SELECT agent.id, agent.name FROM agent
        WHERE agent.account_id = asked.account_id AND agent.extension_id = extension.id
            AND agent.deleted_at IS NULL AND ($3::text IS NULL OR agent.id = $3)
        ORDER BY agent.created_at, agent.id LIMIT 1
    ) AS person ON true
    WHERE extension.account_id = asked.account_id AND extension.deleted_at IS NULL
        AND extension.id = CASE WHEN $3 IS NULL
            THEN (SELECT id FROM extension WHERE account_id = $1 AND number = $2 AND deleted_at IS NULL)
            ELSE (SELECT extension_id FROM agent WHERE id = $3 AND account_id = $1 AND deleted_at IS NULL)
        END
) AS connect ON true
LEFT JOIN LATERAL (
    SELECT extension.id, extension.number, person.id AS agent_id, person.name AS agent_name,
        ARRAY(
            SELECT device.endpoint FROM device
            WHERE device.account_id = asked.account_id AND device.deleted_at IS NULL
                AND (device.extension_id = extension.id OR device.agent_id = ANY(ARRAY(
                    SELECT sitter.id FROM agent AS sitter
                    WHERE sitter.extension_id = extension.id AND sitter.account_id = asked.account_id
                        AND sitter.deleted_at IS NULL
                )))
            ORDER BY device.created_at, device.id
        ) AS endpoints
    FROM extension
    LEFT JOIN LATERAL (
        SELECT agent.id, agent.name FROM agent
        WHERE agent.account_id = asked.account_id AND agent.extension_id = extension.id AND agent.deleted_at IS NULL
        ORDER BY agent.created_at, agent.id LIMIT 1
    ) AS person ON true
    WHERE extension.account_id = asked.account_id AND extension.number = $4 AND extension.deleted_at IS NULL
) AS destination ON true
LEFT JOIN LATERAL (
    SELECT id, name, endpoint, dial_template, is_sandbox, max_channels, caller_id_policy FROM trunk
    WHERE account_id = asked.account_id AND deleted_at IS NULL AND is_enabled
        AND CASE WHEN $5::text IS NULL THEN is_default ELSE id = $5 END
    LIMIT 1
) AS way_out ON true
LEFT JOIN LATERAL (
    SELECT id, number, label, trunk_id FROM outbound_number
    WHERE account_id = asked.account_id AND number = $6 AND deleted_at IS NULL AND 'CALLER_ID' = ANY(capabilities)
        AND (verified_at IS NOT NULL OR way_out.is_sandbox IS NOT FALSE)
        AND (way_out.caller_id_policy IS DISTINCT FROM 'TRUNK_NUMBERS' OR trunk_id = way_out.id)
    UNION ALL
    SELECT id, number, label, trunk_id FROM outbound_number
    WHERE $6::text IS NULL AND account_id = asked.account_id AND is_default AND deleted_at IS NULL
        AND 'CALLER_ID' = ANY(capabilities)
        AND (verified_at IS NOT NULL OR way_out.is_sandbox IS NOT FALSE)
        AND (way_out.caller_id_policy IS DISTINCT FROM 'TRUNK_NUMBERS' OR trunk_id = way_out.id)
    UNION ALL
    SELECT id, number, label, trunk_id FROM outbound_number
    WHERE $6::text IS NULL AND account_id = asked.account_id AND deleted_at IS NULL
        AND way_out.caller_id_policy = 'TRUNK_NUMBERS' AND trunk_id = way_out.id AND 'CALLER_ID' = ANY(capabilities)
        AND (verified_at IS NOT NULL OR way_out.is_sandbox IS NOT FALSE)
    LIMIT 1
) AS shown ON true
LEFT JOIN number_reputation AS flag
    ON flag.account_id = asked.account_id AND flag.number = shown.number AND flag.verdict = 'FLAGGED'
LEFT JOIN LATERAL (
    SELECT json_agg(json_build_object('id', id, 'name', name, 'endpoint', endpoint, 'dial_template', dial_template,
        'is_sandbox', is_sandbox, 'max_channels', max_channels) ORDER BY name) AS trunks
    FROM trunk
    WHERE way_out.max_channels IS NOT NULL AND $5::text IS NULL AND account_id = asked.account_id
        AND deleted_at IS NULL AND is_enabled AND id <> way_out.id AND is_sandbox = way_out.is_sandbox
        AND (caller_id_policy <> 'TRUNK_NUMBERS' OR trunk.id = shown.trunk_id)
        AND NOT EXISTS (SELECT FROM line_state WHERE line_id = trunk.id AND state = 'DOWN')
) AS others ON true
LEFT JOIN LATERAL (
    SELECT agent.id AS agent_id, agent.name AS agent_name, array_agg(device.endpoint ORDER BY device.created_at,
        device.id) AS endpoints
    FROM agent JOIN device ON device.agent_id = agent.id AND device.deleted_at IS NULL
    WHERE agent.id = $3 AND agent.account_id = asked.account_id AND agent.deleted_at IS NULL
        AND agent.extension_id IS NULL
    GROUP BY agent.id
) AS seatless ON true
LEFT JOIN LATERAL (
    SELECT json_agg(json_build_array(prefix, is_allowed, note, country, is_own) ORDER BY id) AS rules
    FROM destination_rule WHERE account_id = asked.account_id
) AS policy ON true
"""


class Directory:
    """The account's rows as calls need them. Holds no state: what was changed is seen by the next question."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def resolve_originate(
        self,
        account_id: str,
        *,
        extension: str | None = None,
        agent_id: str | None = None,
        destination_extension: str | None = None,
        trunk_id: str | None = None,
        caller_id: str | None = None,
        queue_id: str | None = None,
    ) -> OriginateResolution:
        """Everything for one call, in one round trip.

        Args:
            account_id: Whose call it is.
            extension: Whom to connect, by extension number…
            agent_id: …or by agent; wins over ``extension``.
            destination_extension: The destination, when that is an extension of the account.
            trunk_id: The way out; None is the account's default.
            caller_id: The outbound number to show, E.164; None is the account's default.
            queue_id: The queue to connect, if it is one; it takes another round trip.

        Raises:
            DatabaseUnavailableError: the database is away.
        """
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(
                _RESOLVE, account_id, extension, agent_id, destination_extension, trunk_id, caller_id
            )
            queue = None if queue_id is None else await QUEUES.get(connection, account_id, queue_id)
        assert row is not None  # the query starts from one made-up row
        return OriginateResolution(
            connect=_read_extension(row, "connect") or _read_seatless(row),
            has_agent=row["has_agent"],
            destination=_read_extension(row, "destination"),
            trunk=_read_trunk(row),
            caller_id=_read_caller_id(row),
            is_caller_id_unverified=row["is_caller_id_unverified"],
            rules=_read_rules(row),
            queue=queue,
            other_trunks=tuple(TrunkTarget(**one) for one in row["other_trunks"] or ()),
            is_metered=row["is_metered"],
            is_suspended=row["is_suspended"],
        )


def _read_extension(row: asyncpg.Record, name: str) -> ExtensionTarget | None:
    if row[f"{name}_id"] is None:
        return None
    return ExtensionTarget(
        id=row[f"{name}_id"],
        number=row[f"{name}_number"],
        agent_id=row[f"{name}_agent_id"],
        agent_name=row[f"{name}_agent_name"],
        endpoints=tuple(row[f"{name}_endpoints"]),
    )


def _read_seatless(row: asyncpg.Record) -> ExtensionTarget | None:
    """An agent that sits at no extension, and has phones of its own."""
    if row["seatless_agent_id"] is None:
        return None
    return ExtensionTarget(
        id=None,
        number=None,
        agent_id=row["seatless_agent_id"],
        agent_name=row["seatless_agent_name"],
        endpoints=tuple(row["seatless_endpoints"]),
    )


def _read_trunk(row: asyncpg.Record) -> TrunkTarget | None:
    if row["trunk_id"] is None:
        return None
    return TrunkTarget(
        id=row["trunk_id"],
        name=row["trunk_name"],
        endpoint=row["trunk_endpoint"],
        dial_template=row["dial_template"],
        is_sandbox=row["is_sandbox"],
        max_channels=row["max_channels"],
    )


def _read_caller_id(row: asyncpg.Record) -> CallerIdTarget | None:
    if row["caller_id_id"] is None:
        return None
    return CallerIdTarget(
        id=row["caller_id_id"],
        number=E164(row["caller_id_number"]),
        label=row["caller_id_label"],
        flagged_for=tuple(one["message"] for one in row["caller_id_flags"] or ()),
    )


def _read_rules(row: asyncpg.Record) -> tuple[Rule, ...]:
    return tuple(Rule(*one) for one in row["rules"] or ())
