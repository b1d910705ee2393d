"""Keys, allow-lists and the audit log."""

from typing import Annotated

import strawberry

from app.accounts.audit_lines import AuditFilter
from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.instants import TimeRangeInput, read_range
from app.api.paging import After, Before, Connection, First, Last, Paging, connect, signer_of
from app.api.types.access import AccessToken, ApiKey, AuditEvent
from app.api.types.dialects import DialectCredential


@strawberry.input(
    description="Which lines of the audit log; everything that is given must hold. An empty list holds for all."
)
class AuditEventFilterInput:
    actions: list[str] | None = strawberry.field(
        default=None, description="One of these actions; `api_key.*` is all that is done to keys."
    )
    outcomes: list[str] | None = strawberry.field(default=None, description="One of these outcomes: `OK`, or codes.")
    is_refused: bool | None = strawberry.field(
        default=None, description="true: what was refused; false: what was done."
    )
    actor_id: strawberry.ID | None = strawberry.field(default=None, description="By this API key.")
    subject_id: strawberry.ID | None = strawberry.field(default=None, description="To this.")
    request_id: str | None = strawberry.field(default=None, description="In this request.")
    remote_address: str | None = strawberry.field(default=None, description="From this address.")
    occurred: TimeRangeInput | None = strawberry.field(default=None, description="When it happened.")


def read_audit_filter(given: AuditEventFilterInput | None) -> AuditFilter:
    """Raises RefusedError: INVALID_INPUT."""
    if given is None:
        return AuditFilter()
    at_from, at_to = read_range(given.occurred, field=("filter", "occurred"))
    return AuditFilter(
        actions=tuple(given.actions or ()),
        outcomes=tuple(given.outcomes or ()),
        is_refused=given.is_refused,
        actor_id=given.actor_id,
        subject_id=given.subject_id,
        request_id=given.request_id,
        remote_address=given.remote_address,
        at_from=at_from,
        at_to=at_to,
    )


@strawberry.type
class AccessQueries:
    @guarded_field(Scope.KEYS, "The account's API keys, newest first, revoked and expired ones too.")
    async def api_keys(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[ApiKey]:
        context, account_id = info.context, info.context.account_id
        keys = context.services.keys
        return await connect(
            signer_of(context, "apiKeys", None),
            lambda page: keys.page(account_id, page),
            ApiKey.of,
            lambda: keys.count(account_id),
            Paging(first, after, last, before),
        )

    @guarded_field(Scope.KEYS, "One API key, also a revoked or expired one; null when there is none.")
    async def api_key(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")],  # noqa: A002
    ) -> ApiKey | None:
        context = info.context
        found = await context.services.keys.get(context.account_id, id)
        return None if found is None else ApiKey.of(found)

    @guarded_field(
        Scope.KEYS,
        "The account's access tokens that may be used now, newest first: neither over nor ended, of keys and agents "
        "that are there. `revokeAccessToken` ends one; `hint` tells them apart.",
    )
    async def access_tokens(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[AccessToken]:
        context, account_id = info.context, info.context.account_id
        tokens = context.services.access.tokens
        return await connect(
            signer_of(context, "accessTokens", None),
            lambda page: tokens.page(account_id, page),
            AccessToken.of,
            lambda: tokens.count(account_id),
            Paging(first, after, last, before),
        )

    @guarded_field(Scope.KEYS, "The account's credentials of dialects, newest first, revoked and expired ones too.")
    async def dialect_credentials(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[DialectCredential]:
        context, account_id = info.context, info.context.account_id
        credentials = context.services.dialects.credentials
        return await connect(
            signer_of(context, "dialectCredentials", None),
            lambda page: credentials.page(account_id, page),
            DialectCredential.of,
            lambda: credentials.count(account_id),
            Paging(first, after, last, before),
        )

    @guarded_field(
        Scope.KEYS,
        "Addresses and networks that all of the account's keys and tokens may be used from; empty: anywhere.",
    )
    async def ip_allow_list(self, info: Info) -> list[str]:
        context = info.context
        return list(await context.services.access.allow_lists.of_account(context.account_id))

    @guarded_field(
        Scope.AUDIT,
        "What was done and refused in the account, and by whom, newest first: one line for each mutation, and one for "
        "each operation or credential that was refused.",
    )
    async def audit_events(
        self,
        info: Info,
        filter: Annotated[  # noqa: A002  # the argument's public name
            AuditEventFilterInput | None, strawberry.argument(description="Which of them; all by default.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[AuditEvent]:
        context, account_id = info.context, info.context.account_id
        lines, where = context.services.access.audit_lines, read_audit_filter(filter)
        return await connect(
            signer_of(context, "auditEvents", where),
            lambda page: lines.page(account_id, page, where),
            AuditEvent.of,
            lambda: lines.count(account_id, where),
            Paging(first, after, last, before),
        )
