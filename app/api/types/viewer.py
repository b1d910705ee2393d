"""Who is calling."""

from datetime import datetime
from typing import Self

import strawberry

from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.api.types.access import IS_TEST


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
    is_test: bool = strawberry.field(description=f"Whether the key is a test key. {IS_TEST}")
    access_token_id: strawberry.ID | None = strawberry.field(
        description="The access token's id, when the request came with one: `keyId` is then the key that made it. Null "
        "when it came with the key itself."
    )
    agent_id: strawberry.ID | None = strawberry.field(
        description="The agent that the access token stands for; null without a token, and when it stands for nobody."
    )
    expires_at: datetime | None = strawberry.field(description="When the key or token ends by itself; null is never.")

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
            access_token_id=None if principal.token_id is None else strawberry.ID(principal.token_id),
            agent_id=None if principal.agent_id is None else strawberry.ID(principal.agent_id),
            expires_at=principal.expires_at,
        )
