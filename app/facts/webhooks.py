"""Facts about webhook endpoints themselves."""

from app.facts.calls import Fact


class WebhookFact(Fact, frozen=True, kw_only=True):
    """Base of the facts of one endpoint."""

    endpoint_id: str


class WebhookTest(WebhookFact, frozen=True, kw_only=True):
    """A test event that a person asked for."""

    type = "webhook.test"


class WebhookTriggered(Fact, frozen=True, kw_only=True):
    """Somebody asked for a test: a sample of ``event_type`` goes to everybody who asks for events of that type."""

    type = "webhook.triggered"
    event_type: str


class WebhookExhausted(WebhookFact, frozen=True, kw_only=True):
    """The last attempt at a delivery failed; the event stays in the log and can be replayed."""

    type = "webhook.exhausted"
    delivery_id: str
    event_id: str
    event_type: str
    attempts: int


class WebhookDisabled(WebhookFact, frozen=True, kw_only=True):
    """The endpoint gets nothing more until it is enabled again; ``reason`` says why."""

    type = "webhook.disabled"
    reason: str
