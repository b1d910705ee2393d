"""Who leads callers to a program: what an account keeps that would fail without the endpoint that allows its URL."""

from collections.abc import Collection
from typing import Final

from app.db.engine import PooledConnection
from app.egress.addresses import UrlRefusedError
from app.media.urls import is_below

_MOST_NAMED: Final = 5
_URLS: Final = """
SELECT 'call flow ' || flow.name AS who, found.url #>> '{}' AS url
FROM call_flow AS flow
JOIN call_flow_version AS version ON version.flow_id = flow.id AND version.version = flow.version
CROSS JOIN LATERAL jsonb_path_query(version.definition::jsonb, 'strict $.**.url') AS found(url)
WHERE flow.account_id = $1 AND flow.deleted_at IS NULL
UNION ALL SELECT 'route ' || pattern, found.url #>> '{}'
FROM inbound_route
CROSS JOIN LATERAL jsonb_path_query(jsonb_build_array(target, overflow), 'strict $.**.url') AS found(url)
WHERE account_id = $1 AND deleted_at IS NULL
UNION ALL SELECT 'ring group ' || name, found.url #>> '{}'
FROM ring_group CROSS JOIN LATERAL jsonb_path_query(overflow::jsonb, 'strict $.**.url') AS found(url)
WHERE account_id = $1 AND deleted_at IS NULL
UNION ALL SELECT 'queue ' || name, found.url #>> '{}'
FROM queue CROSS JOIN LATERAL jsonb_path_query(overflow::jsonb, 'strict $.**.url') AS found(url)
WHERE account_id = $1 AND deleted_at IS NULL
"""


async def find_users(
    connection: PooledConnection, account_id: str, endpoint_url: str, others: Collection[str]
) -> list[str]:
    """Those that lead to a URL which this endpoint allows and none of the ``others`` does: some of them, by name."""
    rows = await connection.fetch(_URLS, account_id)
    users = {
        row["who"]
        for row in rows
        if _allows(endpoint_url, row["url"]) and not any(_allows(other, row["url"]) for other in others)
    }
    return sorted(users)[:_MOST_NAMED]


def _allows(endpoint_url: str, url: str) -> bool:
    try:
        return is_below(url, endpoint_url)
    except UrlRefusedError:
        return False  # it leads nowhere anyway
