"""The one interface of everything that has an id."""

import strawberry


@strawberry.interface(
    description="Anything with an id. Ids are opaque and unique over all kinds; `node(id)` finds each of them again."
)
class Node:
    id: strawberry.ID = strawberry.field(description="The id: opaque text with a prefix that tells the kind.")
