"""Showing that an outbound number is the account's."""

from typing import Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import mutation
from app.api.mutations.inputs import KEY_CHARACTERS
from app.api.scalars import PhoneNumber
from app.api.types.otps import Otp
from app.api.types.problem import Payload
from app.api.types.trunks import OutboundNumber
from app.errors import Problem, RefusedError
from app.otps.model import OtpVerdict
from app.otps.proving import NumberProofs


@strawberry.input(
    description="An outbound number that is to be verified: with an `idempotencyKey` it is called, with a `code` the "
    "code that it was told is compared. Give one of the two."
)
class VerifyOutboundNumberInput:
    id: strawberry.ID = strawberry.field(description="The outbound number.")
    idempotency_key: str | None = strawberry.field(
        default=None,
        description=f"Have the number called and told a code. {KEY_CHARACTERS} The same key with the same input calls "
        "it once, and answers with `replayed: true`. Kept for good; a refused request does not burn its key.",
    )
    caller_id: PhoneNumber | None = strawberry.field(
        default=None, description="What the number sees calling: another, verified one; by default the account's own."
    )
    trunk_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The trunk to call it over; by default the account's own. The operator's alone will do.",
    )
    code: str | None = strawberry.field(
        default=None, description="What it was told; spaces, hyphens and full stops in it do not count."
    )


@strawberry.type(description="What came of an outbound number that was to be verified.")
class VerifyOutboundNumberPayload(Payload):
    outbound_number: OutboundNumber | None = strawberry.field(
        default=None, description="As it is now; null when refused."
    )
    otp: Otp | None = strawberry.field(default=None, description="The one-time password that the number is told.")
    verdict: OtpVerdict | None = strawberry.field(
        default=None, description="With a `code`: what is to be thought of it. `VERIFIED`: calls may show the number."
    )
    replayed: bool = strawberry.field(
        default=False, description="The idempotency key had the number called before; it is not called again."
    )


@strawberry.type
class VerificationMutations:
    @mutation(
        Scope.ROUTING,
        VerifyOutboundNumberPayload,
        "Show that an outbound number is the account's. Calls to the outside show verified numbers only. First the "
        "number is called, once per `idempotencyKey` and five times a day, and told a code; after that call whoever "
        "heard it gives the `code`, within ten minutes and five attempts. Before, and when nobody has heard it to its "
        "end, it is not looked at: `INVALID_STATE`. It takes the scope `otp` as well, and a number that the account "
        "may call. The operator can verify numbers too: `offhook number verify`.",
    )
    async def verify_outbound_number(
        self,
        info: Info,
        input: Annotated[VerifyOutboundNumberInput, strawberry.argument(description="The number.")],  # noqa: A002  # GraphQL's own word
    ) -> VerifyOutboundNumberPayload:
        context = info.context
        context.caller.require(Scope.OTP)
        if (input.idempotency_key is None) is (input.code is None):
            message = "Give an idempotencyKey to have the number called, or the code that it was told: one of the two."
            raise RefusedError(Problem("REQUIRED", message, ("idempotencyKey",)))
        proofs = NumberProofs(context.services.otps, context.services.routing.numbers)
        if input.idempotency_key is not None:
            proof = await proofs.begin(
                context.caller,
                input.id,
                idempotency_key=input.idempotency_key,
                caller_id=input.caller_id,
                trunk_id=input.trunk_id,
            )
        else:
            assert input.code is not None  # one of the two was given
            proof = await proofs.finish(context.caller, input.id, input.code)
        return VerifyOutboundNumberPayload(
            outbound_number=OutboundNumber.of(proof.number, context.sight),
            otp=Otp.of(proof.otp, context),
            verdict=proof.verdict,
            replayed=proof.is_replayed,
        )
