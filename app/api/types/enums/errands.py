"""Callbacks and one-time passwords."""

from app.api.types.enums.describing import OPEN, describe
from app.callbacks.model import CallbackState
from app.facts.callbacks import CallbackFailure
from app.facts.otps import OtpFailure
from app.hours.local_time import Resolution
from app.otps.model import OtpState, OtpVerdict

describe(
    CallbackState,
    "Where a callback stands. " + OPEN,
    {
        "SCHEDULED": "To be placed at `dueAt`. It can be changed and cancelled.",
        "STARTED": "Its call is being placed, or under way.",
        "COMPLETED": "Both sides were connected, and the call has ended.",
        "FAILED": "Nothing more is tried; `failure` says why.",
        "CANCELLED": "Somebody called it off in time.",
    },
)
describe(
    CallbackFailure,
    "Why a callback came to nothing. " + OPEN,
    {
        "MISSED": "Nobody could place it in time: it is more than `graceSeconds` past `dueAt`.",
        "DNC": "The number is on one of the account's do-not-call lists.",
        "REFUSED": "The call was refused as it was to be placed, as `originateCall` would have; `detail` says why.",
        "NOT_CONNECTED": "The last call that it may make has ended without a connection; its `disposition` says how.",
    },
)
describe(
    Resolution,
    "How a wall clock's time became an instant.",
    {
        "EXACT": "The clock shows it once.",
        "MOVED_ON": "A change of clocks leaves it out: it was moved on by the length of the gap (02:30 became 03:30).",
        "FIRST_OF_TWO": "A change of clocks shows it twice: the first is meant.",
    },
)
describe(
    OtpState,
    "Where the telling of a one-time password stands. " + OPEN,
    {
        "PENDING": "Its call is about to be placed.",
        "CALLING": "Its call is under way.",
        "ANNOUNCED": "The call was answered and has ended; `heardToEnd` says whether all of it was heard.",
        "FAILED": "Nobody heard any of it; `failure` says why.",
    },
)
describe(
    OtpFailure,
    "Why a one-time password was not told. " + OPEN,
    {
        "NOT_ANSWERED": "Nobody answered; `disposition` says how the call ended.",
        "NOT_SPOKEN": "The call was answered, and the announcement could not be spoken.",
        "REFUSED": "The call was refused as it was to be placed; `detail` says why.",
        "NOT_PLACED": "The call could not be placed in time, or was lost before the phone rang.",
    },
)
describe(
    OtpVerdict,
    "What is to be thought of a code that was offered. " + OPEN,
    {
        "VERIFIED": "It is the right one; from now on it is used up.",
        "WRONG": "It is not. `attemptsLeft` tells how many more may be offered.",
        "TOO_MANY_ATTEMPTS": "As many codes as there may be had been offered before: this one was not looked at.",
        "EXPIRED": "Its time is over: this code was not looked at.",
        "USED": "The right code was given before, and counts once: this one was not looked at.",
    },
)
