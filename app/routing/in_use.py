"""What calls are led to must stay: who leads to an agent, a group, a sound file or a template."""

from typing import Final

from app.db.engine import PooledConnection
from app.errors import Problem, RefusedError

#: Where a target that is an announcement names its sound file or its template.
_SAID: Final = (
    ["announcement", "sound", "audioFileId"],
    ["announcement", "sound", "template", "templateId"],
)


async def refuse_if_target(connection: PooledConnection, account_id: str, value: str, *, noun: str) -> None:
    """Raises RefusedError: INVALID_STATE while a route, an overflow or a flow leads to this id or extension number, or
    says it.
    """
    users = await connection.fetchval(
        """
        SELECT string_agg(found.what, ', ') FROM (
            SELECT 'route ' || pattern AS what FROM inbound_route
            WHERE account_id = $1 AND deleted_at IS NULL
                AND (
                    $2 IN (target->>'id', target->>'number', overflow->>'id', overflow->>'number')
                    OR $2 IN (target #>> $3, target #>> $4, overflow #>> $3, overflow #>> $4)
                )
            UNION ALL SELECT 'ring group ' || name FROM ring_group
            WHERE account_id = $1 AND deleted_at IS NULL
                AND $2 IN (overflow->>'id', overflow->>'number', overflow #>> $3, overflow #>> $4)
            UNION ALL SELECT 'queue ' || name FROM queue
            WHERE account_id = $1 AND deleted_at IS NULL
                AND $2 IN (overflow->>'id', overflow->>'number', overflow #>> $3, overflow #>> $4)
            UNION ALL SELECT 'call flow ' || name FROM call_flow
            WHERE account_id = $1 AND deleted_at IS NULL AND $2 = ANY(leads_to)
            UNION ALL SELECT 'campaign ' || name FROM campaign
            WHERE account_id = $1 AND archived_at IS NULL AND state IN ('DRAFT', 'SCHEDULED', 'RUNNING', 'PAUSED')
                AND $2 IN (definition->'content'->>'agentId', definition->'content'->>'queueId',
                           definition->'content'->>'callFlowId')
            LIMIT 5
        ) AS found
        """,
        account_id,
        value,
        *_SAID,
    )
    if users is not None:
        message = f"Calls are sent to this {noun} by: {users}. Send them elsewhere first."
        raise RefusedError(Problem("INVALID_STATE", message, ("id",), current_state="IN_USE"))
