"""Voices, announcement templates and texts that are spoken into a call, over GraphQL."""

import json
from typing import Any

import pytest
import structlog.testing

from app.accounts.scopes import Scope
from app.calls.core import inputs
from app.facts.vocabulary import CallState, LegRole
from app.ids import Kind, new_id
from app.speech.engine import SpeechUnavailableError
from tests.api.conftest import Surface, until
from tests.api.silent_asterisk import move_leg
from tests.speech.tone_engine import ToneEngine

pytestmark = pytest.mark.postgres

VOICE = "voice { id languageCode engineType volume rate pitch }"
TEMPLATE = f"id name text fields {VOICE} createdAt updatedAt"
MUTATIONS = {
    "createAnnouncementTemplate": f"announcementTemplate {{ {TEMPLATE} }}",
    "updateAnnouncementTemplate": f"announcementTemplate {{ {TEMPLATE} }}",
    "deleteAnnouncementTemplate": "deletedId",
    "speak": "call { id } playbackId",
    "playAudio": "call { id } playbackId",
}


async def _do(surface: Surface, name: str, given: dict[str, Any], *, token: str = "") -> Any:
    query = f"mutation($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ {MUTATIONS[name]} "
    return (await surface.ask(query + "userErrors { code field } } }", {"input": given}, token=token))[name]


async def _refused(surface: Surface, name: str, given: dict[str, Any]) -> list[tuple[str, str]]:
    payload = await _do(surface, name, given)
    return [(error["code"], ".".join(error["field"] or [])) for error in payload["userErrors"]]


async def _make(surface: Surface, text: str = "Dear {name}, you owe {amount}.", **more: Any) -> Any:
    given = {"name": f"reminder {new_id(Kind.REQUEST)}", "text": text, **more}
    payload = await _do(surface, "createAnnouncementTemplate", given)
    assert payload["userErrors"] == []
    return payload["announcementTemplate"]


async def _talk(surface: Surface) -> str:
    """A connected call's id."""
    given = {
        "idempotencyKey": new_id(Kind.REQUEST),
        "destination": {"number": "+15550100000"},
        "connect": {"extension": "2001"},
    }
    query = "mutation($input: OriginateCallInput!) { originateCall(input: $input) { call { id } } }"
    payload = await surface.ask(query, {"input": given})
    call_id: str = payload["originateCall"]["call"]["id"]
    actor = surface.registry.find(call_id)
    assert actor is not None
    for role in (LegRole.AGENT, LegRole.CUSTOMER):
        await until(lambda role=role: actor.call.leg_of(role).state.value == "DIALING")  # type: ignore[misc]
        move_leg(surface.registry, call_id, role, inputs.LegAnswered)
    await until(lambda: actor.call.state is CallState.CONNECTED)
    return call_id


def _engine(surface: Surface) -> ToneEngine:
    (engine,) = surface.services.speech.speaker._engines
    assert isinstance(engine, ToneEngine)
    return engine


def _played(surface: Surface, call_id: str) -> int:
    actor = surface.registry.find(call_id)
    assert actor is not None
    return len(actor.call.playbacks)


async def test_given_an_engine_when_voices_are_listed_then_all_is_said_of_each(surface: Surface) -> None:
    query = "query($code: String) { voices(languageCode: $code) { id engine name languageCodes gender engineTypes } }"
    assert (await surface.ask(query))["voices"] == [
        {
            "id": "low",
            "engine": "ESPEAK",
            "name": "Low",
            "languageCodes": ["en-US"],
            "gender": "MALE",
            "engineTypes": ["STANDARD"],
        },
        {
            "id": "high",
            "engine": "ESPEAK",
            "name": "High",
            "languageCodes": ["de", "en-GB"],
            "gender": "FEMALE",
            "engineTypes": ["STANDARD", "NEURAL"],
        },
    ]
    for code, ids in (("en", ["low", "high"]), ("EN-gb", ["high"]), ("d", []), ("de-AT", [])):
        assert [voice["id"] for voice in (await surface.ask(query, {"code": code}))["voices"]] == ids


