"""An OpenAI-compatible transcription service on this machine.

It takes each request apart to the byte, and hears as much as it can: where the sound is loud. What is said there it was
told before, in order.
"""

import asyncio
import io
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import soundfile  # type: ignore[import-untyped]  # it ships no types

KEY = "sk-stand-in"
MODEL = "whisper-1"
#: A pause between two things that are said, and what is loud.
_PAUSE_SECONDS = 0.4
_LOUD = 0.02


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came, and its form."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    form: dict[str, bytes]

    @property
    def fields(self) -> dict[str, str]:
        return {name: value.decode() for name, value in self.form.items() if name != "file"}

    @property
    def sound(self) -> tuple[Any, int]:
        """The samples and the rate of the file, read by libsndfile."""
        samples, rate = soundfile.read(io.BytesIO(self.form["file"]), dtype="int16", always_2d=True)
        return samples, rate


@dataclass(frozen=True, slots=True)
class Answer:
    """``is_cut``: the connection ends in the middle of the body. ``is_silent``: nothing comes at all."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_cut: bool = False
    is_silent: bool = False


def read_form(content_type: str, body: bytes) -> dict[str, bytes]:
    """The parts of a form (RFC 7578) by their names; AssertionError when anything is not as it must be."""
    found = re.fullmatch(r"multipart/form-data; boundary=([0-9a-f]{32})", content_type)
    assert found is not None, content_type
    mark = b"--" + found[1].encode()
    assert body.startswith(mark + b"\r\n")
    assert body.endswith(b"\r\n" + mark + b"--\r\n")
    parts: dict[str, bytes] = {}
    for part in body[: -len(mark) - 6].split(mark + b"\r\n")[1:]:
        head, _, value = part.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        named = re.fullmatch(r'Content-Disposition: form-data; name="(\w+)"(; filename="piece\.wav")?', lines[0])
        assert named is not None, lines
        assert lines[1:] == (["Content-Type: audio/wav"] if named[1] == "file" else []), lines
        assert (named[1] == "file") == bool(named[2])
        assert named[1] not in parts
        # A part ends with the line break before the next mark.
        parts[named[1]] = value.removesuffix(b"\r\n")
    assert list(parts)[-1] == "file"
    return parts


def find_loud(samples: Any, rate: int) -> list[tuple[float, float]]:
    """From when to when something is loud, in seconds."""
    size = rate // 50
    count = len(samples) // size
    levels = np.abs(samples[: count * size, 0].astype(float)).reshape(count, size).max(axis=1) / 32768
    stretches: list[list[int]] = []
    for at in np.flatnonzero(levels > _LOUD):
        if stretches and at - stretches[-1][1] <= _PAUSE_SECONDS * 50:
            stretches[-1][1] = int(at)
        else:
            stretches.append([int(at), int(at)])
    return [(begin / 50, (end + 1) / 50) for begin, end in stretches]


class OpenAiStandIn:
    """``says`` is what it hears next where it is loud; ``behaviour``, if set, answers instead."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.says: list[str] = []
        self.behaviour: Callable[[Asked], Answer] | None = None
        self.wrong: list[str] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                try:
                    head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
                except asyncio.IncompleteReadError:
                    return
                first, *lines = head.strip().split("\r\n")
                method, target, _ = first.split(" ")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
                body = await reader.readexactly(int(headers["content-length"]))
                answer = self._answer(method, target, headers, body)
                if answer.is_silent:
                    await reader.read()  # until the other side gives up
                    return
                said = {"Content-Length": str(len(answer.body)), **answer.headers}
                text = "".join(f"{name}: {value}\r\n" for name, value in said.items())
                body = answer.body[: len(answer.body) // 2] if answer.is_cut else answer.body
                writer.write(f"HTTP/1.1 {answer.status} X\r\n{text}\r\n".encode() + body)
                await writer.drain()
                if answer.is_cut:
                    return
        except ConnectionError:
            return  # the other side has gone
        finally:
            writer.close()

    def _answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        try:
            assert (method, target) == ("POST", "/v1/audio/transcriptions")
            assert headers["authorization"] == f"Bearer {KEY}", "the key"
            form = read_form(headers["content-type"], body)
            asked = Asked(method, target, headers, body, form)
            assert set(form) - {"prompt"} == {"model", "response_format", "language", "file"}
            assert asked.fields["response_format"] == "verbose_json"
            samples, rate = asked.sound
            assert samples.shape[1] == 1
        except AssertionError as error:
            self.wrong.append(str(error))
            return Answer(400, body=b'{"error": {"message": "the recording said 4711"}}')
        self.asked.append(asked)
        if self.behaviour is not None:
            return self.behaviour(asked)
        return hearing([(*stretch, self.says.pop(0)) for stretch in find_loud(samples, rate)])


def hearing(segments: list[tuple[float, float, str]], **more: object) -> Answer:
    """The answer of one who hears this."""
    said = {
        "task": "transcribe",
        "language": "english",
        "duration": 1.0,
        "text": " ".join(text for _, _, text in segments),
        "segments": [
            {"id": number, "seek": 0, "start": begin, "end": end, "text": f" {text}", "avg_logprob": -0.25}
            for number, (begin, end, text) in enumerate(segments)
        ],
        **more,
    }
    return Answer(headers={"Content-Type": "application/json"}, body=json.dumps(said).encode())


@asynccontextmanager
async def running_openai() -> AsyncIterator[OpenAiStandIn]:
    stand_in = OpenAiStandIn()
    server = await asyncio.start_server(stand_in.serve, "127.0.0.1", 0)
    stand_in.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield stand_in
    finally:
        server.close()
    assert stand_in.wrong == []
