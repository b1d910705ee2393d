"""Agents who serve a campaign of the hall."""

from collections.abc import Sequence

from app.accounts.audit import AuditLog
from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.campaigns.attending import CampaignAgents
from app.ids import Kind, new_id
from tests.campaigns.hall import Hall


class Staff:
    """Agents of the hall's account."""

    def __init__(self, hall: Hall) -> None:
        self.hall = hall
        self.by = Principal(
            account_id=hall.account_id,
            account_name="acme",
            default_region="US",
            key_id="key_1",
            scopes=frozenset(Scope),
        )
        self.told: list[str] = []

        async def tell(campaign_id: str) -> None:
            self.told.append(campaign_id)

        self.agents = CampaignAgents(hall.database, hall.log, AuditLog(hall.database), hall.clock, changed=tell)

    async def hire(self, count: int, *, shown: str = "AVAILABLE") -> list[str]:
        """So many agents, doing so."""
        ids = [new_id(Kind.AGENT) for _ in range(count)]
        async with self.hall.database.acquire() as connection, connection.transaction():
            for agent_id in ids:
                await connection.execute(
                    "INSERT INTO agent (id, account_id, name) VALUES ($1, $2, $1)", agent_id, self.hall.account_id
                )
                await connection.execute(
                    """
                    INSERT INTO agent_state (agent_id, account_id, mode, shown, shown_at) VALUES ($1, $2, $3, $3, $4)
                    """,
                    agent_id,
                    self.hall.account_id,
                    shown,
                    self.hall.clock.now(),
                )
        return ids

    async def join(self, agents: Sequence[str]) -> None:
        for agent_id in agents:
            await self.agents.join(self.by, self.hall.campaign_id, agent_id)


async def call_for(hall: Hall, *, seconds: int) -> int:
    """How many calls begin in this time."""
    begun = 0
    for _ in range(seconds):
        begun += await hall.call_all_due()
        hall.clock.pass_seconds(1)
    return begun