async def test_given_no_engine_that_answers_when_voices_are_listed_then_it_is_said_and_can_be_tried_again(
    surface: Surface,
) -> None:
    _engine(surface).failure = SpeechUnavailableError("Install it.")
    error = await surface.refuse("{ voices { id } }")
    assert (error["code"], error["retryable"]) == ("SPEECH_UNAVAILABLE", True)


async def test_given_a_template_when_made_changed_and_deleted_then_it_is_read_back_each_time(surface: Surface) -> None:
    made = await _make(surface, voice={"id": "high", "languageCode": "en-GB", "volume": "LOUD"})
    assert made["fields"] == ["name", "amount"]
    assert made["voice"] == {
        "id": "high",
        "languageCode": "en-GB",
        "engineType": "STANDARD",
        "volume": "LOUD",
        "rate": "MEDIUM",
        "pitch": "MEDIUM",
    }
    changed = await _do(surface, "updateAnnouncementTemplate", {"id": made["id"], "text": "Only {one}."})
    assert changed["announcementTemplate"]["fields"] == ["one"]
    assert changed["announcementTemplate"]["voice"] == made["voice"]
    assert changed["announcementTemplate"]["updatedAt"] > made["updatedAt"]
    changed = await _do(surface, "updateAnnouncementTemplate", {"id": made["id"], "voice": {"rate": "SLOW"}})
    assert (changed["announcementTemplate"]["voice"]["id"], changed["announcementTemplate"]["voice"]["rate"]) == (
        None,
        "SLOW",
    )
    listed = await surface.ask("{ announcementTemplates { nodes { id text } totalCount { count } } }")
    assert listed["announcementTemplates"] == {
        "nodes": [{"id": made["id"], "text": "Only {one}."}],
        "totalCount": {"count": 1},
    }
    node = await surface.ask("query($id: ID!) { node(id: $id) { __typename id } }", {"id": made["id"]})
    assert node["node"] == {"__typename": "AnnouncementTemplate", "id": made["id"]}
    deleted = await _do(surface, "deleteAnnouncementTemplate", {"id": made["id"]})
    assert deleted == {"deletedId": made["id"], "userErrors": []}
    assert await _refused(surface, "deleteAnnouncementTemplate", {"id": made["id"]}) == [("NOT_FOUND", "id")]
    assert (await surface.ask("{ announcementTemplates { nodes { id } } }"))["announcementTemplates"]["nodes"] == []


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"name": ""}, [("REQUIRED", "name")]),
        ({"name": "a\nb"}, [("INVALID_INPUT", "name")]),
        ({"name": "x" * 101}, [("INVALID_INPUT", "name")]),
        ({"text": ""}, [("REQUIRED", "text")]),
        ({"text": "{field.__class__}"}, [("INVALID_INPUT", "text")]),
        ({"text": "<speak>hi</speak>"}, [("INVALID_INPUT", "text")]),
        ({"text": "x" * 3001}, [("INVALID_INPUT", "text")]),
        ({"voice": {"id": "nobody"}}, [("NOT_FOUND", "voice.id")]),
        ({"voice": {"id": "-w /etc/passwd"}}, [("INVALID_INPUT", "voice.id")]),
        ({"voice": {"languageCode": "klingon-x"}}, [("INVALID_INPUT", "voice.languageCode")]),
        ({"voice": {"languageCode": "fr"}}, [("SPEECH_NOT_SUPPORTED", "voice.languageCode")]),
        ({"voice": {"id": "low", "engineType": "NEURAL"}}, [("SPEECH_NOT_SUPPORTED", "voice.engineType")]),
        ({"voice": None}, [("INVALID_INPUT", "voice")]),
    ],
)
async def test_given_a_hostile_template_when_made_or_changed_then_it_is_refused_and_nothing_is_stored(
    surface: Surface, changes: dict[str, Any], errors: list[tuple[str, str]]
) -> None:
    kept = await _make(surface)
    given = {"name": "reminder", "text": "Dear {name}.", **changes}
    payload = await _do(surface, "createAnnouncementTemplate", given)
    found = [(error["code"], ".".join(error["field"])) for error in payload["userErrors"]]
    assert found == errors
    assert await _refused(surface, "updateAnnouncementTemplate", {"id": kept["id"], **changes}) == errors
    listed = await surface.ask(f"{{ announcementTemplates {{ nodes {{ {TEMPLATE} }} }} }}")
    assert listed["announcementTemplates"]["nodes"] == [kept]


