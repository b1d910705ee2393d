"""What GraphQL itself finds wrong with a value, for clients who know nothing of GraphQL. Pure."""

import re
from typing import Final

from graphql import GraphQLError

#: How graphql-core begins what it says of a variable, before what the value's own type says of it.
_BEGINNING: Final = re.compile(
    r"Variable '\$[A-Za-z_]\w*' has invalid value(?: at ((?:\.\w+|\[[0-9]+\])+))?: ", re.ASCII
)
_STEP: Final = re.compile(r"\w+", re.ASCII)


def read_variable_error(error: GraphQLError) -> tuple[str, tuple[str, ...]] | None:
    """What a value's own type says of it, and the value's path inside its variable; None when it is another error."""
    match = _BEGINNING.match(error.message)
    if match is None or not isinstance(error.original_error, GraphQLError):
        return None
    return error.message[match.end() :], tuple(_STEP.findall(match[1] or ""))
