"""How fields are declared: each says what it is and, where it gives out or does anything, the scope that takes.

These wrap Strawberry's decorators with types that a checker can follow.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.schema.name_converter import NameConverter

from app.accounts.scopes import Scope
from app.api.auditing import Audited
from app.api.auth import Requires
from app.api.errors import Refusals
from app.api.standing_for import StandsForItself
from app.api.staying_in_sandbox import StaysInSandbox
from app.api.types.problem import Payload

Resolver = TypeVar("Resolver", bound=Callable[..., Any])


def field(description: str) -> Callable[[Resolver], Resolver]:
    """A part of what its parent gives out anyway."""
    return cast("Callable[[Resolver], Resolver]", strawberry.field(description=description))


def guarded_field(scope: Scope | None, description: str) -> Callable[[Resolver], Resolver]:
    """A field that takes a key with a scope; None takes any key."""
    extensions: list[FieldExtension] = [Requires(scope)]
    return cast("Callable[[Resolver], Resolver]", strawberry.field(description=description, extensions=extensions))


def mutation(scope: Scope | None, payload: type[Payload], description: str) -> Callable[[Resolver], Resolver]:
    """A mutation that takes a scope (None: it says itself which); its refusals go into its payload's ``userErrors``."""
    extensions: list[FieldExtension] = [
        *(Requires(scope), StandsForItself(), StaysInSandbox()),
        *(Refusals(payload), Audited()),
    ]
    return cast("Callable[[Resolver], Resolver]", strawberry.mutation(description=description, extensions=extensions))


def subscription(scope: Scope | None, description: str) -> Callable[[Resolver], Resolver]:
    """A subscription that takes a scope; None: it says itself which."""
    extensions: list[FieldExtension] = [Requires(scope)]
    return cast(
        "Callable[[Resolver], Resolver]", strawberry.subscription(description=description, extensions=extensions)
    )


class RememberedNames(NameConverter):
    """Strawberry's names. It asks for the name of each field of each input each time; here each is made once."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, str] = {}

    def apply_naming_config(self, name: str) -> str:
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = super().apply_naming_config(name)
        return known
