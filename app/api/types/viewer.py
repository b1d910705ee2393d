"""Who is calling."""

from typing import Self

import strawberry

from app.accounts.principal import Principal
from app.accounts.scopes import Scope


@strawberry.type(description="The account that the key belongs to.")
class Account:
    id: strawberry.ID = strawberry.field(description="Its id.")
    name: str = strawberry.field(description="Its short name, part of its phones' names in Asterisk.")
    default_region: str = strawberry.field(
        description="ISO 3166-1 alpha-2 code: national numbers are read as numbers of this country."
    )


@strawberry.type(description="Who is calling: the key of this request, and its account.")
class Viewer:
    account: Account = strawberry.field(description="The account.")
    key_id: strawberry.ID = strawberry.field(description="The API key's id; the key itself is never shown.")
    scopes: list[Scope] = strawberry.field(description="What the key may do.")
    is_test: bool = strawberry.field(description="The key reaches the sandbox only.")

    @classmethod
    def of(cls, principal: Principal) -> Self:
        return cls(
            account=Account(
                id=strawberry.ID(principal.account_id),
                name=principal.account_name,
                default_region=principal.default_region,
            ),
            key_id=strawberry.ID(principal.key_id),
            scopes=sorted(principal.scopes),
            is_test=principal.is_test,
        )
