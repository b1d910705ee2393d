"""What agents of PREVIEW campaigns have asked for: judged once more, at the instant of dialling."""

from app.campaigns import claim_statements as statements
from app.campaigns.claim import MOST_CLAIMS, Claim
from app.campaigns.core.pacing import room_for
from app.campaigns.core.rules import Dial
from app.campaigns.judging import Candidate, Judgements
from app.campaigns.limits import lock_attempts, read_limits
from app.campaigns.questions import Asker, read_contact, terms_of
from app.db.engine import PooledConnection
from app.ids import CallId


async def gather_asked(connection: PooledConnection, judgements: Judgements, calls: int, claimed: int) -> list[Claim]:
    """The contacts that agents have asked for, and may be called; what may not is judged.

    The caps hold for them as well: ``calls`` of the campaign are under way, ``claimed`` of those may have no channel
    yet. What is only looked at is no call yet. A number counts as called from here on.
    """
    campaign, now = judgements.campaign, judgements.now
    rows = await connection.fetch(statements.ASKED, campaign.id)
    begun = await connection.fetchval(statements.BEGUN, campaign.id, [row["id"] for row in rows])
    limits = await read_limits(connection, campaign, calls - claimed + begun, begun, now)
    rows = rows[: room_for(MOST_CLAIMS, limits).calls]
    if rows:
        await lock_attempts(connection, campaign)
    asker = await Asker.open(connection, terms_of(campaign), judgements.at)
    cards = [read_contact(row) for row in rows]
    claims, refused = [], []
    for asked, row in zip(await asker.ask(cards, own_calls=[row["call_id"] for row in rows]), rows, strict=True):
        candidate = Candidate(
            asked.contact,
            attempts=row["attempts"],
            decisions=row["decisions"],
            is_fresh=False,
            has_no_list=row["has_no_list"],
        )
        if isinstance(candidate.decide(asked), Dial):
            claims.append(
                Claim(
                    contact=asked.contact,
                    call_id=CallId(row["call_id"]),
                    number=row["decisions"],
                    attempt=row["attempts"] + 1,
                    agent_id=row["agent_id"],
                )
            )
        else:
            refused.append(row)
            judgements.judge(asked, candidate)
    if claims:
        call_ids, numbers = [one.call_id for one in claims], [one.contact.number for one in claims]
        await connection.execute(
            statements.DIALLED, campaign.account_id, judgements.at, call_ids, numbers, campaign.is_sandbox
        )
        contact_ids = [one.contact.id for one in claims]
        await connection.execute(statements.HOLD_ON, campaign.id, contact_ids, now + judgements.lease)
    if refused:
        await connection.execute(statements.FORGET, [row["call_id"] for row in refused])
        await connection.execute(statements.SERVED, campaign.id, [row["agent_id"] for row in refused])
    return claims
