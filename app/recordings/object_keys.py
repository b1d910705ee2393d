"""Where a recording's file lies in the store: it follows from the ids alone."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from app.ids import Kind, kind_of

_SAFE_PART: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_ID_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_ID_TIME_SHIFT: Final = 80


def object_key(account_id: str, recording_id: str) -> str:
    """Where a recording's file lies: ``<account>/<yyyy>/<mm>/<dd>/<recording id>.wav``.

    The day (UTC) is the one in the id itself, so the key follows from the two ids alone: whoever collects a recording
    a second time finds what the first time left. The id's 80 random bits make the key unguessable.

    Raises:
        ValueError: one of the two is not an id.
    """
    if _SAFE_PART.fullmatch(account_id) is None or kind_of(recording_id) is not Kind.RECORDING:
        raise ValueError(f"not ids of an account and a recording: {account_id!r}, {recording_id!r}")
    value = 0
    for character in recording_id.partition("_")[2]:
        value = value << 5 | _ID_ALPHABET.index(character)
    try:
        made_at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value >> _ID_TIME_SHIFT)
    except OverflowError as error:
        raise ValueError(f"the recording's id has an impossible time: {recording_id!r}") from error
    return f"{account_id}/{made_at:%Y/%m/%d}/{recording_id}.wav"
