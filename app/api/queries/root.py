"""Every area's queries under one root."""

import strawberry

from app.api.queries.access import AccessQueries
from app.api.queries.account import AccountQueries
from app.api.queries.calls import CallQueries
from app.api.queries.campaigns import CampaignQueries
from app.api.queries.contacts import ContactQueries
from app.api.queries.destinations import DestinationQueries
from app.api.queries.errands import ErrandQueries
from app.api.queries.events import EventQueries
from app.api.queries.jobs import JobQueries
from app.api.queries.live_statistics import LiveStatisticsQueries
from app.api.queries.media_streams import MediaStreamQueries
from app.api.queries.nodes import NodeQueries
from app.api.queries.recordings import RecordingQueries
from app.api.queries.routing import RoutingQueries
from app.api.queries.speech import SpeechQueries
from app.api.queries.statistics import StatisticsQueries
from app.api.queries.testclock import TestClockQueries
from app.api.queries.usage import UsageQueries
from app.api.queries.webhooks import WebhookQueries


@strawberry.type(
    description="Reading. Nothing here changes anything. Where a field's description says nothing of null: an instant "
    "(`DateTime`) is null until it has come, and for good when it never comes; an id, a name, a reason or "
    "your own words are null when there are none; a field that takes a scope is null for a key without it, "
    "and `errors` has a `FORBIDDEN` with its `path`. The codes of `errors` are in the documentation: "
    "docs/reference/errors.md."
)
class Query(
    NodeQueries,
    AccountQueries,
    AccessQueries,
    CallQueries,
    StatisticsQueries,
    LiveStatisticsQueries,
    RecordingQueries,
    EventQueries,
    WebhookQueries,
    MediaStreamQueries,
    RoutingQueries,
    DestinationQueries,
    SpeechQueries,
    CampaignQueries,
    ContactQueries,
    ErrandQueries,
    TestClockQueries,
    JobQueries,
    UsageQueries,
):
    pass
