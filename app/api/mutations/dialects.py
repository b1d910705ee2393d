"""Making and ending what clients of dialects show."""

from typing import Annotated

import strawberry

from app.accounts.dialects import Dialect
from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import mutation
from app.api.instants import TimeInput, read_time
from app.api.types.access import IS_TEST
from app.api.types.dialects import DialectCredential
from app.api.types.problem import Payload


@strawberry.input(
    description="A credential of a dialect to be made. The key of this request needs every scope that the dialect "
    "does; where it has restrictions (expiry, addresses), the credential has them too."
)
class CreateDialectCredentialInput:
    dialect: Dialect = strawberry.field(description="Where it is to be good.")
    name: str = strawberry.field(description="What people call it, at most 100 characters.")
    is_test: bool = strawberry.field(default=False, description=f"{IS_TEST} A test key can make test ones alone.")
    ip_allow_list: list[str] = strawberry.field(
        default_factory=list,
        description="Addresses and networks (CIDR) that it may be used from; empty: anywhere. With `CLOUD_PBX` it is "
        "good nowhere until there is a list, its own or the account's.",
    )
    expires_at: TimeInput | None = strawberry.field(default=None, description="When it ends by itself.")


@strawberry.input(description="A credential of a dialect to be ended for good.")
class RevokeDialectCredentialInput:
    id: strawberry.ID = strawberry.field(description="The credential.")


@strawberry.type(description="What came of making a credential of a dialect.")
class CreateDialectCredentialPayload(Payload):
    dialect_credential: DialectCredential | None = strawberry.field(
        default=None, description="The new credential; null when refused."
    )
    secret: str | None = strawberry.field(
        default=None,
        description="The key that clients show, or with `username` their password, `ofd_…`: shown this once.",
    )
    signing_key: str | None = strawberry.field(
        default=None,
        description="Where clients sign what they send (`ORIGINATE_CALL`): the key for it, `ofs_…`, shown this once.",
    )


@strawberry.type(description="What came of ending a credential of a dialect.")
class RevokeDialectCredentialPayload(Payload):
    dialect_credential: DialectCredential | None = strawberry.field(
        default=None, description="The credential as it is now; null when refused."
    )


@strawberry.type
class DialectMutations:
    @mutation(
        Scope.KEYS,
        CreateDialectCredentialPayload,
        "Make a credential of a dialect, which is off for the account until it has one. The secrets are in the answer "
        "and never shown again. Whoever holds them may do what the dialect does, and nothing else.",
    )
    async def create_dialect_credential(
        self,
        info: Info,
        input: Annotated[  # noqa: A002  # GraphQL's own word
            CreateDialectCredentialInput, strawberry.argument(description="The credential.")
        ],
    ) -> CreateDialectCredentialPayload:
        context = info.context
        issued = await context.services.dialects.credentials.create(
            context.account_id,
            dialect=input.dialect,
            name=input.name,
            is_test=input.is_test,
            ip_allow_list=input.ip_allow_list,
            expires_at=read_time(input.expires_at, field=("expiresAt",)),
            by=context.caller,
        )
        return CreateDialectCredentialPayload(
            dialect_credential=DialectCredential.of(issued.credential),
            secret=issued.secret,
            signing_key=issued.signing_key,
        )

    @mutation(
        Scope.KEYS,
        RevokeDialectCredentialPayload,
        "End a credential of a dialect for good, from the next request on. Again changes nothing.",
    )
    async def revoke_dialect_credential(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            RevokeDialectCredentialInput, strawberry.argument(description="The credential.")
        ],
    ) -> RevokeDialectCredentialPayload:
        context = info.context
        revoked = await context.services.dialects.credentials.revoke(context.account_id, input.id, by=context.caller)
        return RevokeDialectCredentialPayload(dialect_credential=DialectCredential.of(revoked))
