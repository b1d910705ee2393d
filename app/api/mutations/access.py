"""Making, changing and ending keys and tokens, and from where they may be used."""

from datetime import datetime
from typing import Annotated, Final

import strawberry
from msgspec import UNSET

from app.accounts.scopes import Scope
from app.accounts.tokens import DEFAULT_SECONDS, LONGEST_SECONDS
from app.api.context import Info
from app.api.fields import mutation
from app.api.instants import TimeInput, read_seconds, read_time
from app.api.types.access import IS_TEST, AccessToken, ApiKey
from app.api.types.problem import Payload
from app.errors import Problem, RefusedError

_SCOPES: Final = "What it may do: at least one scope, and none that the key of this request lacks."
_LIST: Final = "Addresses and networks (CIDR) that it may be used from; empty: anywhere. Elsewhere it is answered 401."
_HASHES: Final = (
    "SHA-256, in lower-case hex, of each GraphQL document that it may send, at most 500; empty: any document."
)
_ONCE: Final = "shown this once, and kept nowhere."


@strawberry.input(
    description="An API key to be made. A key that expires, or is limited to addresses or documents, makes keys that "
    "end no later, and for some of its own addresses and documents alone."
)
class CreateApiKeyInput:
    name: str = strawberry.field(description="What people call it, at most 100 characters.")
    scopes: list[Scope] = strawberry.field(description=_SCOPES)
    is_test: bool = strawberry.field(default=False, description=f"{IS_TEST} A test key can make test keys alone.")
    ip_allow_list: list[str] = strawberry.field(default_factory=list, description=_LIST)
    document_hashes: list[str] = strawberry.field(default_factory=list, description=_HASHES)
    expires_at: TimeInput | None = strawberry.field(default=None, description="When it ends by itself.")


@strawberry.input(description="Changes of an API key. What is left out stays; lists replace.")
class UpdateApiKeyInput:
    id: strawberry.ID = strawberry.field(
        description="The key: one that has no scope that the key of this request lacks, and all of its restrictions "
        "(expiry, addresses, documents). They hold for the changes too, also of this very key."
    )
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="What people call it, at most 100 characters. Null is refused."
    )
    scopes: list[Scope] | None = strawberry.field(default=strawberry.UNSET, description=_SCOPES + " Null is refused.")
    ip_allow_list: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description=_LIST + " Null is refused."
    )
    document_hashes: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description=_HASHES + " Null is refused."
    )
    expires_at: TimeInput | None = strawberry.field(
        default=strawberry.UNSET, description="When it ends by itself; null: never."
    )


@strawberry.input(description="An API key that is to have a successor.")
class RotateApiKeyInput:
    id: strawberry.ID = strawberry.field(description="The key.")
    grace_seconds: float = strawberry.field(
        default=0.0,
        description="How long the old key goes on to work, at most a year. By default 0: it ends at once, as it must "
        "when it has leaked. To change keys without a gap give the time that your programs need.",
    )


@strawberry.input(description="An API key to be ended for good.")
class RevokeApiKeyInput:
    id: strawberry.ID = strawberry.field(description="The key.")


@strawberry.input(description="An access token to be made.")
class CreateAccessTokenInput:
    scopes: list[Scope] = strawberry.field(description=_SCOPES + " Never `keys`.")
    allowed_origins: list[str] = strawberry.field(
        description="The pages that may use it, 1 to 20, as browsers write origins: `https://crm.example`."
    )
    agent_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The agent that it stands for: where a mutation names the agent who acts, or the extension, it "
        "takes no other, and changes nobody else's membership of a queue or ring group. "
        "What it may see is what its scopes say.",
    )
    ttl_seconds: int = strawberry.field(
        default=DEFAULT_SECONDS,
        description=f"How long it lives, 1 to {LONGEST_SECONDS} seconds, and no longer than the key that asks.",
    )


@strawberry.input(description="An access token to be ended.")
class RevokeAccessTokenInput:
    id: strawberry.ID | None = strawberry.field(
        default=None, description="The token; left out: the one that this request came with."
    )


