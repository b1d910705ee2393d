"""What is said of one-time passwords in the log: never a digit of one."""

from datetime import datetime
from typing import Any, TypeVar

from app.accounts.principal import Principal
from app.facts.event import SYSTEM, Draft
from app.facts.otps import OtpFact
from app.ids import Kind, new_id
from app.otps.model import Otp

F = TypeVar("F", bound=OtpFact)


def say(fact: type[F], one: Otp, *, at: datetime, by: Principal | None = None, **fields: Any) -> Draft:
    """A fact about one as it stands, at somebody's word or nobody's; ``fields`` are what this kind has besides."""
    return Draft(
        id=new_id(Kind.EVENT),
        account_id=one.account_id,
        subject_id=one.id,
        occurred_at=at,
        fact=fact(otp_id=one.id, customer=one.customer, external_id=one.call.external_id, **fields),
        actor=SYSTEM if by is None else by.actor,
        request_id=None if by is None else by.request_id,
        is_sandbox=one.is_sandbox,
    )
