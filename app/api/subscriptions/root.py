"""The root of all subscriptions, and what is true of each of them."""

import strawberry

from app.api.subscriptions.agent_activity import AgentActivitySubscriptions
from app.api.subscriptions.calls import CallSubscriptions
from app.api.subscriptions.campaigns import CampaignSubscriptions
from app.api.subscriptions.events import EventSubscriptions
from app.api.subscriptions.jobs import JobSubscriptions
from app.api.subscriptions.live_calls import LiveCallSubscriptions
from app.api.subscriptions.live_statistics import LiveStatisticsSubscriptions
from app.api.subscriptions.queue_activity import QueueActivitySubscriptions


@strawberry.type(
    description="Following, over a websocket with the subprotocol `graphql-transport-ws`; the key goes into "
    '`connection_init` as `{"authorization": "Bearer ofk_…"}`. Heartbeat: the server '
    "sends `ping` every 20 seconds (`heartbeatSeconds` in the payload of `connection_ack` says how often); when "
    "nothing came for twice as long, connect again. It closes with 4401 when the key or token is wrong or revoked, "
    "or may not be used from where you are, with 4403 when it has expired or may do other things now (connect "
    "again), and with 4430 when you have read nothing for 20 seconds though something was there. "
    "A subscription that comes to its end is completed; after an error with `retryable: true`, subscribe again."
)
class Subscription(
    EventSubscriptions,
    CallSubscriptions,
    LiveCallSubscriptions,
    LiveStatisticsSubscriptions,
    AgentActivitySubscriptions,
    QueueActivitySubscriptions,
    JobSubscriptions,
    CampaignSubscriptions,
):
    pass