@strawberry.input(description="From where an account or a key may be used.")
class SetIpAllowListInput:
    key_id: strawberry.ID | None = strawberry.field(
        default=None, description="The API key whose list it is; left out: the account's, which holds for all."
    )
    networks: list[str] = strawberry.field(
        description="Addresses and networks such as `203.0.113.0/24` or `2001:db8::/48`, at most 100; empty: anywhere. "
        "Networks of all addresses are refused."
    )


@strawberry.type(description="What came of making an API key.")
class CreateApiKeyPayload(Payload):
    api_key: ApiKey | None = strawberry.field(default=None, description="The new key; null when refused.")
    token: str | None = strawberry.field(default=None, description=f"The key itself, `ofk_…`: {_ONCE}")


@strawberry.type(description="What came of making a successor of an API key.")
class RotateApiKeyPayload(Payload):
    api_key: ApiKey | None = strawberry.field(default=None, description="The successor; null when refused.")
    token: str | None = strawberry.field(default=None, description=f"The successor itself, `ofk_…`: {_ONCE}")


@strawberry.type(description="What came of changing an API key.")
class UpdateApiKeyPayload(Payload):
    api_key: ApiKey | None = strawberry.field(default=None, description="The key as it is now; null when refused.")


@strawberry.type(description="What came of ending an API key.")
class RevokeApiKeyPayload(Payload):
    api_key: ApiKey | None = strawberry.field(default=None, description="The key as it is now; null when refused.")


@strawberry.type(description="What came of making an access token.")
class CreateAccessTokenPayload(Payload):
    access_token: AccessToken | None = strawberry.field(default=None, description="The token; null when refused.")
    token: str | None = strawberry.field(default=None, description=f"The token itself, `oft_…`: {_ONCE}")


@strawberry.type(description="What came of ending an access token.")
class RevokeAccessTokenPayload(Payload):
    access_token: AccessToken | None = strawberry.field(default=None, description="The token as it is now.")


@strawberry.type(description="What came of setting an allow-list.")
class SetIpAllowListPayload(Payload):
    networks: list[str] | None = strawberry.field(
        default=None, description="The list as it is kept; null when refused."
    )


