"""What is done with a webhook endpoint: a new secret, a test, a replay."""

from typing import Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import mutation
from app.api.instants import TimeRangeInput, read_range, read_seconds
from app.api.mutations.inputs import KEY_CHARACTERS
from app.api.types.enums.events import EventType
from app.api.types.event import Event
from app.api.types.event_list import event_signer
from app.api.types.event_mapping import event_maker
from app.api.types.problem import Payload
from app.api.types.webhook import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from app.calls.keeping.keys import check_key
from app.paging import CursorSigner
from app.webhooks.model import DeliveryFilter, DeliveryState
from app.webhooks.replay import MOST_NAMED, MOST_PER_REQUEST
from app.webhooks.rotation import DEFAULT_GRACE, LONGEST_GRACE


@strawberry.input(description="An endpoint that is to get a new secret.")
class RotateWebhookSecretInput:
    id: strawberry.ID = strawberry.field(description="The endpoint.")
    grace_seconds: float = strawberry.field(
        default=DEFAULT_GRACE.total_seconds(),
        description="How long the present secret signs beside the new one, in seconds: by default a day, so that "
        f"receivers can follow, at most {LONGEST_GRACE.days} days. 0 ends all older secrets at once, for when one has "
        "leaked.",
    )


@strawberry.input(description="An endpoint that is to be tested.")
class TestWebhookEndpointInput:
    __test__ = False  # no test of ours, whatever its name begins with

    id: strawberry.ID = strawberry.field(description="The endpoint.")


@strawberry.input(
    description="Which deliveries are to be sent again; everything that is given must hold, and at least one of "
    "`created`, `subjectId`, `states` and `deliveryIds` must be given."
)
class ReplayWebhooksInput:
    endpoint_id: strawberry.ID | None = strawberry.field(
        default=None, description="To this endpoint; to all of the account's by default."
    )
    created: TimeRangeInput | None = strawberry.field(
        default=None, description="When they were put in line first, which is when the event was written."
    )
    subject_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of events about this: a call's id, mostly."
    )
    states: list[DeliveryState] | None = strawberry.field(
        default=None,
        description="Stand at one of these: `DELIVERED`, `EXHAUSTED`, `DROPPED`; all three by default. What is "
        "`PENDING` is sent anyway.",
    )
    event_types: list[EventType] | None = strawberry.field(default=None, description="Of events of these types.")
    delivery_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description=f"These deliveries, at most {MOST_NAMED}; those that are not there are passed over."
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description=f"{KEY_CHARACTERS} The same key with the same condition puts nothing in line twice, not even what "
        "has been delivered again meanwhile.",
    )
    after: str | None = strawberry.field(
        default=None, description="`endCursor` of an earlier answer, to go on where it stopped."
    )


@strawberry.type(description="What came of rotating a secret.")
class RotateWebhookSecretPayload(Payload):
    webhook_endpoint: WebhookEndpoint | None = strawberry.field(default=None, description="The endpoint as it is now.")
    secret: str | None = strawberry.field(
        default=None, description="The new signing secret, `whsec_…`: shown this once."
    )


@strawberry.type(description="What came of testing an endpoint.")
class TestWebhookEndpointPayload(Payload):
    __test__ = False

    webhook_delivery: WebhookDelivery | None = strawberry.field(
        default=None, description="The test's delivery, as it stands."
    )
    attempt: WebhookAttempt | None = strawberry.field(
        default=None,
        description="The request and what came back; null when it had not ended after 35 seconds. The delivery's "
        "`attempts` tell later.",
    )


@strawberry.input(description="A sample that is to be sent.")
class TriggerEventInput:
    type: EventType = strawberry.field(description="What it is a sample of.")


@strawberry.type(description="What came of sending a sample.")
class TriggerEventPayload(Payload):
    event: Event | None = strawberry.field(
        default=None,
        description="What the log has of it: a `WebhookTriggeredEvent`. Its id is the sample's `id` and `webhook-id`.",
    )
    webhook_deliveries: list[WebhookDelivery] | None = strawberry.field(
        default=None,
        description="Its way to each enabled endpoint that asks for events of this type, as it stands. Each is tried "
        "once.",
    )


@strawberry.type(description="What came of one request for a replay.")
class ReplayWebhooksPayload(Payload):
    replayed_count: int | None = strawberry.field(
        default=None, description="How many deliveries were put in line by this request."
    )
    skipped_count: int | None = strawberry.field(
        default=None, description="How many met the condition and were in line already, or were put there before."
    )
    has_more: bool | None = strawberry.field(
        default=None,
        description=f"Whether it stopped before the end, after {MOST_PER_REQUEST:,}: ask again with `after`.",
    )
    end_cursor: str | None = strawberry.field(default=None, description="Where it stopped, for `after`.")
    replayed: bool = strawberry.field(
        default=False,
        description="The idempotency key had put some of them in line before; those were left alone.",
    )