async def test_given_a_name_that_is_taken_when_used_again_then_it_is_refused_until_it_is_free(surface: Surface) -> None:
    first = await _make(surface)
    again = {"name": first["name"], "text": "Hello."}
    assert await _refused(surface, "createAnnouncementTemplate", again) == [("ALREADY_EXISTS", "name")]
    await _do(surface, "deleteAnnouncementTemplate", {"id": first["id"]})
    assert await _refused(surface, "createAnnouncementTemplate", again) == []


async def test_given_another_account_s_template_when_asked_for_then_there_is_none(surface: Surface) -> None:
    made = await _make(surface)
    other = await surface.accounts.create("other")
    token = await surface.key(account=other)
    for name, given in (
        ("updateAnnouncementTemplate", {"id": made["id"], "text": "Mine."}),
        ("deleteAnnouncementTemplate", {"id": made["id"]}),
    ):
        payload = await _do(surface, name, given, token=token)
        assert [error["code"] for error in payload["userErrors"]] == ["NOT_FOUND"]
    assert (await surface.ask("query($id: ID!) { node(id: $id) { id } }", {"id": made["id"]}, token=token)) == {
        "node": None
    }


async def test_given_a_talk_when_a_text_is_spoken_then_the_sound_is_made_and_played_to_whom_it_is_for(
    surface: Surface,
) -> None:
    call_id = await _talk(surface)
    for given in ({}, {"legId": surface.registry.find(call_id).call.legs[0].id}):  # type: ignore[union-attr]
        payload = await _do(surface, "speak", {"callId": call_id, "say": {"text": "Hello."}, **given})
        assert payload["userErrors"] == []
        assert payload["playbackId"].startswith("play_")
        assert payload["call"]["id"] == call_id
    assert _played(surface, call_id) == 2
    assert len(_engine(surface).asked) == 1  # of the same text


async def test_given_a_template_when_spoken_then_its_fields_are_filled_and_its_voice_speaks_unless_another_is_given(
    surface: Surface,
) -> None:
    call_id = await _talk(surface)
    made = await _make(surface, voice={"id": "high"})
    say = {
        "template": {
            "id": made["id"],
            "fields": [{"name": "name", "value": "Ada"}, {"name": "amount", "value": "ten {dollars}"}],
        }
    }
    for more in ({}, {"voice": {"id": "low", "rate": "FAST"}}):
        assert await _refused(surface, "speak", {"callId": call_id, "say": say, **more}) == []
    (first, first_voice, _), (second, second_voice, _) = _engine(surface).asked
    assert first.text == second.text == "Dear Ada, you owe ten {dollars}."
    assert (first_voice.id, second_voice.id, second.settings.rate.value) == ("high", "low", "FAST")


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ([], [("FIELD_MISSING", "say.template.fields.name"), ("FIELD_MISSING", "say.template.fields.amount")]),
        ([("name", "Ada")], [("FIELD_MISSING", "say.template.fields.amount")]),
        ([("name", "Ada"), ("amount", " ")], [("FIELD_MISSING", "say.template.fields.amount")]),
        ([("name", "Ada"), ("amount", "<b>1</b>")], [("INVALID_INPUT", "say.template.fields.amount")]),
        ([("name", "Ada"), ("amount", "1"), ("more", "x")], [("INVALID_INPUT", "say.template.fields.more")]),
        ([("name", "Ada"), ("name", "Bob")], [("INVALID_INPUT", "say.template.fields")]),
    ],
)
async def test_given_fields_that_do_not_fit_when_a_template_is_spoken_then_each_is_named_and_nothing_is_played(
    surface: Surface, fields: list[tuple[str, str]], errors: list[tuple[str, str]]
) -> None:
    call_id = await _talk(surface)
    made = await _make(surface)
    values = [{"name": name, "value": value} for name, value in fields]
    given = {"callId": call_id, "say": {"template": {"id": made["id"], "fields": values}}}
    assert await _refused(surface, "speak", given) == errors
    assert _played(surface, call_id) == 0
    assert _engine(surface).asked == []


