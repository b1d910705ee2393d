"""Making, changing and deleting webhook endpoints. What is done with one is in ``webhook_operations``."""

from typing import Annotated, Final

import strawberry
from msgspec import UNSET

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import mutation
from app.api.mutations.webhook_operations import WebhookOperations
from app.api.types.problem import DeletionPayload, Payload
from app.api.types.webhook import WebhookEndpoint
from app.errors import Problem, RefusedError
from app.webhooks.endpoints import LONGEST_DESCRIPTION
from app.webhooks.model import API_VERSION, Format

_URL: Final = "The address: https, on a public host. Redirects are not followed."
_PERSONAL: Final = (
    "Whether events tell telephone numbers and the names that go with them whole. That takes a key with `pii:read`; "
    "else they come masked, as for a key without it."
)
_DTMF: Final = "Whether events tell which keys were pressed. That takes a key with `dtmf:read`; else each reads `x`."
_RECORDINGS: Final = (
    "Whether `recording.saved` comes with a signed address of the recording, which works for whoever holds it until it "
    "expires. That takes a key with `recordings:read`."
)
_VERSION: Final = (
    "The version of the bodies to pin it to. What is sent keeps that form, whatever newer versions bring. "
    f"The newest is `{API_VERSION}`."
)
_FORMAT: Final = "What the bodies look like."
_MOVING: Final = " A new `url` for an endpoint that has it takes the same scope. Null is refused."
_TYPES: Final = "What to send: public names with `*` for anything, such as `call.*`."


@strawberry.input(description="A webhook endpoint to be made.")
class CreateWebhookEndpointInput:
    url: str = strawberry.field(description=_URL)
    event_types: list[str] = strawberry.field(default_factory=lambda: ["*"], description=_TYPES)
    description: str | None = strawberry.field(
        default=None, description=f"Your own words about it: at most {LONGEST_DESCRIPTION} characters."
    )
    include_personal_data: bool = strawberry.field(default=False, description=_PERSONAL)
    include_dtmf: bool = strawberry.field(default=False, description=_DTMF)
    include_recording_urls: bool | None = strawberry.field(
        default=None, description=_RECORDINGS + " By default: what the key has."
    )
    api_version: str = strawberry.field(default=API_VERSION, description=_VERSION)
    format: Format = strawberry.field(
        default=Format.STANDARD,
        description=_FORMAT + " `CLASSIC` sends `call.connected` and `call.ended` alone, as far as `eventTypes` names "
        "them; numbers come whole only with `includePersonalData`.",
    )


@strawberry.input(description="Changes of a webhook endpoint. What is left out stays; lists replace.")
class UpdateWebhookEndpointInput:
    id: strawberry.ID = strawberry.field(description="The endpoint.")
    url: str | None = strawberry.field(default=strawberry.UNSET, description=_URL + " Null is refused.")
    event_types: list[str] | None = strawberry.field(default=strawberry.UNSET, description=_TYPES + " Null is refused.")
    description: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"Your own words about it: at most {LONGEST_DESCRIPTION} characters; null clears them.",
    )
    is_enabled: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether anything is sent. What happens meanwhile is kept, for 30 days at most; enabling sends it, "
        "and begins every delivery's schedule anew. Null is refused.",
    )
    include_personal_data: bool | None = strawberry.field(default=strawberry.UNSET, description=_PERSONAL + _MOVING)
    include_dtmf: bool | None = strawberry.field(default=strawberry.UNSET, description=_DTMF + _MOVING)
    include_recording_urls: bool | None = strawberry.field(default=strawberry.UNSET, description=_RECORDINGS + _MOVING)
    api_version: str | None = strawberry.field(default=strawberry.UNSET, description=_VERSION + " Null is refused.")
    format: Format | None = strawberry.field(default=strawberry.UNSET, description=_FORMAT + " Null is refused.")


@strawberry.input(description="A webhook endpoint to be deleted.")
class DeleteWebhookEndpointInput:
    id: strawberry.ID = strawberry.field(description="The endpoint.")


@strawberry.type(description="What came of making a webhook endpoint.")
class CreateWebhookEndpointPayload(Payload):
    webhook_endpoint: WebhookEndpoint | None = strawberry.field(
        default=None, description="The endpoint; null when refused."
    )
    secret: str | None = strawberry.field(
        default=None, description="The signing secret, `whsec_…`: shown this once. Verify every delivery with it."
    )


