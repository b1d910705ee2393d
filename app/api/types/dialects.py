"""Credentials of dialects, as their account sees them."""

from datetime import datetime
from typing import Self

import strawberry

from app.accounts import dialect_rows
from app.accounts.dialects import Dialect
from app.api.types.access import IS_TEST


@strawberry.type(
    description="What a client of a dialect shows, without its secrets: those are shown once, when it is made."
)
class DialectCredential:
    id: strawberry.ID = strawberry.field(description="Its id.")
    dialect: Dialect = strawberry.field(description="Where it is good.")
    name: str = strawberry.field(description="What people call it.")
    username: str | None = strawberry.field(
        description="How the client names itself; null where a dialect's clients do not."
    )
    hint: str = strawberry.field(description="Its secret's beginning and last four characters.")
    is_test: bool = strawberry.field(description=IS_TEST)
    ip_allow_list: list[str] = strawberry.field(
        description="Addresses and networks (CIDR) that it may be used from. The account's list holds beside it."
    )
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime | None = strawberry.field(description="When it ends by itself; null: never.")
    revoked_at: datetime | None = strawberry.field(description="When it was ended for good; null while it was not.")
    last_used_at: datetime | None = strawberry.field(
        description="When it was last used, to the minute; null while it was not."
    )

    @classmethod
    def of(cls, credential: dialect_rows.DialectCredential) -> Self:
        return cls(
            id=strawberry.ID(credential.id),
            dialect=credential.dialect,
            name=credential.name,
            username=credential.user_name,
            hint=credential.hint,
            is_test=credential.is_test,
            ip_allow_list=list(credential.ip_allow_list),
            created_at=credential.created_at,
            expires_at=credential.expires_at,
            revoked_at=credential.revoked_at,
            last_used_at=credential.last_used_at,
        )
