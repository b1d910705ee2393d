"""Uploads and sound files: over GraphQL, and over the signed addresses that they give out."""

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import numpy as np
import pytest
import soundfile  # type: ignore[import-untyped]

from app.files.uploads import LARGEST_UPLOAD, MOST_UPLOADS
from app.ids import Kind, new_id
from tests.api.conftest import Surface, serving

pytestmark = pytest.mark.postgres

AUDIO_FILE = "id name format channels sampleRate durationSeconds createdAt"
MUTATIONS = {
    "createUpload": "upload { id url contentType sizeBytes expiresAt }",
    "createAudioFile": f"audioFile {{ {AUDIO_FILE} }}",
    "deleteAudioFile": "deletedId",
}


def _wav(seconds: float = 1.0, *, rate: int = 44_100, channels: int = 2) -> bytes:
    made = io.BytesIO()
    wave = 0.5 * np.sin(2 * np.pi * 700 * np.arange(int(rate * seconds)) / rate)
    soundfile.write(made, np.stack([wave] * channels, axis=1), rate, format="WAV")
    return made.getvalue()


WAV = _wav()


async def _do(surface: Surface, name: str, given: dict[str, Any], *, token: str = "") -> Any:
    query = f"mutation($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ {MUTATIONS[name]} "
    query += "userErrors { code field currentState message } } }"
    return (await surface.ask(query, {"input": given}, token=token))[name]


async def _refused(surface: Surface, name: str, given: dict[str, Any], *, token: str = "") -> list[tuple[str, str]]:
    payload = await _do(surface, name, given, token=token)
    return [(error["code"], ".".join(error["field"] or [])) for error in payload["userErrors"]]


async def _open(surface: Surface, size: int = len(WAV), content_type: str = "audio/wav") -> Any:
    payload = await _do(surface, "createUpload", {"contentType": content_type, "sizeBytes": size})
    assert payload["userErrors"] == []
    return payload["upload"]


def _target(upload: Any) -> str:
    address = urlsplit(upload["url"])
    assert f"{address.scheme}://{address.netloc}" == "https://offhook.example"
    return f"{address.path}?{address.query}"


async def _put(
    surface: Surface, upload: Any, content: bytes | AsyncIterator[bytes] = WAV, content_type: str = "audio/wav"
) -> httpx.Response:
    return await surface.client.put(_target(upload), content=content, headers={"Content-Type": content_type})


async def _uploaded(surface: Surface, content: bytes = WAV, content_type: str = "audio/wav") -> str:
    upload = await _open(surface, len(content), content_type)
    answer = await _put(surface, upload, content, content_type)
    assert (answer.status_code, answer.json()) == (201, {"upload": {"id": upload["id"], "sizeBytes": len(content)}})
    upload_id: str = upload["id"]
    return upload_id


async def _made(surface: Surface, content: bytes = WAV) -> Any:
    payload = await _do(surface, "createAudioFile", {"uploadId": await _uploaded(surface, content), "name": "Welcome"})
    assert payload["userErrors"] == []
    return payload["audioFile"]


def _stored(surface: Surface) -> list[str]:
    """The files in the store; there is nothing else in this test's."""
    prefix = surface.services.speech.uploads._store._objects.prefix  # type: ignore[union-attr]  # a folder
    assert isinstance(prefix, Path)
    return sorted(str(path.relative_to(prefix)) for path in prefix.rglob("*") if path.is_file())


