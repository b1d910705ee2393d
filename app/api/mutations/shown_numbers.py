"""What a customer sees calling: a number of the account's, or a pool that one is chosen from. One of the two."""

from typing import Final

from app.errors import Problem, RefusedError
from app.ids import Kind, kind_of

NUMBER: Final = "What the customer sees calling: one of the account's outbound numbers."
POOL: Final = (
    "A pool of outbound numbers, instead of `callerId`: of those that are not flagged the nearest to the customer is "
    "shown, then the one that was used longest ago."
)
DEFAULT: Final = " When neither `callerId` nor `callerIdPoolId` is given, the account's default number."


def pick_caller_id(number: str | None, pool_id: str | None) -> str | None:
    """The caller id as a request for a call has it: a number as it was written, or a pool's id; None for neither.

    Raises:
        RefusedError: INVALID_INPUT, both are given; NOT_FOUND, it is no pool's id; CALLER_ID_NOT_OWNED, a pool's id is
            given for a number.
    """
    if pool_id is None:
        if number is not None and kind_of(number) is Kind.OUTBOUND_NUMBER_POOL:
            message = "This is no number; give a pool's id as `callerIdPoolId`."
            raise RefusedError(Problem("CALLER_ID_NOT_OWNED", message, ("callerId",)))
        return number
    if number is not None:
        message = "Give a number or a pool that it is chosen from, not both."
        raise RefusedError(Problem("INVALID_INPUT", message, ("callerIdPoolId",)))
    if kind_of(pool_id) is not Kind.OUTBOUND_NUMBER_POOL:
        raise RefusedError(Problem("NOT_FOUND", "There is no such pool of outbound numbers.", ("callerIdPoolId",)))
    return pool_id
