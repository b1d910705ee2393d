"""When two subscriptions say the same about every event: the same document, variables, account and rights."""

import re
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import orjson
from graphql import FieldNode, OperationDefinitionNode, VariableNode

from app.accounts.scopes import Scope
from app.api.context import Info

_DECLARED_AND_USED: Final = 2


@dataclass(frozen=True, slots=True)
class Asked:
    """An operation as its client asked for it."""

    query: str
    variables: dict[str, Any] | None
    name: str | None


class Likeness(NamedTuple):
    """Subscriptions that are alike in all this say the same about the same event."""

    account_id: str
    scopes: frozenset[Scope]
    is_test: bool
    default_region: str
    query: str
    name: str | None
    variables: bytes


def likeness_of(asked: Asked, info: Info) -> Likeness:
    """In what an operation has to be alike with another, for both to share an execution."""
    caller = info.context.caller
    variables = dict(asked.variables or {})
    beginning = _variable_of_beginning(info.operation)
    # It serves no other purpose in the document than to say where a reader's own past begins: declared, and used once.
    if beginning is not None and len(re.findall(rf"\${beginning}\b", asked.query)) == _DECLARED_AND_USED:
        variables.pop(beginning, None)
    return Likeness(
        caller.account_id,
        caller.scopes,
        caller.is_test,
        caller.default_region,
        asked.query,
        asked.name,
        orjson.dumps(variables, option=orjson.OPT_SORT_KEYS),
    )


def _variable_of_beginning(operation: OperationDefinitionNode) -> str | None:
    """The name of the variable that is the root field's ``after``."""
    match operation.selection_set.selections:
        case (FieldNode(arguments=arguments),):
            for argument in arguments or ():
                if argument.name.value == "after" and isinstance(argument.value, VariableNode):
                    return argument.value.name.value
    return None
