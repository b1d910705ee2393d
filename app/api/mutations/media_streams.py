"""Programs that talk to legs: starting and stopping them, and allowing where they are."""

from dataclasses import replace
from typing import Annotated, Final

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import mutation
from app.api.mutations.acting import act
from app.api.mutations.lead_inputs import MediaStreamParameterInput
from app.api.types.call import Call
from app.api.types.media_streams import MediaEndpoint, MediaStream
from app.api.types.problem import DeletionPayload, Payload
from app.calls import texts
from app.calls.core import verbs
from app.calls.core.streams import MOST_STREAMS
from app.errors import Problem, RefusedError
from app.facts.vocabulary import Pair
from app.ids import Kind, LegId, MediaStreamId, new_id
from app.media.asterisk_media import SAMPLE_RATES
from app.media.endpoints import LONGEST_DESCRIPTION, MOST_ENDPOINTS
from app.media.model import MOST_PARAMETERS

_RATES: Final = " or ".join(str(rate) for rate in SAMPLE_RATES)


@strawberry.input(description="A leg that is to talk to a program instead of to the others.")
class StartMediaStreamInput:
    leg_id: strawberry.ID = strawberry.field(description="The leg; it must have answered, in a CONNECTED call.")
    url: str = strawberry.field(
        description="Where the program is, `wss://…`: one of the account's media endpoints, or below one."
    )
    sample_rate: int = strawberry.field(
        default=SAMPLE_RATES[0], description=f"Samples a second, both ways: {_RATES}; 16 bit, one channel."
    )
    parameters: list[MediaStreamParameterInput] = strawberry.field(
        default_factory=list, description=f"Your own words to the program: at most {MOST_PARAMETERS}."
    )


@strawberry.input(description="A media stream, to end.")
class StopMediaStreamInput:
    media_stream_id: strawberry.ID = strawberry.field(description="The media stream.")


@strawberry.input(description="An address that the account's legs may be streamed to.")
class CreateMediaEndpointInput:
    url: str = strawberry.field(
        description="`wss://…`, public, without a query. A path that ends in `/` allows all below it."
    )
    description: str | None = strawberry.field(
        default=None, description=f"Your own words about it: at most {LONGEST_DESCRIPTION} characters."
    )


@strawberry.input(description="A media endpoint to be deleted.")
class DeleteMediaEndpointInput:
    id: strawberry.ID = strawberry.field(description="The endpoint.")


@strawberry.type(description="What came of a media stream that was asked for.")
class StartMediaStreamPayload(Payload):
    media_stream: MediaStream | None = strawberry.field(
        default=None, description="The stream; its events tell whether the program could be had."
    )
    call: Call | None = strawberry.field(default=None, description="The call as it is now.")


@strawberry.type(description="What came of ending a media stream.")
class StopMediaStreamPayload(Payload):
    call: Call | None = strawberry.field(default=None, description="Its call as it is now.")


@strawberry.type(description="What came of allowing an address.")
class CreateMediaEndpointPayload(Payload):
    media_endpoint: MediaEndpoint | None = strawberry.field(
        default=None, description="The endpoint; null when refused."
    )
    secret: str | None = strawberry.field(
        default=None, description="The signing secret, `whsec_…`: shown this once. Verify every connection with it."
    )


@strawberry.type(description="What came of deleting a media endpoint.")
class DeleteMediaEndpointPayload(DeletionPayload):
    pass