async def test_given_a_file_when_uploaded_and_made_a_sound_file_then_it_is_listed_played_and_deleted(
    surface: Surface,
) -> None:
    made = await _made(surface)
    assert {**made, "id": "", "createdAt": ""} == {
        "id": "",
        "createdAt": "",
        "name": "Welcome",
        "format": "WAV",
        "channels": 2,
        "sampleRate": 44_100,
        "durationSeconds": 1.0,
    }
    listed = await surface.ask(f"{{ audioFiles {{ nodes {{ {AUDIO_FILE} }} totalCount {{ count }} }} }}")
    assert listed["audioFiles"] == {"nodes": [made], "totalCount": {"count": 1}}
    node = await surface.ask("query($id: ID!) { node(id: $id) { __typename id } }", {"id": made["id"]})
    assert node["node"] == {"__typename": "AudioFile", "id": made["id"]}

    for rate, end in ((8_000, ".wav"), (16_000, ".wav16")):
        uri = await surface.services.speech.audio_files.media_of(surface.account.id, made["id"], sample_rate=rate)
        assert uri.startswith("sound:http://offhook.test/media/")
        assert uri.endswith(end)
        answer = await surface.client.get(uri.removeprefix("sound:"))
        assert answer.status_code == 200
        sound, is_rate = soundfile.read(io.BytesIO(answer.content))
        assert (is_rate, sound.ndim) == (rate, 1)
        spectrum = np.abs(np.fft.rfft(sound[:rate] * np.hanning(len(sound[:rate]))))
        assert np.argmax(spectrum) * rate / len(sound[:rate]) == pytest.approx(700, abs=2)
    assert len(_stored(surface)) == 2  # the upload is used up

    assert await _do(surface, "deleteAudioFile", {"id": made["id"]}) == {"deletedId": made["id"], "userErrors": []}
    assert await _refused(surface, "deleteAudioFile", {"id": made["id"]}) == [("NOT_FOUND", "id")]
    assert (await surface.ask("{ audioFiles { nodes { id } } }"))["audioFiles"]["nodes"] == []
    assert (await surface.client.get(uri.removeprefix("sound:"))).status_code == 404
    assert _stored(surface) == []


@pytest.mark.parametrize(
    ("content_type", "size", "errors"),
    [
        ("text/html", 10, [("INVALID_INPUT", "contentType")]),
        ("audio/wav; charset=x", 10, [("INVALID_INPUT", "contentType")]),
        ("audio/wav\r\nX: y", 10, [("INVALID_INPUT", "contentType")]),
        ("", 10, [("INVALID_INPUT", "contentType")]),
        ("audio/wav", 0, [("INVALID_INPUT", "sizeBytes")]),
        ("audio/wav", -1, [("INVALID_INPUT", "sizeBytes")]),
        ("audio/wav", LARGEST_UPLOAD + 1, [("INVALID_INPUT", "sizeBytes")]),
        ("audio/wav", 2**31 - 1, [("INVALID_INPUT", "sizeBytes")]),
        ("../x", 2**31 - 1, [("INVALID_INPUT", "contentType"), ("INVALID_INPUT", "sizeBytes")]),
    ],
)
async def test_given_what_is_no_sound_or_too_large_when_an_upload_is_asked_for_then_it_is_refused(
    surface: Surface, content_type: str, size: int, errors: list[tuple[str, str]]
) -> None:
    assert await _refused(surface, "createUpload", {"contentType": content_type, "sizeBytes": size}) == errors