@strawberry.type
class AccessMutations:
    @mutation(Scope.KEYS, CreateApiKeyPayload, "Make an API key. The key is in the answer and never shown again.")
    async def create_api_key(
        self,
        info: Info,
        input: Annotated[CreateApiKeyInput, strawberry.argument(description="The key.")],  # noqa: A002  # GraphQL's own word
    ) -> CreateApiKeyPayload:
        context = info.context
        issued = await context.services.keys.create(
            context.account_id,
            name=input.name,
            scopes=frozenset(input.scopes),
            is_test=input.is_test,
            ip_allow_list=input.ip_allow_list,
            document_hashes=input.document_hashes,
            expires_at=read_time(input.expires_at, field=("expiresAt",)),
            by=context.caller,
        )
        return CreateApiKeyPayload(api_key=ApiKey.of(issued.key), token=issued.token)

    @mutation(
        Scope.KEYS,
        UpdateApiKeyPayload,
        "Change an API key. It holds at once: what is open under the key and may no longer be is closed. "
        "`INVALID_STATE` when it is `REVOKED` or `EXPIRED`.",
    )
    async def update_api_key(
        self,
        info: Info,
        input: Annotated[UpdateApiKeyInput, strawberry.argument(description="The changes.")],  # noqa: A002
    ) -> UpdateApiKeyPayload:
        _refuse_nulls(input)
        context = info.context
        key = await context.services.keys.update(
            context.account_id,
            input.id,
            name=input.name if isinstance(input.name, str) else UNSET,
            scopes=frozenset(input.scopes) if isinstance(input.scopes, list) else UNSET,
            ip_allow_list=input.ip_allow_list if isinstance(input.ip_allow_list, list) else UNSET,
            document_hashes=input.document_hashes if isinstance(input.document_hashes, list) else UNSET,
            expires_at=_read_expiry(input.expires_at),
            by=context.caller,
        )
        return UpdateApiKeyPayload(api_key=ApiKey.of(key))

    @mutation(
        Scope.KEYS,
        RotateApiKeyPayload,
        "Make a successor of an API key, with the same name, scopes, addresses, documents and expiry. The old key ends "
        "after `graceSeconds`, by default at once, and with it the access tokens that it made. "
        "`INVALID_STATE` when it is `REVOKED` or `EXPIRED`.",
    )
    async def rotate_api_key(
        self,
        info: Info,
        input: Annotated[RotateApiKeyInput, strawberry.argument(description="The key.")],  # noqa: A002
    ) -> RotateApiKeyPayload:
        context = info.context
        issued = await context.services.keys.rotate(
            context.account_id,
            input.id,
            grace=read_seconds(input.grace_seconds, field=("graceSeconds",)),
            by=context.caller,
        )
        return RotateApiKeyPayload(api_key=ApiKey.of(issued.key), token=issued.token)

    @mutation(
        Scope.KEYS,
        RevokeApiKeyPayload,
        "End an API key for good, with the access tokens that it made: every connection that is open under one of them "
        "is told nothing more and closed with 4401. Again changes nothing.",
    )
    async def revoke_api_key(
        self,
        info: Info,
        input: Annotated[RevokeApiKeyInput, strawberry.argument(description="The key.")],  # noqa: A002
    ) -> RevokeApiKeyPayload:
        context = info.context
        return RevokeApiKeyPayload(
            api_key=ApiKey.of(await context.services.keys.revoke(context.account_id, input.id, by=context.caller))
        )

    @mutation(
        Scope.KEYS,
        CreateAccessTokenPayload,
        "Make an access token for a browser: short-lived, with fewer scopes than the key, for pages of these origins "
        "alone. The token is in the answer and never shown again. On an open websocket it is renewed by a `ping` whose "
        'payload is `{"authorization": "Bearer oft_…"}`, with a token of the same scopes and agent.',
    )
    async def create_access_token(
        self,
        info: Info,
        input: Annotated[CreateAccessTokenInput, strawberry.argument(description="The token.")],  # noqa: A002
    ) -> CreateAccessTokenPayload:
        context = info.context
        issued = await context.services.access.tokens.create(
            context.caller,
            scopes=frozenset(input.scopes),
            allowed_origins=input.allowed_origins,
            agent_id=input.agent_id,
            ttl_seconds=input.ttl_seconds,
        )
        return CreateAccessTokenPayload(access_token=AccessToken.of(issued.token), token=issued.secret)

    @mutation(
        None,
        RevokeAccessTokenPayload,
        "End an access token, and what is open under it. A token may end itself; another's takes the scope `keys`.",
    )
    async def revoke_access_token(
        self,
        info: Info,
        input: Annotated[RevokeAccessTokenInput, strawberry.argument(description="The token.")],  # noqa: A002
    ) -> RevokeAccessTokenPayload:
        context = info.context
        token = await context.services.access.tokens.revoke(context.caller, input.id)
        return RevokeAccessTokenPayload(access_token=AccessToken.of(token))

    @mutation(
        Scope.KEYS,
        SetIpAllowListPayload,
        "Say from where the account, or one of its keys, may be used. It holds at once: what is open from elsewhere is "
        "closed with 4401. The address of this very request need not be on the list. "
        "`INVALID_STATE` when `keyId` names a key that is `REVOKED` or `EXPIRED`.",
    )
    async def set_ip_allow_list(
        self,
        info: Info,
        input: Annotated[SetIpAllowListInput, strawberry.argument(description="The list.")],  # noqa: A002
    ) -> SetIpAllowListPayload:
        context = info.context
        kept = await context.services.access.allow_lists.set(
            context.account_id, input.networks, key_id=input.key_id, by=context.caller
        )
        return SetIpAllowListPayload(networks=list(kept))


def _read_expiry(given: TimeInput | None) -> datetime | None:
    return UNSET if given is strawberry.UNSET else read_time(given, field=("expiresAt",))  # type: ignore[return-value]  # msgspec's own mark


def _refuse_nulls(given: UpdateApiKeyInput) -> None:
    nulls = [
        name
        for name, value in (
            ("name", given.name),
            ("scopes", given.scopes),
            ("ipAllowList", given.ip_allow_list),
            ("documentHashes", given.document_hashes),
        )
        if value is None
    ]
    if nulls:
        raise RefusedError([Problem("INVALID_INPUT", "This cannot be null; leave it out.", (name,)) for name in nulls])
