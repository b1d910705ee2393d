"""An engine elsewhere: any service that takes ``POST …/audio/transcriptions`` as OpenAI's does.

The request is a form (RFC 7578): ``file`` (a WAV file of one channel), ``model``, ``response_format=verbose_json``,
``language`` (ISO 639-1) and, with phrases, ``prompt``. The answer is JSON with ``segments``: ``start``, ``end``,
``text`` and ``avg_logprob``; a service that gives ``text`` alone gets one segment as long as the piece.
"""

import math
import secrets
from collections.abc import Sequence
from typing import Final

import msgspec
import structlog

from app.egress.requests import AddressDeniedError, Answer, Egress, EgressError
from app.recordings.wave_format import SAMPLE_BYTES, write_header
from app.transcripts.engine import Heard, HearingFailedError, HearingUnavailableError, Piece
from app.transcripts.model import TranscriptEngine

_log = structlog.get_logger(__name__)

#: 16 kHz for so long are 19 MB, and such services take 25 MB.
MOST_SECONDS: Final = 600.0
#: Of an answer: an hour's words are far less.
LARGEST_ANSWER: Final = 4 * 1024 * 1024
BODY_SECONDS: Final = 30.0
_LONGEST_RETRY_SECONDS: Final = 3600.0
_OK: Final = 200
_DENIED: Final = frozenset({401, 403})
_TOO_MANY: Final = 429
_TIMED_OUT: Final = 408
_SERVER_ERROR: Final = 500


class _Said(msgspec.Struct, frozen=True):
    start: float
    end: float
    text: str
    avg_logprob: float | None = None


class _Verbose(msgspec.Struct, frozen=True):
    text: str
    segments: list[_Said] | None = None


_ANSWER: Final = msgspec.json.Decoder(_Verbose)


class OpenAiEngine:
    """``url`` is the service's base, such as ``https://api.openai.com/v1``; ``key`` goes into Authorization."""

    def __init__(
        self, egress: Egress, *, url: str, key: str | None, model: str, most_seconds: float = MOST_SECONDS
    ) -> None:
        self._egress = egress
        self._url = url.rstrip("/") + "/audio/transcriptions"
        self._key = key
        self._model = model
        self._most_seconds = most_seconds

    @property
    def engine(self) -> TranscriptEngine:
        return TranscriptEngine.OPENAI_COMPATIBLE

    @property
    def most_seconds(self) -> float:
        return self._most_seconds

    def check(self, _language: str, _phrases: Sequence[str]) -> str | None:
        return None

    async def hear(self, piece: Piece) -> Sequence[Heard]:
        fields = {
            "model": self._model,
            "response_format": "verbose_json",
            "language": piece.language.partition("-")[0].lower(),
        }
        if piece.phrases:
            fields["prompt"] = ", ".join(piece.phrases)
        frames = len(piece.samples) // SAMPLE_BYTES
        wav = write_header(1, piece.sample_rate, frames) + piece.samples
        boundary = secrets.token_hex(16)
        headers = {
            "content-type": f"multipart/form-data; boundary={boundary}",
            "accept": "application/json",
            "user-agent": "Offhook",
        }
        if self._key is not None:
            headers["authorization"] = f"Bearer {self._key}"
        try:
            answer = await self._egress.post(self._url, headers, write_form(boundary, fields, wav))
        except AddressDeniedError as error:
            raise HearingFailedError(
                "The transcription service has no address that may be reached: the operator may look at "
                "OFFHOOK_TRANSCRIPTION_ALLOW_NETWORKS."
            ) from error
        except EgressError as error:
            raise HearingUnavailableError(f"The transcription service did not answer: {error.failure}.") from error
        _check_status(answer)
        return _read(answer, frames / piece.sample_rate)


def write_form(boundary: str, fields: dict[str, str], wav: bytes) -> bytes:
    """The body: each field a part, the file last."""
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="piece.wav"\r\n'
        "Content-Type: audio/wav\r\n\r\n"
    )
    return b"".join([*parts, head.encode(), wav, f"\r\n--{boundary}--\r\n".encode()])


def _check_status(answer: Answer) -> None:
    """Raises HearingFailedError or HearingUnavailableError. What the service wrote is not passed on: it may quote."""
    status = answer.status
    if status == _OK:
        return
    _log.warning("transcription_refused", status=status)
    if status in _DENIED:
        raise HearingFailedError(
            f"The transcription service does not accept our key (status {status}): the operator must mend "
            "OFFHOOK_TRANSCRIPTION_KEY."
        )
    if status == _TOO_MANY:
        raise HearingUnavailableError(
            "The transcription service takes no more requests just now.",
            retry_after_seconds=_read_seconds(answer.retry_after),
        )
    if status >= _SERVER_ERROR or status == _TIMED_OUT:
        raise HearingUnavailableError(
            f"The transcription service failed (status {status}).",
            retry_after_seconds=_read_seconds(answer.retry_after),
        )
    raise HearingFailedError(
        f"The transcription service refused the recording (status {status}): the operator may look at "
        "OFFHOOK_TRANSCRIPTION_URL and OFFHOOK_TRANSCRIPTION_MODEL."
    )


def _read_seconds(retry_after: str | None) -> float | None:
    if retry_after is None or not retry_after.strip().isdecimal():
        return None
    return min(float(retry_after), _LONGEST_RETRY_SECONDS)


def _read(answer: Answer, length: float) -> list[Heard]:
    try:
        said = _ANSWER.decode(answer.excerpt)
    except msgspec.DecodeError as error:
        raise HearingUnavailableError("The transcription service's answer cannot be read.") from error
    if said.segments is None:
        text = said.text.strip()
        return [Heard(start_seconds=0.0, end_seconds=length, text=text)] if text else []
    heard = []
    for one in said.segments:
        # Times are the engine's guess: they are kept within the piece, in order, whatever it guesses.
        start = min(max(0.0, one.start), length)
        end = min(max(start, one.end), length)
        text = one.text.strip()
        if text:
            heard.append(
                Heard(start_seconds=start, end_seconds=end, text=text, confidence=_confidence(one.avg_logprob))
            )
    return heard


def _confidence(avg_logprob: float | None) -> float | None:
    """A token's likelihood, on (geometric) average."""
    return None if avg_logprob is None else min(1.0, math.exp(min(0.0, avg_logprob)))
