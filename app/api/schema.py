"""The schema: every area's fields under the three roots."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import strawberry
from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    Undefined,
)
from strawberry.schema.config import StrawberryConfig
from strawberry.types.execution import ExecutionContext

from app.api.documents import KnownDocuments
from app.api.errors import SocketResults
from app.api.fast_path import FastExecutor
from app.api.fields import RememberedNames
from app.api.limits import Limits
from app.api.mutations.root import Mutation
from app.api.queries.root import Query
from app.api.scalars import SCALARS
from app.api.subscriptions.root import Subscription
from app.api.types.call_flows import STEP_TYPES
from app.api.types.event_mapping import EVENT_TYPES


class OffhookSchema(strawberry.Schema):
    """Strawberry's schema, without its own log of errors: that would quote values, and ``errors`` logs what matters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # An optional argument of Python has a default of None; in SDL, "= null" says nothing and reads as noise.
        for kind in self._schema.type_map.values():
            if isinstance(kind, GraphQLInputObjectType):
                _drop_null_defaults(kind.fields)
            elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
                for field in kind.fields.values():
                    _drop_null_defaults(field.args)

    def process_errors(self, errors: list[Any], execution_context: ExecutionContext | None = None) -> None:
        """Leave it to ``app.api.errors``."""


def _drop_null_defaults(arguments: Mapping[str, GraphQLArgument | GraphQLInputField]) -> None:
    for argument in arguments.values():
        if argument.default_value is None:
            argument.default_value = Undefined


@cache
def build_schema() -> OffhookSchema:
    """The schema; building it takes a moment, so it is built once."""
    return OffhookSchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=(*EVENT_TYPES.values(), *STEP_TYPES),
        extensions=(SocketResults, Limits, KnownDocuments),
        execution_context_class=FastExecutor,
        config=StrawberryConfig(scalar_map=SCALARS, name_converter=RememberedNames()),
    )