@pytest.mark.parametrize(
    ("more", "errors"),
    [
        ({"say": {"text": ""}}, [("REQUIRED", "say.text")]),
        ({"say": {"text": "a\u0007b"}}, [("INVALID_INPUT", "say.text")]),
        ({"say": {"text": "\u001b[31m"}}, [("INVALID_INPUT", "say.text")]),
        ({"say": {"text": "<speak>x</speak>"}}, [("INVALID_INPUT", "say.text")]),
        ({"say": {"text": "x" * 100_000}}, [("INVALID_INPUT", "say.text")]),
        ({"say": {"template": {"id": "tmpl_" + "0" * 26}}}, [("NOT_FOUND", "say.template.id")]),
        ({"say": {"template": {"id": "../../etc/passwd"}}}, [("NOT_FOUND", "say.template.id")]),
        ({"voice": {"id": "nobody"}}, [("NOT_FOUND", "voice.id")]),
        ({"voice": {"languageCode": "fr-FR"}}, [("SPEECH_NOT_SUPPORTED", "voice.languageCode")]),
        ({"legId": "leg_" + "0" * 26}, [("NOT_FOUND", "legId")]),
    ],
)
async def test_given_what_cannot_be_spoken_when_asked_then_it_is_refused_and_nothing_is_played(
    surface: Surface, more: dict[str, Any], errors: list[tuple[str, str]]
) -> None:
    call_id = await _talk(surface)
    given = {"callId": call_id, "say": {"text": "Hello."}, **more}
    assert await _refused(surface, "speak", given) == errors
    assert _played(surface, call_id) == 0


@pytest.mark.parametrize(
    "say",
    [{}, {"text": "a", "template": {"id": "tmpl_x"}}, {"text": None}, {"text": 5}, {"ssml": "<speak/>"}],
)
async def test_given_not_exactly_one_thing_to_say_when_asked_then_the_request_itself_is_wrong(
    surface: Surface, say: dict[str, Any]
) -> None:
    query = "mutation($input: SpeakInput!) { speak(input: $input) { userErrors { code } } }"
    body = (await surface.post(query, {"input": {"callId": "call_x", "say": say}})).json()
    assert "errors" in body


@pytest.mark.parametrize("rate", ["FASTEST", "fast", 1, 1e309, True])
async def test_given_a_setting_that_is_no_word_when_asked_then_the_request_itself_is_wrong(
    surface: Surface, rate: object
) -> None:
    query = "mutation($input: SpeakInput!) { speak(input: $input) { userErrors { code } } }"
    variables = {"input": {"callId": "call_x", "say": {"text": "a"}, "voice": {"rate": "RATE"}}}
    sent = json.dumps({"query": query, "variables": variables}).replace('"RATE"', json.dumps(rate))
    answer = await surface.client.post(
        "/graphql",
        content=sent,
        headers={"authorization": f"Bearer {surface.token}", "content-type": "application/json"},
    )
    assert "errors" in answer.json() or "error" in answer.json()