@strawberry.type
class WebhookOperations:
    @mutation(
        Scope.WEBHOOKS_WRITE,
        RotateWebhookSecretPayload,
        "Give an endpoint a new secret. For a while each delivery is signed with the old one too, and "
        "`webhook-signature` holds both: receivers that know either go on without a gap. `INVALID_STATE` when as many "
        "older secrets sign beside the present one as may (`ROTATING`); a `graceSeconds` of 0 ends them.",
    )
    async def rotate_webhook_secret(
        self,
        info: Info,
        input: Annotated[RotateWebhookSecretInput, strawberry.argument(description="The endpoint.")],  # noqa: A002  # GraphQL's own word
    ) -> RotateWebhookSecretPayload:
        context = info.context
        rotated = await context.services.webhooks.rotate_secret(
            context.account_id, input.id, grace=read_seconds(input.grace_seconds, field=("graceSeconds",))
        )
        return RotateWebhookSecretPayload(webhook_endpoint=WebhookEndpoint.of(rotated.endpoint), secret=rotated.secret)

    @mutation(
        Scope.WEBHOOKS_WRITE,
        TestWebhookEndpointPayload,
        "Send `webhook.test` to an endpoint, the way every event goes, and wait for what comes of it. It is sent "
        "whatever the endpoint asks for, to it alone, and tried once; no answer disables the endpoint. "
        "`INVALID_STATE` when it is `DISABLED`.",
    )
    async def test_webhook_endpoint(
        self,
        info: Info,
        input: Annotated[TestWebhookEndpointInput, strawberry.argument(description="The endpoint.")],  # noqa: A002
    ) -> TestWebhookEndpointPayload:
        context = info.context
        tested = await context.services.webhook_tests.test(
            context.account_id, input.id, actor=context.caller.actor, request_id=context.request_id
        )
        return TestWebhookEndpointPayload(
            webhook_delivery=WebhookDelivery.of(tested.delivery),
            attempt=None if tested.attempt is None else WebhookAttempt.of(tested.attempt),
        )

    @mutation(
        Scope.WEBHOOKS_WRITE,
        TriggerEventPayload,
        "Send a sample of an event to every endpoint that asks for such events, and to `offhook listen`, for whoever "
        'builds what receives them. It has ids that name nothing, says `"test": true` and `"sandbox": true`, and '
        "comes with the header `offhook-test: true`; in the format `CLASSIC`, which has no place for a mark, it names "
        "nobody. Nothing of it happened: the log has a `webhook.triggered` only, and no answer disables an endpoint.",
    )
    async def trigger_event(
        self,
        info: Info,
        input: Annotated[TriggerEventInput, strawberry.argument(description="Of which type.")],  # noqa: A002
    ) -> TriggerEventPayload:
        context = info.context
        triggered = await context.services.webhook_tests.trigger(
            context.account_id,
            input.type.value,
            actor=context.caller.actor,
            request_id=context.request_id,
            is_sandbox=context.caller.is_test,
        )
        return TriggerEventPayload(
            event=event_maker(context.sight, event_signer(context))(triggered.event),
            webhook_deliveries=[WebhookDelivery.of(one) for one in triggered.deliveries],
        )

    @mutation(
        Scope.WEBHOOKS_WRITE,
        ReplayWebhooksPayload,
        "Send deliveries again that are over: under the same `webhook-id`, with the header `offhook-replay: true`, in "
        f"the order of the log, each with a whole schedule before it. One request goes through {MOST_PER_REQUEST:,} at "
        "most and says where it stopped. Repeating it does no harm: what is in line already is left alone.",
    )
    async def replay_webhooks(
        self,
        info: Info,
        input: Annotated[ReplayWebhooksInput, strawberry.argument(description="Which deliveries.")],  # noqa: A002
    ) -> ReplayWebhooksPayload:
        context = info.context
        created_from, created_to = read_range(input.created, field=("created",))
        where = DeliveryFilter(
            endpoint_id=input.endpoint_id,
            states=tuple(input.states or ()),
            subject_id=input.subject_id,
            event_types=tuple(one.value for one in input.event_types or ()),
            created_from=created_from,
            created_to=created_to,
        )
        if input.idempotency_key is not None:
            check_key(input.idempotency_key)
        delivery_ids = tuple(input.delivery_ids or ())
        signer = CursorSigner(
            context.services.cursor_secret,
            account_id=context.account_id,
            list_name="replayWebhooks",
            shape=(where, *sorted(delivery_ids)) if delivery_ids else where,
        )
        replayed = await context.services.webhook_replays.replay(
            context.account_id,
            where,
            delivery_ids=delivery_ids,
            key=input.idempotency_key,
            after=None if input.after is None else signer.read(input.after, field="after"),
        )
        return ReplayWebhooksPayload(
            replayed_count=replayed.count,
            skipped_count=replayed.skipped,
            has_more=replayed.position is not None,
            end_cursor=None if replayed.position is None else signer.write(replayed.position),
            replayed=replayed.is_replayed,
        )
