"""Waiting for a new call to be written: before that nobody is dialled, and whoever asks has no answer."""

import asyncio

from app.calls.keeping.store import KeyTaken
from app.calls.living.actor import CallActor
from app.errors import DatabaseUnavailableError


async def see_accepted(actor: CallActor, seconds: float) -> KeyTaken | None:
    """What came of a new call's first commit: None when it stands. One that takes too long is never dialled.

    Raises:
        DatabaseUnavailableError: it took too long.
        Exception: of the commit; see ``keeping.commit.is_unwritten``.
    """
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.shield(actor.accepted)
    except TimeoutError:
        if not actor.accepted.done():  # it may have come in that very moment
            actor.give_up()
            raise DatabaseUnavailableError(
                "The database did not take the call in time, so it will not be dialled. Use the same key again."
            ) from None
        return actor.accepted.result()
