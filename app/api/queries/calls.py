"""Calls and call detail records."""

from typing import Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.filters import CallFilterInput, read_call_filter
from app.api.paging import After, Before, Connection, First, Last, connect, signer_of
from app.api.types.call import Call
from app.api.types.cdr import Cdr
from app.calls.queries import CallOrder
from app.cdrs.queries import CdrOrder
from app.errors import Problem, RefusedError

_Filter = Annotated[CallFilterInput | None, strawberry.argument(description="Which of them; all by default.")]


@strawberry.type
class CallQueries:
    @guarded_field(Scope.CALLS_READ, "One call; null when there is none.")
    async def call(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The call's id.")],  # noqa: A002  # the argument's public name
    ) -> Call | None:
        found = await info.context.loaders.call.load(id)
        return None if found is None else Call.of(found, info.context.sight)

    @guarded_field(Scope.CALLS_READ, "The account's calls, live and ended.")
    async def calls(
        self,
        info: Info,
        filter: _Filter = None,  # noqa: A002
        order: Annotated[CallOrder, strawberry.argument(description="Their order.")] = CallOrder.CREATED_AT_DESC,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Call]:
        context, sight, account_id = info.context, info.context.sight, info.context.account_id
        where = read_call_filter(filter, context.caller)
        queries = context.services.call_queries
        return await connect(
            signer_of(context, "calls", [where, order]),
            lambda page: queries.page(account_id, where, page, order=order),
            lambda call: Call.of(call, sight),
            lambda: queries.count(account_id, where),
            first=first,
            after=after,
            last=last,
            before=before,
        )

    @guarded_field(Scope.CDRS_READ, "One call detail record, by its own id or its call's; null when there is none.")
    async def cdr(
        self,
        info: Info,
        id: Annotated[strawberry.ID | None, strawberry.argument(description="The record's id.")] = None,  # noqa: A002
        call_id: Annotated[strawberry.ID | None, strawberry.argument(description="Or the call's id.")] = None,
    ) -> Cdr | None:
        loaders = info.context.loaders
        if id is None and call_id is None:
            raise RefusedError(Problem("REQUIRED", "Give the record's id or the call's.", ("id",)))
        found = None
        if id is not None:
            found = await loaders.cdr.load(id)
        elif call_id is not None:
            found = await loaders.cdr_of_call.load(call_id)
        if found is None or (call_id is not None and found.call_id != call_id):
            return None
        return Cdr.of(found, info.context.sight)

    @guarded_field(Scope.CDRS_READ, "The account's call detail records.")
    async def cdrs(
        self,
        info: Info,
        filter: _Filter = None,  # noqa: A002
        order: Annotated[CdrOrder, strawberry.argument(description="Their order.")] = CdrOrder.CREATED_AT_DESC,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Cdr]:
        context, sight, account_id = info.context, info.context.sight, info.context.account_id
        where = read_call_filter(filter, context.caller)
        queries = context.services.cdr_queries
        return await connect(
            signer_of(context, "cdrs", [where, order]),
            lambda page: queries.page(account_id, where, page, order=order),
            lambda record: Cdr.of(record, sight),
            lambda: queries.count(account_id, where),
            first=first,
            after=after,
            last=last,
            before=before,
        )
