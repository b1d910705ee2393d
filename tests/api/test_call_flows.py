"""Call flows over GraphQL: kept in versions, refused at the field that is to blame, tried out, and led to."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from app.speech.engine import SpeechUnavailableError
from tests.api.conftest import Surface
from tests.api.test_routing import do, make, make_agent, make_queue
from tests.api.test_sound_files import WAV
from tests.speech.tone_engine import ToneEngine

pytestmark = pytest.mark.postgres

BYE: dict[str, Any] = {"hangUp": {"name": "bye"}}
SURVEY: list[dict[str, Any]] = [
    {
        "gather": {
            "name": "menu",
            "prompt": [{"speech": {"text": "Press 1 or 2."}}, {"tone": {"tone": "BEEP"}}],
            "options": [{"digits": "1", "next": "one"}, {"digits": "2", "next": "bye"}],
            "variable": "choice",
            "noInput": "bye",
        }
    },
    {"speak": {"name": "one", "text": "You pressed {choice}.", "next": "bye"}},
    BYE,
]
_STEPS = """
  id name version start steps {
    __typename name
    ... on GatherStep { prompt { text tone } minDigits maxDigits terminator options { digits next } noInput variable }
    ... on SpeakStep { speech { text voice } next failed }
    ... on TransferStep { target { kind agentId number { number } } failed }
    ... on QueueStep { queueId priority }
    ... on BranchStep { cases { when { variable startsWith timeZone from to weekdays } next } otherwise }
    ... on VoicemailStep { greeting { installed } maxSeconds silenceSeconds endsOn next }
    ... on RecordStep { beep maxSeconds noMessage }
    ... on PlayStep { sounds { digits seconds } }
  }
"""
_TRIED = """
  path { step kind atSeconds hears { text tone } gathered { attempt result digits } reaches { kind queueId } records }
  ending disposition seconds unusedActions
