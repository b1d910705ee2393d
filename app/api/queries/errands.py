"""Callbacks and one-time passwords."""

from typing import Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Context, Info
from app.api.fields import guarded_field
from app.api.instants import TimeRangeInput, read_range
from app.api.paging import After, Before, Connection, First, Last, Paging, connect, signer_of
from app.api.scalars import PhoneNumber
from app.api.types.callbacks import Callback
from app.api.types.otps import Otp
from app.callbacks.model import CallbackFilter, CallbackState
from app.numbers.parse import parse_destination
from app.otps.model import OtpFilter, OtpState


@strawberry.input(description="Which callbacks; everything that is given must hold. An empty list holds for all.")
class CallbackFilterInput:
    states: list[CallbackState] | None = strawberry.field(default=None, description="Stands at one of these.")
    due: TimeRangeInput | None = strawberry.field(default=None, description="When it is due.")
    customer_number: PhoneNumber | None = strawberry.field(default=None, description="The customer's number.")
    external_id: str | None = strawberry.field(default=None, description="Has this id of yours.")


@strawberry.input(
    description="Which one-time passwords; everything that is given must hold. An empty list holds for all."
)
class OtpFilterInput:
    states: list[OtpState] | None = strawberry.field(default=None, description="Stands at one of these.")
    created: TimeRangeInput | None = strawberry.field(default=None, description="When it was asked for.")
    customer_number: PhoneNumber | None = strawberry.field(default=None, description="The customer's number.")
    external_id: str | None = strawberry.field(default=None, description="Has this id of yours.")


@strawberry.type
class ErrandQueries:
    @guarded_field(Scope.CALLBACKS, "One callback; null when there is none.")
    async def callback(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The callback's id.")],  # noqa: A002  # the argument's public name
    ) -> Callback | None:
        found = await info.context.services.callbacks.get(info.context.account_id, id)
        return None if found is None else Callback.of(found, info.context.sight)

    @guarded_field(Scope.CALLBACKS, "The account's callbacks, those due first first.")
    async def callbacks(
        self,
        info: Info,
        filter: Annotated[CallbackFilterInput | None, strawberry.argument(description="Which; all by default.")] = None,  # noqa: A002
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Callback]:
        context, account_id = info.context, info.context.account_id
        where = _read_callbacks(filter, context)
        return await connect(
            signer_of(context, "callbacks", where),
            lambda page: context.services.callbacks.page(account_id, where, page),
            lambda one: Callback.of(one, context.sight),
            lambda: context.services.callbacks.count(account_id, where),
            Paging(first, after, last, before),
        )

    @guarded_field(Scope.OTP, "One one-time password; null when there is none.")
    async def otp(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")],  # noqa: A002
    ) -> Otp | None:
        found = await info.context.services.otps.get(info.context.account_id, id)
        return None if found is None else Otp.of(found, info.context)

    @guarded_field(Scope.OTP, "The account's one-time passwords, the latest first.")
    async def otps(
        self,
        info: Info,
        filter: Annotated[OtpFilterInput | None, strawberry.argument(description="Which; all by default.")] = None,  # noqa: A002
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Otp]:
        context, account_id = info.context, info.context.account_id
        where = _read_otps(filter, context)
        return await connect(
            signer_of(context, "otps", where),
            lambda page: context.services.otps.page(account_id, where, page),
            lambda one: Otp.of(one, context),
            lambda: context.services.otps.count(account_id, where),
            Paging(first, after, last, before),
        )


def _read_callbacks(given: CallbackFilterInput | None, context: Context) -> CallbackFilter:
    if given is None:
        return CallbackFilter()
    due_from, due_to = read_range(given.due, field=("filter", "due"))
    return CallbackFilter(
        states=tuple(given.states or ()),
        number=_read_number(given.customer_number, context),
        external_id=given.external_id,
        due_from=due_from,
        due_to=due_to,
    )


def _read_otps(given: OtpFilterInput | None, context: Context) -> OtpFilter:
    if given is None:
        return OtpFilter()
    created_from, created_to = read_range(given.created, field=("filter", "created"))
    return OtpFilter(
        states=tuple(given.states or ()),
        number=_read_number(given.customer_number, context),
        external_id=given.external_id,
        created_from=created_from,
        created_to=created_to,
    )


def _read_number(number: str | None, context: Context) -> str | None:
    if number is None:
        return None
    region = context.caller.default_region
    return parse_destination(number, default_region=region, is_sandbox=True, field=("filter", "customerNumber"))
