"""A voice bot for Offhook's media streams: it greets, listens, can be interrupted, and says what the caller wants.

    pip install websockets standardwebhooks numpy        # and, to be understood by voice: pocketsphinx
    BOT_URL=wss://bot.example/talk BOT_SECRET=whsec_… python bot.py

It speaks with espeak-ng (BOT_ESPEAK names it, if it is not on the PATH). With pocketsphinx it understands "sales",
"support" and "goodbye"; without, the keys 1, 2 and 9. What it has understood is the ``outcome`` of its stream, by which
a call flow goes on. The protocol: docs/reference/media-streams.md.
"""

import asyncio
import contextlib
import io
import json
import os
import shlex
import sys
import tempfile
import wave
from http import HTTPStatus
from pathlib import Path

import numpy as np
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

try:
    from pocketsphinx import Config, Decoder, Endpointer
except ImportError:  # it understands keys, then
    Decoder = None

URL = os.environ.get("BOT_URL", "ws://127.0.0.1:9100/talk")
SECRET = os.environ.get("BOT_SECRET", "")
LISTEN = os.environ.get("BOT_LISTEN", "127.0.0.1:9100")
ESPEAK = shlex.split(os.environ.get("BOT_ESPEAK", "espeak-ng"))

GREETING = "Hello. Would you like sales, or support? You can also press one, or two."
AGAIN = "Sorry, I did not understand. Sales, or support?"
ANSWERS = {
    "sales": "I will put you through to sales.",
    "support": "I will put you through to support.",
    "goodbye": "Thank you for calling. Goodbye.",
}
KEYS = {"1": "sales", "2": "support", "9": "goodbye"}
MODEL_RATE = 16_000
NOISE = 100.0
GRAMMAR = "#JSGF V1.0; grammar wish; public <wish> = sales | support | goodbye;"


def check_signature(_connection: ServerConnection, request: Request) -> Response | None:
    """Let nobody in but Offhook: the signature is over the URL as JSON."""
    try:
        Webhook(SECRET).verify(json.dumps(URL), dict(request.headers.raw_items()))
    except WebhookVerificationError:
        return Response(HTTPStatus.UNAUTHORIZED, "Unauthorized", Headers(), b"")
    return None


async def speak(text: str, rate: int) -> bytes:
    """The text as the stream wants it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        process = await asyncio.create_subprocess_exec(
            *ESPEAK, "-v", "en", "-s", "150", "-w", str(path), "--stdin", stdin=asyncio.subprocess.PIPE
        )
        await process.communicate(text.encode())
        content = path.read_bytes()
    with wave.open(io.BytesIO(content)) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2").astype(float)
        seconds = len(samples) / sound.getframerate()
        had = np.arange(len(samples)) / sound.getframerate()
    wanted = np.arange(int(seconds * rate)) / rate
    return np.interp(wanted, had, samples).astype("<i2").tobytes()


def widen(samples: np.ndarray) -> np.ndarray:
    """Sound of 8 kHz at 16 kHz, as the recogniser's model is."""
    return np.interp(np.arange(2 * len(samples)) / 2, np.arange(len(samples)), samples)


def add_noise(samples: np.ndarray) -> np.ndarray:
    """With a hiss that nobody would hear.

    A telephone has nothing above 4 kHz, and a computer's silence is nothing at all: the model knows neither.
    """
    return np.clip(samples + np.random.default_rng().normal(0.0, NOISE, len(samples)), -32768, 32767)


class Ears:
    """What the caller says, a word at a time, as far as the recogniser understands."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._endpointer = Endpointer(sample_rate=MODEL_RATE)
        self._decoder = Decoder(Config(samprate=MODEL_RATE, lm=None, loglevel="ERROR"))
        self._decoder.add_jsgf_string("wish", GRAMMAR)
        self._decoder.activate_search("wish")
        self._waiting = b""
        self._is_speech = False

    @property
    def is_speech(self) -> bool:
        """Whether the caller is speaking."""
        return self._is_speech

    def hear(self, frame: bytes) -> str | None:
        """Listen on; gives what was understood once somebody has spoken, "" for nothing."""
        samples = np.frombuffer(frame, dtype="<i2").astype(float)
        wide = widen(samples) if self._rate < MODEL_RATE else samples
        self._waiting += add_noise(wide).astype("<i2").tobytes()
        while len(self._waiting) >= self._endpointer.frame_bytes:
            piece = self._waiting[: self._endpointer.frame_bytes]
            self._waiting = self._waiting[self._endpointer.frame_bytes :]
            speech = self._endpointer.process(piece)
            if speech is None:
                continue
            if not self._is_speech:
                self._is_speech = True
                self._decoder.start_utt()
            self._decoder.process_raw(speech)
            if not self._endpointer.in_speech:
                self._is_speech = False
                self._decoder.end_utt()
                found = self._decoder.hyp()
                return "" if found is None else found.hypstr
        return None


async def talk(socket: ServerConnection) -> None:
    """One conversation."""
    start = json.loads(await socket.recv())
    rate = start["format"]["sampleRate"]
    ears = Ears(rate) if Decoder is not None else None
    await socket.send(await speak(GREETING, rate))
    is_speaking = True
    await tell(socket, "mark", name="question")
    wish: str | None = None
    async for message in socket:
        if isinstance(message, bytes):
            if ears is None:
                continue
            understood = ears.hear(message)
            if ears.is_speech and is_speaking and wish is None:
                is_speaking = False
                await tell(socket, "clear")  # nobody likes to be talked over
            if understood is not None and wish is None:
                if understood in ANSWERS:
                    wish = await answer(socket, understood, rate)
                else:
                    await socket.send(await speak(AGAIN, rate))
                    is_speaking = True
                    await tell(socket, "mark", name="question")
            continue
        event = json.loads(message)
        match event["event"]:
            case "dtmf" if event["digit"] in KEYS and wish is None:
                await tell(socket, "clear")
                wish = await answer(socket, KEYS[event["digit"]], rate)
            case "mark" if event["name"] == "question" and event["state"] == "REACHED":
                is_speaking = False
            case "mark" if event["name"] == "answer":
                await tell(socket, "stop", outcome=wish)
            case "stop":
                return


async def answer(socket: ServerConnection, wish: str, rate: int) -> str:
    """Say that it was understood; the mark tells when the caller has heard it."""
    await socket.send(await speak(ANSWERS[wish], rate))
    await tell(socket, "mark", name="answer")
    return wish


async def tell(socket: ServerConnection, event: str, **fields: str | None) -> None:
    await socket.send(json.dumps({"event": event, **fields}))


async def converse(socket: ServerConnection) -> None:
    with contextlib.suppress(ConnectionClosed):  # the caller hung up
        await talk(socket)


async def main() -> None:
    if not SECRET:
        sys.exit("BOT_SECRET is not set: it is what createMediaEndpoint has shown.")
    host, _, port = LISTEN.rpartition(":")
    try:
        server = await serve(
            converse, host, int(port), process_request=check_signature, compression=None, max_size=2**20
        )
    except OSError as error:
        sys.exit(f"Cannot listen at {LISTEN}: {error.strerror}. Choose another address with BOT_LISTEN and BOT_URL.")
    async with server:
        print(f"listening at {host}:{server.sockets[0].getsockname()[1]} for {URL}", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