"""


async def make_flow(surface: Surface, steps: list[dict[str, Any]] | None = None, name: str = "survey") -> Any:
    return await make(surface, "CallFlow", {"name": name, "steps": steps or SURVEY}, _STEPS)


async def test_given_a_flow_when_made_then_all_of_its_steps_are_shown(surface: Surface) -> None:
    agent, queue = await make_agent(surface), await make_queue(surface)
    made = await make_flow(
        surface,
        [
            {"play": {"name": "hello", "sounds": [{"digits": "12"}], "next": "name"}},
            {"record": {"name": "name", "next": "menu"}},
            {
                "gather": {
                    "name": "menu",
                    "options": [{"digits": "11", "next": "which"}, {"digits": "2", "next": "wait"}],
                    "noInput": "message",
                }
            },
            {
                "branch": {
                    "name": "which",
                    "cases": [
                        {"when": {"variable": {"variable": "caller", "startsWith": "+49"}}, "next": "wait"},
                        {
                            "when": {"time": {"timeZone": "Europe/Berlin", "from": "09:00", "weekdays": ["MONDAY"]}},
                            "next": "agent",
                        },
                    ],
                    "otherwise": "message",
                }
            },
            {"transfer": {"name": "agent", "target": {"agentId": agent}, "failed": "message"}},
            {"queue": {"name": "wait", "queueId": queue, "priority": 3}},
            {"voicemail": {"name": "message", "greeting": [{"installed": "vm-intro"}], "endsOn": None}},
        ],
    )
    assert (made["name"], made["version"], made["start"]) == ("survey", 1, "hello")
    play, record, gather, branch, transfer, wait, voicemail = made["steps"]
    assert play["sounds"] == [{"digits": "12", "seconds": None}]
    assert (record["beep"], record["maxSeconds"], record["noMessage"]) == (True, 120.0, None)
    assert (gather["minDigits"], gather["maxDigits"], gather["terminator"]) == (1, 2, "#")
    nothing = dict.fromkeys(("variable", "startsWith", "timeZone", "from", "to", "weekdays"))
    assert [one["when"] for one in branch["cases"]] == [
        {**nothing, "variable": "caller", "startsWith": "+49"},
        {**nothing, "timeZone": "Europe/Berlin", "from": "09:00", "to": "24:00", "weekdays": ["MONDAY"]},
    ]
    assert transfer["target"] == {"kind": "AGENT", "agentId": agent, "number": None}
    assert (wait["queueId"], wait["priority"]) == (queue, 3)
    assert (voicemail["silenceSeconds"], voicemail["endsOn"], voicemail["next"]) == (10.0, None, None)


async def test_given_changes_when_made_then_each_is_a_new_version_and_the_old_ones_stay(surface: Surface) -> None:
    made = await make_flow(surface)
    renamed = await do(surface, "updateCallFlow", {"id": made["id"], "name": "poll"}, "callFlow { name version }")
    assert renamed["callFlow"] == {"name": "poll", "version": 2}
    changed = await do(surface, "updateCallFlow", {"id": made["id"], "steps": [BYE]}, f"callFlow {{ {_STEPS} }}")
    assert (changed["callFlow"]["version"], changed["callFlow"]["start"]) == (3, "bye")
    same = await do(surface, "updateCallFlow", {"id": made["id"]}, "callFlow { version }")
    assert same["callFlow"] == {"version": 3}
    query = "query($id: ID!, $version: Int) { callFlow(id: $id, version: $version) { version steps { name } } }"
    for version, names in ((1, ["menu", "one", "bye"]), (2, ["menu", "one", "bye"]), (3, ["bye"])):
        seen = await surface.ask(query, {"id": made["id"], "version": version})
        assert seen["callFlow"] == {"version": version, "steps": [{"name": name} for name in names]}
    assert (await surface.ask(query, {"id": made["id"], "version": 4}))["callFlow"] is None


async def test_given_a_flow_with_fields_when_it_is_changed_then_they_stay_unless_they_are_changed(
    surface: Surface,
) -> None:
    say = {"speak": {"name": "say", "text": "Hello {name}, you owe {debt}.", "next": "bye"}}
    wanted = "id version start fields steps { name }"
    made = await make(surface, "CallFlow", {"name": "debts", "steps": [say, BYE], "fields": ["name", "debt"]}, wanted)
    assert made["fields"] == ["name", "debt"]
    for change, fields, names in (
        ({"steps": [say, {"hangUp": {"name": "bye"}}]}, ["name", "debt"], ["say", "bye"]),
        ({"start": "say"}, ["name", "debt"], ["say", "bye"]),
        ({"fields": ["name", "debt", "due"]}, ["name", "debt", "due"], ["say", "bye"]),
        ({"steps": [BYE], "fields": []}, [], ["bye"]),
    ):
        changed = await do(surface, "updateCallFlow", {"id": made["id"], **change}, f"callFlow {{ {wanted} }}")
        flow = changed["callFlow"]
        assert (flow["fields"], [one["name"] for one in flow["steps"]]) == (fields, names)
    tried = {"steps": [say, BYE], "fields": ["name", "debt"], "actions": []}
    told = await do(surface, "testCallFlow", tried, "path { step hears { text } }")
    assert told["path"][0]["hears"] == [{"text": "Hello , you owe ."}]


@pytest.mark.parametrize(
    ("steps", "code", "field"),
    [
        ([], "INVALID_INPUT", ["steps"]),
        ([{"hangUp": {"name": ""}}], "INVALID_INPUT", ["steps", "0", "hangUp", "name"]),
        ([{"speak": {"name": "a", "text": "x", "next": "b"}}], "UNKNOWN_STEP", ["steps", "0", "speak", "next"]),
        ([BYE, {"hangUp": {"name": "other"}}], "UNREACHABLE_STEP", ["steps", "1", "hangUp"]),
        ([{"speak": {"name": "a", "text": "x", "next": "a"}}], "ENDLESS_LOOP", ["steps", "0", "speak"]),
        ([{"mediaStream": {"name": "m", "url": "http://x"}}], "URL_NOT_ALLOWED", ["steps", "0", "mediaStream", "url"]),
        (
            [{"mediaStream": {"name": "m", "url": "wss://user:secret@bot.example/talk"}}],
            "URL_NOT_ALLOWED",
            ["steps", "0", "mediaStream", "url"],
        ),
        ([{"transfer": {"name": "t", "target": {"agentId": "agent_x"}}}], "NOT_FOUND",
         ["steps", "0", "transfer", "target", "agentId"]),
        ([{"transfer": {"name": "t", "target": {"extension": "7777"}}}], "NOT_FOUND",
         ["steps", "0", "transfer", "target", "extension"]),
        ([{"transfer": {"name": "t", "target": {"number": "911"}}}], "INVALID_NUMBER",
         ["steps", "0", "transfer", "target", "number"]),
        ([{"queue": {"name": "q", "queueId": "queue_01k3v7aaaaaaaaaaaaaaaaaaaa"}}], "NOT_FOUND",
         ["steps", "0", "queue", "queueId"]),
        ([{"voicemail": {"name": "v", "greeting": [{"audioFileId": "audio_x"}]}}], "NOT_FOUND",
         ["steps", "0", "voicemail", "audioFileId"]),
    ],
)  # fmt: skip
async def test_given_a_flow_that_cannot_work_when_made_then_it_is_told_at_its_field(
    surface: Surface, steps: list[dict[str, Any]], code: str, field: list[str]
) -> None:
    payload = await do(surface, "createCallFlow", {"name": "x", "steps": steps})
    assert [(one["code"], one["field"]) for one in payload["userErrors"]] == [(code, field)]
    tried = await do(surface, "testCallFlow", {"steps": steps})
    assert [(one["code"], one["field"]) for one in tried["userErrors"]] == [(code, field)]


async def test_given_what_a_flow_leads_to_when_deleted_then_it_is_in_use_until_the_flow_leads_elsewhere(
    surface: Surface,
) -> None:
    queue = await make_queue(surface)
    made = await make_flow(surface, [{"queue": {"name": "wait", "queueId": queue}}])
    in_use = [{"code": "INVALID_STATE", "field": ["id"], "currentState": "IN_USE"}]
    assert (await do(surface, "deleteQueue", {"id": queue}))["userErrors"] == in_use
    route = await make(surface, "InboundRoute", {"pattern": "*", "target": {"callFlowId": made["id"]}})
    assert (await do(surface, "deleteCallFlow", {"id": made["id"]}))["userErrors"] == in_use
    await do(surface, "updateCallFlow", {"id": made["id"], "steps": [BYE]})
    assert (await do(surface, "deleteQueue", {"id": queue}))["userErrors"] == []
    assert (await do(surface, "deleteInboundRoute", {"id": route["id"]}))["userErrors"] == []
    assert (await do(surface, "deleteCallFlow", {"id": made["id"]}))["userErrors"] == []


@pytest.mark.parametrize(
    ("step", "field"),
    [
        ({"speak": {"name": "a", "text": "x", "voice": "nobody", "next": "bye"}}, ["speak", "voice"]),
        ({"speak": {"name": "a", "text": "x", "languageCode": "fr-FR", "next": "bye"}}, ["speak", "languageCode"]),
        ({"speak": {"name": "a", "text": "x", "voice": "low", "languageCode": "de", "next": "bye"}},
         ["speak", "voice"]),
        (
            {"play": {"name": "a", "sounds": [{"digits": "1"}, {"speech": {"text": "x", "voice": "b"}}],
                      "next": "bye"}},
            ["play", "sounds", "1", "speech", "voice"],
        ),
        (
            {"gather": {"name": "a", "prompt": [{"speech": {"text": "x", "voice": "nobody"}}], "next": "bye",
                        "noInput": "bye"}},
            ["gather", "prompt", "0", "speech", "voice"],
        ),
        (
            {"voicemail": {"name": "a", "greeting": [{"speech": {"text": "x", "voice": "nobody"}}], "next": "bye"}},
            ["voicemail", "greeting", "0", "speech", "voice"],
        ),
        ({"speak": {"name": "a", "text": "<speak>Hi</speak>", "next": "bye"}}, ["speak", "text"]),
        ({"speak": {"name": "a", "text": "You owe &#163;5", "next": "bye"}}, ["speak", "text"]),
        (
            {"play": {"name": "a", "sounds": [{"speech": {"text": "<break time='9s'/>"}}], "next": "bye"}},
            ["play", "sounds", "0", "speech", "text"],
        ),
    ],
)  # fmt: skip
async def test_given_what_nobody_can_speak_when_a_flow_is_made_changed_or_tried_then_the_step_is_named(
    surface: Surface, step: dict[str, Any], field: list[str]
) -> None:
    made = await make_flow(surface)
    steps = [step, BYE]
    for name, given in (
        ("createCallFlow", {"name": "x", "steps": steps}),
        ("updateCallFlow", {"id": made["id"], "steps": steps}),
        ("testCallFlow", {"steps": steps}),
    ):
        payload = await do(surface, name, given)
        assert [(one["code"], one["field"]) for one in payload["userErrors"]] == [
            ("INVALID_INPUT", ["steps", "0", *field])
        ]


async def test_given_voices_that_there_are_or_that_nobody_can_tell_of_when_a_flow_is_made_then_it_is_kept(
    surface: Surface,
) -> None:
    spoken = {"name": "a", "text": "x", "voice": "high", "languageCode": "en-GB", "next": "bye"}
    await make_flow(surface, [{"speak": spoken}, BYE], name="there")
    (engine,) = surface.services.speech.speaker._engines
    assert isinstance(engine, ToneEngine)
    engine.failure = SpeechUnavailableError("Nobody answers.")
    await make_flow(surface, [{"speak": {**spoken, "voice": "perhaps"}}, BYE], name="unknown")


async def test_given_a_sound_file_or_a_template_when_a_flow_needs_it_then_it_is_deleted_only_after_that(
    surface: Surface,
) -> None:
    audio = await _sound_file(surface)
    made = await make_flow(surface, [{"play": {"name": "hi", "sounds": [{"audioFileId": audio}], "next": "bye"}}, BYE])
    refused = await _do(surface, "deleteAudioFile", {"id": audio})
    (error,) = refused["userErrors"]
    assert (error["code"], error["field"], error["currentState"]) == ("INVALID_STATE", ["id"], "IN_USE")
    assert "call flow survey" in error["message"]
    await do(surface, "updateCallFlow", {"id": made["id"], "steps": [BYE]})
    assert (await _do(surface, "deleteAudioFile", {"id": audio}))["userErrors"] == []


async def test_given_a_program_when_a_flow_leads_to_it_then_its_endpoint_is_deleted_only_when_another_allows_it(
    surface: Surface,
) -> None:
    first = await _endpoint(surface, "ws://127.0.0.1:18080/talk")
    made = await make_flow(
        surface, [{"mediaStream": {"name": "bot", "url": "ws://127.0.0.1:18080/talk?x=1", "next": "bye"}}, BYE]
    )
    other = await _endpoint(surface, "ws://127.0.0.1:18080/other")
    assert (await _do(surface, "deleteMediaEndpoint", {"id": other}))["userErrors"] == []
    (error,) = (await _do(surface, "deleteMediaEndpoint", {"id": first}))["userErrors"]
    assert (error["code"], error["field"], error["currentState"]) == ("INVALID_STATE", ["id"], "IN_USE")
    assert "call flow survey" in error["message"]
    wider = await _endpoint(surface, "ws://127.0.0.1:18080/")
    assert (await _do(surface, "deleteMediaEndpoint", {"id": first}))["userErrors"] == []
    assert (await _do(surface, "deleteMediaEndpoint", {"id": wider}))["userErrors"] != []
    await do(surface, "updateCallFlow", {"id": made["id"], "steps": [BYE]})
    assert (await _do(surface, "deleteMediaEndpoint", {"id": wider}))["userErrors"] == []


async def _do(surface: Surface, name: str, given: dict[str, Any]) -> Any:
    """As `do`, with the errors' words."""
    query = f"mutation($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ deletedId "
    query += "userErrors { code field currentState message } } }"
    return (await surface.ask(query, {"input": given}))[name]


