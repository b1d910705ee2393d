"""Calls and call detail records."""

from functools import partial
from typing import Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Context, Info
from app.api.fields import guarded_field
from app.api.filters import CallFilterInput, read_call_filter
from app.api.paging import After, Before, Connection, First, Last, Paging, connect_filtered
from app.api.types.call import Call
from app.api.types.cdr import CDR, Cdr
from app.calls.core.model.call import Call as LiveCall
from app.calls.reading.queries import CallOrder
from app.cdrs.queries import CdrOrder

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

    @guarded_field(
        Scope.CALLS_READ,
        "The live call that a leg belongs to, by the leg's id or by its channel in Asterisk; null when there is none. "
        "Both must fit, when both are given; with neither it is null.",
    )
    async def live_call(
        self,
        info: Info,
        leg_id: Annotated[strawberry.ID | None, strawberry.argument(description="The leg.")] = None,
        channel_name: Annotated[
            str | None, strawberry.argument(description="The leg's channel, such as `PJSIP/101-0000023c`.")
        ] = None,
    ) -> Call | None:
        context = info.context
        found = await _find_live(context, leg_id, channel_name)
        return None if found is None else Call.of(found, context.sight)

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
        context = info.context
        queries = context.services.call_queries
        return await connect_filtered(
            context,
            "calls",
            read_call_filter(filter, context.caller),
            load=partial(queries.page, order=order),
            count=queries.count,
            make=Call.of,
            order=order,
            paging=Paging(first, after, last, before),
        )

    @guarded_field(Scope.CDRS_READ, "One call detail record; null when there is none. A call's own is `call { cdr }`.")
    async def cdr(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The record's id.")],  # noqa: A002
    ) -> Cdr | None:
        found = await info.context.loaders.cdr.load(id)
        return None if found is None else Cdr.of(found, info.context.sight)

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
        context = info.context
        queries = context.services.cdr_queries
        return await connect_filtered(
            context,
            "cdrs",
            read_call_filter(filter, context.caller),
            load=partial(queries.page, order=order),
            count=queries.count,
            make=Cdr.of,
            projection=CDR,
            order=order,
            paging=Paging(first, after, last, before),
        )


async def _find_live(context: Context, leg_id: str | None, channel_name: str | None) -> LiveCall | None:
    queries = context.services.call_queries
    if leg_id is None:
        return None if channel_name is None else await queries.find_channel(context.account_id, channel_name)
    found = await queries.find_leg(context.account_id, leg_id)
    if found is None:
        return None
    call, leg = found
    is_meant = channel_name is None or leg.channel_name == channel_name
    return call if is_meant and not call.is_ended and leg.ended_at is None else None
