"""What an input says: fields that are left out are not there, null is there where it may clear."""

import dataclasses
from collections.abc import Collection
from typing import Any

import strawberry

from app.api.context import Context
from app.api.mutations.inputs import CallTarget
from app.errors import Problem, RefusedError
from app.numbers.parse import parse_destination
from app.routing import targets


def read_changes(given: Any, *, nullable: Collection[str] = (), skipped: Collection[str] = ("id",)) -> dict[str, Any]:
    """The input's fields by their Python names, less those that were left out and ``skipped`` ones.

    Raises:
        RefusedError: INVALID_INPUT for each null that is not ``nullable``.
    """
    changes = {
        field.name: value
        for field in dataclasses.fields(given)
        if field.name not in skipped and (value := getattr(given, field.name)) is not strawberry.UNSET
    }
    nulls = [name for name, value in changes.items() if value is None and name not in nullable]
    if nulls:
        raise RefusedError(
            [Problem("INVALID_INPUT", "This cannot be null; leave it out.", (_public(name),)) for name in nulls]
        )
    return changes


def read_target(given: CallTarget, context: Context, field: str) -> targets.CallTarget:
    """The target an input names.

    Raises:
        RefusedError: INVALID_NUMBER, NOT_FOUND.
    """
    number = given.number or None
    return targets.make_target(
        field=(field,),
        agent_id=given.agent_id or None,
        extension=given.extension or None,
        number=None
        if number is None
        else parse_destination(
            number,
            default_region=context.caller.default_region,
            is_sandbox=context.caller.is_test,
            field=(field, "number"),
        ),
        ring_group_id=given.ring_group_id or None,
        queue_id=given.queue_id or None,
    )


def replace_target(changes: dict[str, Any], context: Context, field: str) -> dict[str, Any]:
    """The changes with the target in ``field``, if there is one, as the domain knows it."""
    given = changes.get(field)
    return changes if given is None else {**changes, field: read_target(given, context, field)}


def _public(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)
