"""How a one-time password is said: the text around it, and its digits one by one.

Each text and each digit is spoken by itself and kept; the whole is put together here, of what is kept. So whoever makes
the speech never has the code, and what is kept of it says nothing: ten digits, and a file with a name that only we can
make, which is dropped when the call is over.
"""

from typing import Final

from app.db.engine import Database
from app.errors import Problem, RefusedError
from app.otps import store
from app.otps.codes import Codes
from app.otps.model import CODE_FIELD, Spoken
from app.speech.model import Speech
from app.speech.speaker import Speaker

#: Before it all: who answers takes the phone to the ear.
FIRST_PAUSE_SECONDS: Final = 1.0
#: Around the code, and between two digits of it.
AROUND_SECONDS: Final = 0.4
BETWEEN_SECONDS: Final = 0.35

_MARK: Final = f"{{{CODE_FIELD}}}"
_STOPS: Final = " .,;:!?"


class OtpVoice:
    """Makes the sounds of one-time passwords, in the process that plays them."""

    def __init__(self, database: Database, codes: Codes, speaker: Speaker) -> None:
        self._database = database
        self._codes = codes
        self._speaker = speaker

    async def speak(self, account_id: str, secret_id: str) -> str:
        """What to have Asterisk play. It was made before anybody's phone rang, so no database need be there for it now.

        Raises:
            RefusedError: NOT_FOUND, nobody has to hear it any more; or the voice does not say this.
            OffhookError: it cannot be spoken now.
        """
        made = await self._speaker.find_joined(account_id, secret_id)
        if made is not None:
            return made
        async with self._database.acquire() as connection:
            found = await store.sealed(connection, account_id, secret_id)
        if found is None:
            raise RefusedError(Problem("NOT_FOUND", "Nobody has to hear this one-time password any more."))
        spoken, sealed = found
        parts = parts_of(spoken, self._codes.open(secret_id, sealed))
        return await self._speaker.render_joined(account_id, secret_id, parts)

    async def forget(self, account_id: str, secret_id: str) -> None:
        """The call is over: keep nothing of it."""
        await self._speaker.forget_joined(account_id, secret_id)


def parts_of(spoken: Spoken, code: str) -> list[Speech | float]:
    """One reading, from the first pause to the last word."""
    parts: list[Speech | float] = [FIRST_PAUSE_SECONDS]
    pieces = spoken.text.split(_MARK)
    for number, text in enumerate(pieces):
        if number:
            parts += _digits(spoken, code)
        said = text.strip().lstrip(_STOPS)  # what is left of a sentence may be its full stop
        if any(one.isalnum() for one in said):
            parts.append(Speech(text=said, settings=spoken.settings))
    return parts


def _digits(spoken: Spoken, code: str) -> list[Speech | float]:
    parts: list[Speech | float] = [AROUND_SECONDS]
    for digit in code:
        parts += [Speech(text=digit, settings=spoken.settings), BETWEEN_SECONDS]
    return [*parts[:-1], AROUND_SECONDS]