async def test_given_too_many_open_uploads_when_another_is_asked_for_then_it_is_refused(surface: Surface) -> None:
    for _ in range(MOST_UPLOADS // 10):
        await asyncio.gather(*(_open(surface, 1) for _ in range(10)))
    payload = await _do(surface, "createUpload", {"contentType": "audio/wav", "sizeBytes": 1})
    assert [(error["code"], error["currentState"]) for error in payload["userErrors"]] == [("INVALID_STATE", "FULL")]


async def test_given_an_address_when_a_file_is_put_twice_then_the_second_is_refused(surface: Surface) -> None:
    upload = await _open(surface)
    answers = await asyncio.gather(*(_put(surface, upload) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    answer = await _put(surface, upload)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "UPLOAD_COMPLETE")
    assert len(_stored(surface)) == 1


@pytest.mark.parametrize(
    ("content", "content_type", "status", "code"),
    [
        (WAV + b"x", "audio/wav", 413, "UPLOAD_TOO_LARGE"),
        (WAV[:-1], "audio/wav", 400, "BAD_REQUEST"),
        (b"", "audio/wav", 400, "BAD_REQUEST"),
        (WAV, "audio/mpeg", 415, "UPLOAD_TYPE_DIFFERS"),
        (WAV, "", 415, "UPLOAD_TYPE_DIFFERS"),
        (WAV, "text/html", 415, "UPLOAD_TYPE_DIFFERS"),
    ],
)
async def test_given_another_file_than_announced_when_put_then_it_is_refused_and_can_be_put_right(
    surface: Surface, content: bytes, content_type: str, status: int, code: str
) -> None:
    upload = await _open(surface)
    answer = await _put(surface, upload, content, content_type)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert _stored(surface) == []
    assert (await _put(surface, upload, WAV, "Audio/WAV; codecs=1")).status_code == 201


async def test_given_no_length_when_more_than_announced_is_sent_then_it_is_cut_off_early(surface: Surface) -> None:
    upload = await _open(surface, 1000)
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 50_000_000:
            sent += 10_000
            yield bytes(10_000)

    async with serving(surface.app) as port, httpx.AsyncClient() as client:
        try:
            answer = await client.put(
                f"http://127.0.0.1:{port}{_target(upload)}", content=endless(), headers={"Content-Type": "audio/wav"}
            )
            assert (answer.status_code, answer.json()["error"]["code"]) == (413, "UPLOAD_TOO_LARGE")
        except httpx.TransportError:
            pass  # the connection was cut while we were still sending
    assert sent < 50_000_000
    assert _stored(surface) == []


async def test_given_an_address_when_anything_of_it_is_changed_then_it_is_not_valid(surface: Surface) -> None:
    upload, other = await _open(surface), await _open(surface)
    address = urlsplit(upload["url"])
    query = {name: values[0] for name, values in parse_qs(address.query).items()}
    for path, parameters in (
        (f"/uploads/{other['id']}", query),
        (f"/uploads/{upload['id']}", {**query, "expires": str(int(query["expires"]) + 1)}),
        (f"/uploads/{upload['id']}", {**query, "signature": query["signature"][:-1]}),
        (f"/uploads/{upload['id']}", {}),
        ("/uploads/..%2f..%2fetc%2fpasswd", query),
        (f"/recordings/{upload['id']}", query),
    ):
        answer = await surface.client.put(
            f"{path}?{urlencode(parameters)}", content=WAV, headers={"Content-Type": "audio/wav"}
        )
        assert answer.status_code in {403, 404, 405}
    assert _stored(surface) == []
    for method in ("GET", "POST", "DELETE"):
        assert (await surface.client.request(method, _target(upload))).status_code == 405


async def test_given_an_upload_whose_time_is_over_when_put_or_used_then_there_is_none_and_a_sweep_takes_it(
    surface: Surface,
) -> None:
    waiting, received = await _open(surface), await _uploaded(surface)
    async with surface.database.acquire() as connection:
        await connection.execute("UPDATE upload SET expires_at = now() - interval '1 second'")
    assert (await _put(surface, waiting)).status_code == 404
    assert await _refused(surface, "createAudioFile", {"uploadId": received, "name": "x"}) == [
        ("NOT_FOUND", "uploadId")
    ]
    assert len(_stored(surface)) == 1
    assert not await surface.services.speech.audio_files.remove_files()
    assert _stored(surface) == []
    async with surface.database.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM upload") == 0


async def test_given_an_upload_that_cannot_be_used_when_a_sound_file_is_made_of_it_then_it_is_refused(
    surface: Surface,
) -> None:
    waiting = await _open(surface)
    payload = await _do(surface, "createAudioFile", {"uploadId": waiting["id"], "name": "x"})
    assert [(error["code"], error["currentState"]) for error in payload["userErrors"]] == [("INVALID_STATE", "WAITING")]
    received = await _uploaded(surface)
    stranger = await surface.key(account=await surface.accounts.create("stranger"))
    for upload_id, token in ((received, stranger), ("upl_" + "0" * 26, ""), ("../x", ""), (new_id(Kind.CALL), "")):
        given = {"uploadId": upload_id, "name": "x"}
        assert await _refused(surface, "createAudioFile", given, token=token) == [("NOT_FOUND", "uploadId")]
    for name, code in (("", "REQUIRED"), ("a\x07b", "INVALID_INPUT"), ("x" * 101, "INVALID_INPUT")):
        assert await _refused(surface, "createAudioFile", {"uploadId": received, "name": name}) == [(code, "name")]
    given = {"uploadId": received, "name": "../../etc/passwd"}  # a name is only a name
    assert await _refused(surface, "createAudioFile", given) == []
    assert await _refused(surface, "createAudioFile", given) == [("NOT_FOUND", "uploadId")]


async def test_given_one_upload_when_two_sound_files_are_made_of_it_at_once_then_one_is(surface: Surface) -> None:
    upload_id = await _uploaded(surface)
    payloads = await asyncio.gather(
        *(_do(surface, "createAudioFile", {"uploadId": upload_id, "name": "x"}) for _ in range(3))
    )
    assert sorted(payload["audioFile"] is not None for payload in payloads) == [False, False, True]
    assert len(_stored(surface)) == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"not a sound" * 100, "not a WAV, FLAC, MP3 or Ogg file"),
        (b"PK\x03\x04" + bytes(1000), "not a WAV"),
        (_wav(0.05), "shorter than"),
        (_wav(1.0, channels=6), "6 channels"),
    ],
)
async def test_given_a_file_that_is_no_sound_when_a_sound_file_is_made_of_it_then_the_message_says_why(
    surface: Surface, content: bytes, said: str
) -> None:
    upload_id = await _uploaded(surface, content)
    payload = await _do(surface, "createAudioFile", {"uploadId": upload_id, "name": "x"})
    (error,) = payload["userErrors"]
    assert (error["code"], error["field"]) == ("INVALID_INPUT", ["uploadId"])
    assert said in error["message"]
    assert (await surface.ask("{ audioFiles { nodes { id } } }"))["audioFiles"]["nodes"] == []
    assert len(_stored(surface)) == 1  # until it expires


