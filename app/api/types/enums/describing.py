"""How a Python enum becomes a GraphQL one."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, cast

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

#: What is said of an enum that later versions may add to.
OPEN: Final = "Expect values you do not know: this list grows."


def describe(enum: type[StrEnum], description: str, values: Mapping[str, str], *, name: str | None = None) -> None:
    """Make a Python enum a GraphQL one. ``values`` describes each member by its name, and no others."""
    if set(values) != set(enum.__members__):
        raise ValueError(f"{enum.__name__}: describe exactly its members, not {sorted(values)}")
    strawberry.enum(enum, name=name, description=description)
    definition = cast("StrawberryEnumDefinition", cast("Any", enum).__strawberry_definition__)
    for value in definition.values:
        value.description = values[value.name]
