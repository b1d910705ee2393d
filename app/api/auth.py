"""Who may call: the bearer token of a request, and the scope that each field declares."""

import inspect
from collections.abc import Sequence
from typing import Any, Final

from strawberry.extensions import FieldExtension
from strawberry.extensions.field_extension import AsyncExtensionResolver, SyncExtensionResolver
from strawberry.types.field import StrawberryField

from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.api.context import Info
from app.errors import AuthenticationError
from app.services import Services

_SCHEME: Final = "bearer"


def read_bearer(authorization: str | None) -> str | None:
    """The token of an ``Authorization`` header, None when there is no header.

    Raises:
        AuthenticationError: it is there, and not of the form ``Bearer …``.
    """
    if authorization is None:
        return None
    scheme, _, token = authorization.strip().partition(" ")
    token = token.strip()
    if scheme.lower() != _SCHEME or not token or " " in token:
        raise AuthenticationError("Send the key as 'Authorization: Bearer ofk_…'.")
    return token


def read_credential(
    services: Services, headers: Sequence[str], remote_address: str | None, request_id: str | None = None
) -> str | None:
    """The token of a request's ``Authorization`` headers, None when there are none.

    Raises:
        AuthenticationError: there is more than one, or as `read_bearer`.
    """
    try:
        # Of several nobody can say which was meant: together they are not of the form either.
        return read_bearer(", ".join(headers) if headers else None)
    except AuthenticationError as error:
        services.access.audit.refuse("api_key.use", error.code, remote_address=remote_address, request_id=request_id)
        raise


async def authenticate(
    services: Services,
    token: str | None,
    remote_address: str | None,
    origin: str | None = None,
    request_id: str | None = None,
) -> Principal:
    """Who holds the token. ``origin`` is the page's that asks, as its browser says.

    Raises:
        AuthenticationError: none came, or it is wrong, revoked or expired, or may not be used from there.
        DatabaseUnavailableError: nobody can say right now.
    """
    return await services.keys.authenticate(token, remote_address, origin, request_id)


class Requires(FieldExtension):
    """The field needs a key, and that key the scope (None: any key will do). Said in the field's description too."""

    def __init__(self, scope: Scope | None) -> None:
        self.scope = scope

    def apply(self, field: StrawberryField) -> None:
        sentence = "Needs any valid key." if self.scope is None else f"Needs the scope `{self.scope.value}`."
        if field.description and sentence not in field.description:
            field.description = f"{field.description}\n\n{sentence}"

    def resolve(self, next_: SyncExtensionResolver, source: Any, info: Info, **kwargs: Any) -> Any:
        self.check(info)
        return next_(source, info, **kwargs)

    async def resolve_async(
        self, next_: AsyncExtensionResolver | SyncExtensionResolver, source: Any, info: Info, **kwargs: Any
    ) -> Any:
        self.check(info)
        result: object = next_(source, info, **kwargs)
        # A subscription's resolver gives an iterator, which is not awaited.
        return await result if inspect.isawaitable(result) else result

    def check(self, info: Info) -> None:
        """Raises AuthenticationError or ScopeError."""
        caller = info.context.caller
        if self.scope is not None:
            caller.require(self.scope)