async def test_given_another_account_s_sound_file_when_asked_for_then_there_is_none(surface: Surface) -> None:
    made = await _made(surface)
    stranger = await surface.key(account=await surface.accounts.create("stranger"))
    assert await _refused(surface, "deleteAudioFile", {"id": made["id"]}, token=stranger) == [("NOT_FOUND", "id")]
    assert (await surface.ask("{ audioFiles { nodes { id } } }", token=stranger))["audioFiles"]["nodes"] == []
    assert len(_stored(surface)) == 2


async def test_given_media_addresses_when_changed_or_of_nothing_then_they_give_nothing(surface: Surface) -> None:
    made = await _made(surface)
    uri = await surface.services.speech.audio_files.media_of(surface.account.id, made["id"])
    path = urlsplit(uri.removeprefix("sound:")).path
    answer = await surface.client.get(path)
    assert answer.headers["content-type"] == "audio/wav"
    assert "immutable" in answer.headers["cache-control"]
    head = await surface.client.head(path)
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(answer.content)))
    _, _, expires, signature, name = path.split("/")
    for changed in (
        f"/media/{expires}/{signature}/{name}16",
        f"/media/{int(expires) + 1}/{signature}/{name}",
        f"/media/{expires}/{signature[::-1]}/{name}",
        f"/media/{expires}/{signature}/..%2f..%2fsecret.key",
    ):
        assert (await surface.client.get(changed)).status_code in {403, 404}
    urls = surface.services.speech.media_files._urls
    for nothing in ("f" * 64, new_id(Kind.AUDIO_FILE), new_id(Kind.CALL)):
        unknown = urls.media(nothing, 8_000, surface.services.clock.now())
        assert (await surface.client.get(urlsplit(unknown.removeprefix("sound:")).path)).status_code == 404