async def _endpoint(surface: Surface, url: str) -> str:
    created = await do(surface, "createMediaEndpoint", {"url": url}, "mediaEndpoint { id }")
    endpoint_id: str = created["mediaEndpoint"]["id"]
    return endpoint_id


async def _sound_file(surface: Surface) -> str:
    content = WAV
    opened = await do(
        surface, "createUpload", {"contentType": "audio/wav", "sizeBytes": len(content)}, "upload { id url }"
    )
    address = urlsplit(opened["upload"]["url"])
    answer = await surface.client.put(
        f"{address.path}?{address.query}", content=content, headers={"Content-Type": "audio/wav"}
    )
    assert answer.status_code == 201
    made = await do(surface, "createAudioFile", {"uploadId": opened["upload"]["id"], "name": "Hi"}, "audioFile { id }")
    audio_file_id: str = made["audioFile"]["id"]
    return audio_file_id


async def test_given_a_name_that_is_taken_when_made_again_then_it_is_told(surface: Surface) -> None:
    await make_flow(surface)
    again = await do(surface, "createCallFlow", {"name": "survey", "steps": SURVEY})
    assert [(one["code"], one["field"]) for one in again["userErrors"]] == [("ALREADY_EXISTS", ["name"])]


async def test_given_a_flow_when_tried_out_then_the_path_is_told_and_no_call_is_made(surface: Surface) -> None:
    made = await make_flow(surface)
    given = {
        "callFlowId": made["id"],
        "caller": "+15550100001",
        "at": {"at": "2026-03-02T12:00:00Z"},
        "actions": [{"press": "9"}, {"press": "1"}, {"wait": True}],
    }
    tried = await do(surface, "testCallFlow", given, _TRIED)
    assert tried["userErrors"] == []
    assert [one["step"] for one in tried["path"]] == ["menu", "one", "bye"]
    menu, one, _ = tried["path"]
    assert [sound["text"] or sound["tone"] for sound in menu["hears"]] == ["Press 1 or 2.", "BEEP"] * 2
    assert menu["gathered"] == [
        {"attempt": 1, "result": "NO_MATCH", "digits": "9"},
        {"attempt": 2, "result": "MATCHED", "digits": "1"},
    ]
    assert one["hears"] == [{"text": "You pressed 1.", "tone": None}]
    assert (tried["ending"], tried["disposition"], tried["unusedActions"]) == ("COMPLETED", "ANSWERED", 1)
    assert (await surface.ask("{ calls { nodes { id } } }"))["calls"]["nodes"] == []
    first = await do(surface, "testCallFlow", {**given, "version": 7}, _TRIED)
    assert [(one["code"], one["field"]) for one in first["userErrors"]] == [("NOT_FOUND", ["version"])]
    neither = await do(surface, "testCallFlow", {}, _TRIED)
    assert [(one["code"], one["field"]) for one in neither["userErrors"]] == [("REQUIRED", ["callFlowId"])]
    wrong = await do(surface, "testCallFlow", {"steps": SURVEY, "actions": [{"press": "x"}]}, _TRIED)
    assert [(one["code"], one["field"]) for one in wrong["userErrors"]] == [
        ("INVALID_INPUT", ["actions", "0", "press"])
    ]
