"""One-time passwords: have one told by telephone, and verify what came back."""

from typing import Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import mutation
from app.api.mutations import shown_numbers
from app.api.mutations.inputs import (
    EXTERNAL_ID_FORM,
    PAIRS_FORM,
    SHOWN_FORM,
    TAGS_FORM,
    MetadataPairInput,
    key_field,
    read_pairs,
)
from app.api.mutations.lead_inputs import VoiceInput, read_voice
from app.api.mutations.speech import FilledTemplateInput
from app.api.scalars import PhoneNumber
from app.api.types.otps import Otp
from app.api.types.problem import Payload
from app.calls import texts
from app.errors import Problem, RefusedError
from app.otps import model
from app.otps.model import OtpVerdict


@strawberry.input(one_of=True, description="What is said around a code: exactly one of these.")
class OtpAnnouncementInput:
    text: str | None = strawberry.field(
        default=strawberry.UNSET, description="A text with `{code}` where the code is to be spoken, once or more."
    )
    template: FilledTemplateInput | None = strawberry.field(
        default=strawberry.UNSET,
        description="An announcement template with a field `code`, and a value for each of its other fields.",
    )


@strawberry.input(description="A one-time password that is to be told by telephone. Durations are seconds.")
class AnnounceOtpInput:
    idempotency_key: str = key_field()
    number: PhoneNumber = strawberry.field(description="Whom to call.")
    code: str | None = strawberry.field(
        default=None,
        description=f"The code: {model.SHORTEST_CODE} to {model.LONGEST_CODE} digits. When left out one of `length` "
        "digits is made, which nobody can read: `verifyOtp` alone knows it.",
    )
    length: int = strawberry.field(
        default=6, description=f"How many digits to make: {model.SHORTEST_CODE} to {model.LONGEST_CODE}."
    )
    announcement: OtpAnnouncementInput | None = strawberry.field(
        default=None, description=f"What is said. When left out: {model.DEFAULT_TEXT}"
    )
    voice: VoiceInput | None = strawberry.field(
        default=None, description="How; when left out, as the template says, or as the first voice for `en-US` does."
    )
    repeat: int = strawberry.field(default=2, description=f"How often it is said: 1 to {model.MOST_READINGS}.")
    ttl_seconds: float = strawberry.field(
        default=600.0,
        description="How long it can be verified, from now on: "
        f"{model.SHORTEST_LIFE_SECONDS:g} to {model.LONGEST_LIFE_SECONDS:.0f} seconds.",
    )
    max_attempts: int = strawberry.field(
        default=5, description=f"How many codes may be offered for verification: 1 to {model.MOST_ATTEMPTS}."
    )
    caller_id: PhoneNumber | None = strawberry.field(
        default=None, description=shown_numbers.NUMBER + shown_numbers.DEFAULT
    )
    caller_id_pool_id: strawberry.ID | None = strawberry.field(default=None, description=shown_numbers.POOL)
    caller_id_name: str | None = strawberry.field(
        default=None, description=f"The name that the customer sees: {SHOWN_FORM}."
    )
    trunk_id: strawberry.ID | None = strawberry.field(
        default=None, description="The trunk to dial out over; when left out, the account's default one."
    )
    customer_ring_seconds: float | None = strawberry.field(
        default=None,
        description=f"How long it may ring: {texts.SHORTEST_RING_SECONDS:g} to {texts.LONGEST_RING_SECONDS:g} seconds; "
        "when left out, the server's setting.",
    )
    external_id: str | None = strawberry.field(default=None, description=f"Your own id for it: {EXTERNAL_ID_FORM}.")
    metadata: list[MetadataPairInput] = strawberry.field(
        default_factory=list, description=f"Your own key-value pairs, echoed in the events of its call. {PAIRS_FORM}"
    )
    tags: list[str] = strawberry.field(
        default_factory=list, description=f"Your own tags, echoed in the events of its call. {TAGS_FORM}"
    )