async def test_given_no_such_call_when_asked_to_speak_then_it_is_refused_and_nobody_has_spoken(
    surface: Surface,
) -> None:
    say = {"text": "Hello."}
    for call_id in ("call_" + "0" * 26, "nonsense"):
        assert await _refused(surface, "speak", {"callId": call_id, "say": say}) == [("NOT_FOUND", "callId")]
    call_id = await _talk(surface)
    stranger = await surface.key(account=await surface.accounts.create("stranger"))
    payload = await _do(surface, "speak", {"callId": call_id, "say": say}, token=stranger)
    assert [error["code"] for error in payload["userErrors"]] == ["NOT_FOUND"]
    query = "mutation($input: HangupCallInput!) { hangupCall(input: $input) { userErrors { code } } }"
    await surface.ask(query, {"input": {"callId": call_id}})
    await until(lambda: surface.registry.find(call_id) is None)
    assert await _refused(surface, "speak", {"callId": call_id, "say": say}) == [("INVALID_STATE", "callId")]
    assert _engine(surface).asked == []


async def test_given_an_engine_that_is_away_when_asked_to_speak_then_it_is_an_error_and_nothing_is_played(
    surface: Surface,
) -> None:
    call_id = await _talk(surface)
    _engine(surface).failure = SpeechUnavailableError("away", retry_after_seconds=3.0)
    query = "mutation($input: SpeakInput!) { speak(input: $input) { playbackId } }"
    with structlog.testing.capture_logs() as logs:
        error = await surface.refuse(query, {"input": {"callId": call_id, "say": {"text": "Code 4711."}}})
    assert (error["code"], error["retryable"], error["retryAfterSeconds"]) == ("SPEECH_UNAVAILABLE", True, 3.0)
    assert _played(surface, call_id) == 0
    assert "4711" not in repr(logs)


async def test_given_a_key_without_the_scope_when_asked_then_it_is_refused(surface: Surface) -> None:
    token = await surface.key([Scope.CALLS_READ])
    for query in (
        'mutation { speak(input: {callId: "call_x", say: {text: "a"}}) { playbackId } }',
        'mutation { createAnnouncementTemplate(input: {name: "a", text: "b"}) { userErrors { code } } }',
        'mutation { createUpload(input: {contentType: "audio/wav", sizeBytes: 1}) { userErrors { code } } }',
        'mutation { createAudioFile(input: {uploadId: "upl_x", name: "a"}) { userErrors { code } } }',
        'mutation { deleteAudioFile(input: {id: "audio_x"}) { userErrors { code } } }',
        "{ announcementTemplates { nodes { id } } }",
        "{ audioFiles { nodes { id } } }",
    ):
        assert (await surface.refuse(query, token=token))["code"] == "FORBIDDEN"
    assert (await surface.ask("{ voices { id } }", token=token))["voices"]


async def test_given_a_spoken_text_when_the_call_is_diagnosed_then_neither_text_nor_address_is_there(
    surface: Surface,
) -> None:
    call_id = await _talk(surface)
    actor = surface.registry.find(call_id)
    assert actor is not None
    await _do(surface, "speak", {"callId": call_id, "say": {"text": "Your code is 4711."}})
    (playback,) = actor.call.playbacks
    assert "media" not in repr(playback)
    assert "4711" not in repr(actor.call)


async def test_given_a_sound_file_that_is_not_there_when_played_then_it_is_refused_by_its_place(
    surface: Surface,
) -> None:
    call_id = await _talk(surface)
    sounds = [{"tone": "BEEP"}, {"audioFileId": "audio_" + "0" * 26}, {"audioFileId": "/etc/passwd"}]
    assert await _refused(surface, "playAudio", {"callId": call_id, "sounds": sounds}) == [
        ("NOT_FOUND", "sounds.1.audioFileId"),
        ("NOT_FOUND", "sounds.2.audioFileId"),
    ]
    assert _played(surface, call_id) == 0
