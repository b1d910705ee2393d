"""Media streams under way, and the programs that an account allows."""

from datetime import datetime
from typing import Self

import strawberry

from app.api.types.node import Node
from app.calls.core.model.media import MediaStream as LiveStream
from app.facts.vocabulary import MediaStreamState
from app.media import endpoints


@strawberry.type(description="A leg that talks to a program of the account's over a websocket.")
class MediaStream:
    id: strawberry.ID = strawberry.field(description="Its id, as its events have it.")
    leg_id: strawberry.ID = strawberry.field(description="The leg.")
    host: str = strawberry.field(description="Where the program is: the URL's host.")
    state: MediaStreamState = strawberry.field(description="Where it stands.")
    sample_rate: int = strawberry.field(description="Samples a second.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    connected_at: datetime | None = strawberry.field(description="Since when they hear each other.")

    @classmethod
    def of(cls, stream: LiveStream) -> Self:
        return cls(
            id=strawberry.ID(stream.id),
            leg_id=strawberry.ID(stream.leg_id),
            host=stream.host,
            state=stream.state,
            sample_rate=stream.sample_rate,
            created_at=stream.asked_at,
            connected_at=stream.connected_at,
        )


@strawberry.type(description="Where the account's legs may be streamed to, with a secret that signs each connection.")
class MediaEndpoint(Node):
    url: str = strawberry.field(
        description="The address that is allowed, with any query; when its path ends in `/`, all below it."
    )
    description: str | None = strawberry.field(description="Your own words about it.")
    created_at: datetime = strawberry.field(description="When it was made.")

    @classmethod
    def of(cls, endpoint: endpoints.MediaEndpoint) -> Self:
        return cls(
            id=strawberry.ID(endpoint.id),
            url=endpoint.url,
            description=endpoint.description,
            created_at=endpoint.created_at,
        )