@strawberry.type
class MediaStreamMutations:
    @mutation(
        Scope.CALLS_CONTROL,
        StartMediaStreamPayload,
        "Let a program talk to a leg over a websocket, both ways: a voice bot. Offhook connects to the program, and "
        "when it is there the leg leaves the others for it, until the stream ends; then it is back. At most "
        f"{MOST_STREAMS} in a call. `mediastream.connected` and `mediastream.ended`, or `mediastream.failed`, tell. "
        "`INVALID_STATE` when the call is not `CONNECTED`; the leg is not `UP` or cannot be had just now (`LEAVING`, "
        "`DETECTING`, `DIALPLAN`, `TRANSFER_DIALING`), is a supervisor's, has a media stream already or the call as "
        "many as it may (`MEDIA_STREAM`), or is being transferred (`TRANSFER_…`); or the call is ending or has ended, "
        "or tells a one-time password.",
    )
    async def start_media_stream(
        self,
        info: Info,
        input: Annotated[StartMediaStreamInput, strawberry.argument(description="The leg and the program.")],  # noqa: A002  # GraphQL's own word
    ) -> StartMediaStreamPayload:
        stream_id = MediaStreamId(new_id(Kind.MEDIA_STREAM))
        leg_id = LegId(input.leg_id)
        verb = verbs.StartMediaStream(
            stream_id=stream_id,
            leg_id=leg_id,
            url=input.url,
            sample_rate=_read_rate(input.sample_rate),
            parameters=_read_parameters(input.parameters),
        )
        call = (await act(info, leg_id, verb)).call
        stream = call.media_stream(stream_id)
        return StartMediaStreamPayload(
            media_stream=None if stream is None else MediaStream.of(stream), call=Call.of(call, info.context.sight)
        )

    @mutation(
        Scope.CALLS_CONTROL,
        StopMediaStreamPayload,
        "End a media stream: the program is told, and the leg is back with the others. `NOT_FOUND` when none of this "
        "id is under way, or no more; `INVALID_STATE` when the call is ending or has ended.",
    )
    async def stop_media_stream(
        self,
        info: Info,
        input: Annotated[StopMediaStreamInput, strawberry.argument(description="The media stream.")],  # noqa: A002
    ) -> StopMediaStreamPayload:
        verb = verbs.StopMediaStream(stream_id=input.media_stream_id)
        acted = await act(info, input.media_stream_id, verb)
        return StopMediaStreamPayload(call=Call.of(acted.call, info.context.sight))

    @mutation(
        Scope.WEBHOOKS_WRITE,
        CreateMediaEndpointPayload,
        f"Allow an address for media streams, at most {MOST_ENDPOINTS}. Its secret is in the answer and never shown "
        "again. Several may allow the same: then all their secrets sign, until one is deleted.",
    )
    async def create_media_endpoint(
        self,
        info: Info,
        input: Annotated[CreateMediaEndpointInput, strawberry.argument(description="The endpoint.")],  # noqa: A002
    ) -> CreateMediaEndpointPayload:
        created = await info.context.services.media_endpoints.create(
            info.context.caller, url=input.url, description=input.description
        )
        return CreateMediaEndpointPayload(media_endpoint=MediaEndpoint.of(created.endpoint), secret=created.secret)

    @mutation(
        Scope.WEBHOOKS_WRITE,
        DeleteMediaEndpointPayload,
        "Allow an address for media streams no more. Those under way go on. "
        "`INVALID_STATE` while callers are led to a program that no other endpoint allows (`IN_USE`).",
    )
    async def delete_media_endpoint(
        self,
        info: Info,
        input: Annotated[DeleteMediaEndpointInput, strawberry.argument(description="The endpoint.")],  # noqa: A002
    ) -> DeleteMediaEndpointPayload:
        await info.context.services.media_endpoints.delete(info.context.caller, input.id)
        return DeleteMediaEndpointPayload(deleted_id=input.id)


def _read_rate(rate: int) -> int:
    if rate not in SAMPLE_RATES:
        raise RefusedError(Problem("INVALID_INPUT", f"The sample rate is {_RATES}.", ("sampleRate",)))
    return rate


def _read_parameters(given: list[MediaStreamParameterInput]) -> tuple[Pair, ...]:
    pairs = tuple(Pair(key=one.name, value=one.value) for one in given)
    if len(pairs) > MOST_PARAMETERS:
        message = f"A media stream has at most {MOST_PARAMETERS} parameters."
        raise RefusedError(Problem("INVALID_INPUT", message, ("parameters",)))
    problems = texts.check_metadata(pairs)
    if problems:
        # The rules are those of metadata, and so are their words; here the key is a name.
        raise RefusedError(
            [
                replace(
                    one,
                    message=one.message.replace("metadata key", "parameter's name").replace("metadata", "parameter"),
                    field=("parameters", *("name" if part == "key" else part for part in one.field[1:])),
                )
                for one in problems
            ]
        )
    return pairs
