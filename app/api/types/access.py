"""API keys, access tokens and the audit log, as their account sees them."""

from datetime import datetime
from typing import Final, Self

import strawberry

from app.accounts import audit_lines, key_rows, tokens
from app.accounts.scopes import Scope
from app.api.types.node import Node
from app.api.types.values import Actor

_HASHES: Final = (
    "SHA-256, in lower-case hex, of each GraphQL document that it may send; empty: any. The sum is taken over the "
    "document's text as it is sent, in UTF-8."
)
#: What a test key is.
IS_TEST: Final = (
    "It reaches the sandbox only: it places calls to the sandbox's phones and numbers, and acts on those. It reads "
    "what its scopes say, also what is live; whatever else it would change is `SANDBOX_ONLY`. In a sandbox account "
    "every key is such a key, and all is the sandbox's."
)
_LIST: Final = "Addresses and networks (CIDR) that it may be used from; empty: anywhere."


@strawberry.type(description="An API key, without the key itself: that is shown once, when it is made.")
class ApiKey(Node):
    name: str = strawberry.field(description="What people call it.")
    hint: str = strawberry.field(description="Its beginning and its last four characters, to tell keys apart.")
    is_test: bool = strawberry.field(description=IS_TEST)
    scopes: list[Scope] = strawberry.field(description="What it may do.")
    ip_allow_list: list[str] = strawberry.field(description=_LIST + " The account's list holds beside it.")
    document_hashes: list[str] = strawberry.field(description=_HASHES)
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime | None = strawberry.field(description="When it ends by itself; null: never.")
    revoked_at: datetime | None = strawberry.field(description="When it was ended for good; null while it was not.")

    @classmethod
    def of(cls, key: key_rows.ApiKey) -> Self:
        return cls(
            id=strawberry.ID(key.id),
            name=key.name,
            hint=key.hint,
            is_test=key.is_test,
            scopes=list(key.scopes),
            ip_allow_list=list(key.ip_allow_list),
            document_hashes=list(key.document_hashes),
            created_at=key.created_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
        )


@strawberry.type(description="An access token, without the token itself: that is shown once, when it is made.")
class AccessToken:
    id: strawberry.ID = strawberry.field(description="Its id.")
    key_id: strawberry.ID = strawberry.field(description="The API key that made it; it ends with that key.")
    agent_id: strawberry.ID | None = strawberry.field(description="The agent that it stands for; null for none.")
    hint: str = strawberry.field(description="Its beginning and its last four characters.")
    scopes: list[Scope] = strawberry.field(description="What it may do, as far as its key still may.")
    allowed_origins: list[str] = strawberry.field(description="The pages that may use it.")
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime = strawberry.field(description="When it ends by itself.")
    revoked_at: datetime | None = strawberry.field(description="When it was ended; null while it was not.")

    @classmethod
    def of(cls, token: tokens.AccessToken) -> Self:
        return cls(
            id=strawberry.ID(token.id),
            key_id=strawberry.ID(token.key_id),
            agent_id=None if token.agent_id is None else strawberry.ID(token.agent_id),
            hint=token.hint,
            scopes=list(token.scopes),
            allowed_origins=list(token.allowed_origins),
            created_at=token.created_at,
            expires_at=token.expires_at,
            revoked_at=token.revoked_at,
        )


@strawberry.type(description="A short fact about an audited action.")
class AuditDetail:
    name: str = strawberry.field(description="What it is, such as `accessTokenId` or `fields`.")
    value: str = strawberry.field(description="Its value, as text.")


@strawberry.type(
    description="One thing that was done or refused, and by whom. It holds no secrets, no pressed digits, no inputs."
)
class AuditEvent:
    at: datetime = strawberry.field(description="When.")
    actor: Actor = strawberry.field(description="Who: an API key, or `SYSTEM` for the operator and Offhook itself.")
    action: str = strawberry.field(
        description="What, as `<noun>.<verb>`: `api_key.create`, `call.hangup`. An operation that was refused as a "
        "whole is `graphql.query`, `graphql.mutation`, `graphql.subscription` or `graphql.request`; a credential that "
        "was refused is `api_key.use`, `access_token.use` or `dialect_credential.use`. Expect words you do not know."
    )
    outcome: str = strawberry.field(description="`OK`, or the code of the refusal.")
    subject_id: strawberry.ID | None = strawberry.field(description="What it was done to, where that has an id.")
    request_id: str | None = strawberry.field(description="The request's id, as in its `X-Request-Id`.")
    remote_address: str | None = strawberry.field(description="Where the request came from.")
    details: list[AuditDetail] = strawberry.field(description="Short facts beside it.")

    @classmethod
    def of(cls, line: audit_lines.AuditLine) -> Self:
        return cls(
            at=line.at,
            actor=Actor.of(line.actor),
            action=line.action,
            outcome=line.outcome,
            subject_id=None if line.subject_id is None else strawberry.ID(line.subject_id),
            request_id=line.request_id,
            remote_address=line.remote_address,
            details=[AuditDetail(name=name, value=str(value)) for name, value in line.details.items()],
        )