@strawberry.input(description="A code that somebody says they were told.")
class VerifyOtpInput:
    id: strawberry.ID = strawberry.field(description="The one-time password.")
    code: str = strawberry.field(description="The code; spaces, hyphens and full stops in it do not count.")


@strawberry.type(description="What came of a one-time password that was to be told.")
class AnnounceOtpPayload(Payload):
    otp: Otp | None = strawberry.field(default=None, description="The one-time password; null when it was refused.")
    replayed: bool = strawberry.field(
        default=False, description="The idempotency key had this one told before; it is shown as it stands now."
    )


@strawberry.type(description="What came of a code that was offered.")
class VerifyOtpPayload(Payload):
    verdict: OtpVerdict | None = strawberry.field(default=None, description="What is to be thought of the code.")
    is_verified: bool = strawberry.field(default=False, description="It was right, in time, and for the first time.")
    otp: Otp | None = strawberry.field(default=None, description="The one-time password as it is now.")


@strawberry.type
class OtpMutations:
    @mutation(
        Scope.OTP,
        AnnounceOtpPayload,
        "Have a one-time password told by telephone, digit by digit. The call is placed exactly once for each "
        "idempotency key. `otp.announced` says whether all of it was heard, or `otp.failed` why nobody was told. The "
        "code is in no log, event, record or transcript, and its call cannot be recorded or listened to. Too many for "
        "one number, or one account, are refused: `RATE_LIMITED`.",
    )
    async def announce_otp(
        self,
        info: Info,
        input: Annotated[AnnounceOtpInput, strawberry.argument(description="The one-time password.")],  # noqa: A002  # GraphQL's own word
    ) -> AnnounceOtpPayload:
        announced = await info.context.services.otps.announce(info.context.caller, _read(input))
        return AnnounceOtpPayload(otp=Otp.of(announced.otp, info.context), replayed=announced.is_replayed)

    @mutation(
        Scope.OTP,
        VerifyOtpPayload,
        "Compare a code with the one that was told. The right one counts once, in time, and within `maxAttempts`; "
        "`otp.verified` tells. It can be verified from the moment it was asked for, whatever becomes of its call.",
    )
    async def verify_otp(
        self,
        info: Info,
        input: Annotated[VerifyOtpInput, strawberry.argument(description="The code.")],  # noqa: A002
    ) -> VerifyOtpPayload:
        verified = await info.context.services.otps.verify(info.context.caller, input.id, input.code)
        return VerifyOtpPayload(
            verdict=verified.verdict,
            is_verified=verified.verdict is OtpVerdict.VERIFIED,
            otp=Otp.of(verified.otp, info.context),
        )


def _read(given: AnnounceOtpInput) -> model.AnnounceRequest:
    announcement = given.announcement
    template = None if announcement is None else announcement.template or None
    values = {} if template is None else {one.name: one.value for one in template.fields}
    if template is not None and len(values) != len(template.fields):
        field = ("announcement", "template", "fields")
        raise RefusedError(Problem("INVALID_INPUT", "A field is given twice.", field))
    is_text = announcement is not None and isinstance(announcement.text, str)
    if announcement is not None and isinstance(announcement.text, str) and not announcement.text.strip():
        raise RefusedError(Problem("REQUIRED", "What is said has some text.", ("announcement", "text")))
    return model.AnnounceRequest(
        idempotency_key=given.idempotency_key,
        call=model.OtpCall(
            number=given.number,
            caller_id=shown_numbers.pick_caller_id(given.caller_id, given.caller_id_pool_id),
            caller_id_name=given.caller_id_name,
            trunk_id=given.trunk_id,
            customer_ring_seconds=given.customer_ring_seconds,
            external_id=given.external_id,
            metadata=read_pairs(given.metadata),
            tags=tuple(given.tags),
        ),
        code=given.code,
        length=given.length,
        text=announcement.text if announcement is not None and is_text else None,
        template_id=None if template is None else template.id,
        values=values,
        voice=None if given.voice is None else read_voice(given.voice),
        repeat=given.repeat,
        expires_in_seconds=given.ttl_seconds,
        max_attempts=given.max_attempts,
    )
