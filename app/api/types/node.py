"""The one interface of everything that has an id."""

import strawberry


@strawberry.interface(
    description="What can be asked for by its id alone: `node(id)` finds it again. Ids are opaque, and unique over all "
    "kinds. A few things have an id and are no nodes, such as access tokens and uploads; their own fields "
    "and mutations take it."
)
class Node:
    id: strawberry.ID = strawberry.field(description="The id: opaque text with a prefix that tells the kind.")