@strawberry.type(description="What came of changing a webhook endpoint.")
class UpdateWebhookEndpointPayload(Payload):
    webhook_endpoint: WebhookEndpoint | None = strawberry.field(default=None, description="The endpoint as it is now.")


@strawberry.type(description="What came of deleting a webhook endpoint.")
class DeleteWebhookEndpointPayload(DeletionPayload):
    pass


@strawberry.type
class WebhookMutations(WebhookOperations):
    @mutation(
        Scope.WEBHOOKS_WRITE,
        CreateWebhookEndpointPayload,
        "Make a webhook endpoint. Its secret is in the answer and never shown again.",
    )
    async def create_webhook_endpoint(
        self,
        info: Info,
        input: Annotated[CreateWebhookEndpointInput, strawberry.argument(description="The endpoint.")],  # noqa: A002  # GraphQL's own word
    ) -> CreateWebhookEndpointPayload:
        context = info.context
        may_fetch = context.caller.has(Scope.RECORDINGS_READ)
        created = await context.services.webhooks.create(
            context.account_id,
            url=input.url,
            event_types=input.event_types,
            description=input.description,
            reads_pii=input.include_personal_data,
            reads_dtmf=input.include_dtmf,
            reads_recordings=may_fetch if input.include_recording_urls is None else input.include_recording_urls,
            api_version=input.api_version,
            format=input.format,
            granted=context.sight,
            may_grant_recordings=may_fetch,
        )
        return CreateWebhookEndpointPayload(
            webhook_endpoint=WebhookEndpoint.of(created.endpoint), secret=created.secret
        )

    @mutation(Scope.WEBHOOKS_WRITE, UpdateWebhookEndpointPayload, "Change a webhook endpoint, or enable or disable it.")
    async def update_webhook_endpoint(
        self,
        info: Info,
        input: Annotated[UpdateWebhookEndpointInput, strawberry.argument(description="The changes.")],  # noqa: A002
    ) -> UpdateWebhookEndpointPayload:
        _refuse_nulls(input)
        context = info.context
        endpoint = await context.services.webhooks.update(
            context.account_id,
            input.id,
            url=input.url if isinstance(input.url, str) else UNSET,
            event_types=input.event_types if isinstance(input.event_types, list) else UNSET,
            description=UNSET if input.description is strawberry.UNSET else input.description,
            is_enabled=input.is_enabled if isinstance(input.is_enabled, bool) else UNSET,
            reads_pii=input.include_personal_data if isinstance(input.include_personal_data, bool) else UNSET,
            reads_dtmf=input.include_dtmf if isinstance(input.include_dtmf, bool) else UNSET,
            reads_recordings=(
                input.include_recording_urls if isinstance(input.include_recording_urls, bool) else UNSET
            ),
            api_version=input.api_version if isinstance(input.api_version, str) else UNSET,
            format=input.format if isinstance(input.format, Format) else UNSET,
            granted=context.sight,
            may_grant_recordings=context.caller.has(Scope.RECORDINGS_READ),
        )
        return UpdateWebhookEndpointPayload(webhook_endpoint=WebhookEndpoint.of(endpoint))

    @mutation(
        Scope.WEBHOOKS_WRITE,
        DeleteWebhookEndpointPayload,
        "Delete a webhook endpoint. What was still to be delivered to it is dropped.",
    )
    async def delete_webhook_endpoint(
        self,
        info: Info,
        input: Annotated[DeleteWebhookEndpointInput, strawberry.argument(description="The endpoint.")],  # noqa: A002
    ) -> DeleteWebhookEndpointPayload:
        context = info.context
        await context.services.webhooks.delete(context.account_id, input.id)
        return DeleteWebhookEndpointPayload(deleted_id=input.id)


def _refuse_nulls(given: UpdateWebhookEndpointInput) -> None:
    nulls = [
        name
        for name, value in (
            ("url", given.url),
            ("eventTypes", given.event_types),
            ("isEnabled", given.is_enabled),
            ("includePersonalData", given.include_personal_data),
            ("includeDtmf", given.include_dtmf),
            ("includeRecordingUrls", given.include_recording_urls),
            ("apiVersion", given.api_version),
            ("format", given.format),
        )
        if value is None
    ]
    if nulls:
        raise RefusedError([Problem("INVALID_INPUT", "This cannot be null; leave it out.", (name,)) for name in nulls])
