"""Where hostile input of speech and of programs may be given, with a good value for each place."""

import uuid
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from app.ids import Kind, new_id
from tests.api.conftest import Surface
from tests.security.hostile import Field
from tests.security.hostile_places import ASKED_FORM_ALONE, GOOD, Given, Place, Things, originate
from tests.security.hostile_speech import ALLOWED_URL

_NOT_BESIDE: Final = ("not allowed by the account",)
#: A flow, or a route, is asked again when somebody gets there.
_LATER: Final = ("hosts inside", "plain", *_NOT_BESIDE)


def _key() -> str:
    return str(uuid.uuid4())


def _place(mutation: str, where: str, kind: Field, given: Given, **more: Any) -> Place:
    return Place(mutation=mutation, where=where, field=kind, given=given, **more)


def _flow(kind: str, step: Mapping[str, Any]) -> dict[str, Any]:
    steps = [{kind: {"name": "s", **step}}]
    return {"name": _key(), "steps": [*steps, {"hangUp": {"name": "bye"}}]}


def _filled(world: Things, one: Any) -> dict[str, Any]:
    return {"id": world.made["template"], "fields": [{"name": "code", "value": one}]}


def _announced(world: Things, one: Any) -> dict[str, Any]:
    fields = [{"name": "code", "value": one}]
    return originate(connect={"announcement": {"templateId": world.made["template"], "fields": fields}})


def _otp(world: Things, one: Any) -> dict[str, Any]:
    fields = [{"name": "word", "value": one}]
    given = {"template": {"id": world.made["otp template"], "fields": fields}}
    return {"number": GOOD, "idempotencyKey": _key(), "ttlSeconds": 60.0, "announcement": given}


def _listed(**fields: Any) -> dict[str, Any]:
    return {"source": "carriers", "numbers": [{"number": GOOD, **fields}]}


def _flow_speech(name: str, _: Things, one: Any) -> dict[str, Any]:
    return _flow("speak", {"text": "Hello.", "next": "bye", name: one})


def _flow_prompt(name: str, _: Things, one: Any) -> dict[str, Any]:
    return _flow("play", {"sounds": [{"speech": {"text": "Hello.", name: one}}], "next": "bye"})


def _texts() -> Iterator[Place]:
    for name, kind in (("text", Field.FLOW_TEXT), ("voice", Field.VOICE_NAME), ("languageCode", Field.LANGUAGE)):
        yield _place("createCallFlow", f"steps.speak.{name}", kind, partial(_flow_speech, name))
        yield _place("createCallFlow", f"steps.play.sounds.speech.{name}", kind, partial(_flow_prompt, name))
    yield _place(
        "updateAnnouncementTemplate",
        "text",
        Field.TEMPLATE,
        lambda world, one: {"id": world.made["template"], "text": one},
        needs="template",
    )
    yield _place(
        "speak",
        "say.template.fields",
        Field.FIELD_VALUE,
        lambda world, one: {"callId": world.call_id, "say": {"template": _filled(world, one)}},
        needs="call+template",
    )
    yield _place("originateCall", "connect.announcement.fields", Field.FIELD_VALUE, _announced, needs="template")
    yield _place("announceOtp", "announcement.template.fields", Field.FIELD_VALUE, _otp, needs="template")
    yield _place("createAnnouncementTemplate", "text markup", Field.SPOKEN_TEXT, _template_text)
    yield _place("announceOtp", "announcement.text markup", Field.OTP_TEXT, _otp_text)


def _template_text(_: Things, one: Any) -> dict[str, Any]:
    return {"name": _key(), "text": one}


def _otp_text(_: Things, one: Any) -> dict[str, Any]:
    return {"number": GOOD, "idempotencyKey": _key(), "ttlSeconds": 60.0, "announcement": {"text": one}}


def _voices() -> Iterator[Place]:
    yield _place(
        "createAnnouncementTemplate",
        "voice",
        Field.VOICE,
        lambda _, one: {"name": _key(), "text": "Hello.", "voice": one},
    )
    yield _place(
        "updateAnnouncementTemplate",
        "voice",
        Field.VOICE,
        lambda world, one: {"id": world.made["template"], "voice": one},
        needs="template",
    )
    yield _place(
        "originateCall",
        "connect.announcement.voice",
        Field.VOICE,
        lambda _, one: originate(connect={"announcement": {"text": "Hello.", "voice": one}}),
    )


def _programs() -> Iterator[Place]:
    kind = Field.STREAM_URL
    yield _place("createMediaEndpoint", "url", kind, lambda _, one: {"url": one}, skipped=_NOT_BESIDE)
    yield _place(
        "startMediaStream",
        "url",
        kind,
        lambda world, one: {"legId": world.leg_id, "url": one},
        needs="call+program",
    )
    yield _place(
        "originateCall",
        "connect.mediaStream.url",
        kind,
        lambda _, one: originate(connect={"mediaStream": {"url": one}}),
        needs="program",
    )
    yield _place(
        "createCallFlow",
        "steps.mediaStream.url",
        kind,
        lambda _, one: _flow("mediaStream", {"url": one, "next": "bye"}),
        skipped=_LATER,
    )
    yield _place(
        "createInboundRoute",
        "target.mediaStream.url",
        kind,
        lambda _, one: {"pattern": "+15550178001", "target": {"mediaStream": {"url": one}}},
        skipped=_LATER,
    )
    yield _place(
        "originateCall",
        "connect.dialplan.extension",
        Field.DIALPLAN_EXTENSION,
        lambda _, one: originate(connect={"dialplan": {"context": "house-menus", "extension": one}}),
    )


def _heard() -> Iterator[Place]:
    for name, kind in (("languageCode", Field.LANGUAGE), ("phrases", Field.PHRASES)):
        yield _place("transcribe", name, kind, partial(_transcribe, name), needs="recording")


def _transcribe(name: str, world: Things, one: Any) -> dict[str, Any]:
    return {"recordingId": world.made["recording"], name: one}


def _notes() -> Iterator[Place]:
    yield _place(
        "importFlaggedNumbers",
        "numbers.number",
        Field.NUMBER,
        lambda _, one: _listed(number=one),
        keeps_numbers=True,
        skipped=ASKED_FORM_ALONE,
    )
    yield _place("importFlaggedNumbers", "numbers.reason", Field.NOTE, lambda _, one: _listed(reason=one))
    yield _place(
        "importFlaggedNumbers", "source", Field.NOTE, lambda _, one: {"source": one, "numbers": [{"number": GOOD}]}
    )
    yield _place(
        "reportNumberComplaint",
        "note",
        Field.NOTE,
        lambda world, one: {"outboundNumberId": world.made["number"], "note": one},
        needs="number",
    )
    yield _place(
        "reportNumberComplaint", "outboundNumberId", Field.ID, lambda _, one: {"outboundNumberId": one, "note": "x"}
    )
    yield _place("reportNumberComplaint", "callId", Field.ID, lambda _, one: {"callId": one})


#: What is made for a place that needs it: the mutation, what it is given, and where the answer has the id.
_MADE: Final[dict[str, tuple[tuple[str, str, dict[str, Any], str], ...]]] = {
    "template": (
        ("template", "createAnnouncementTemplate", {"name": "t", "text": "It is {code}."}, "announcementTemplate"),
        (
            *("otp template", "createAnnouncementTemplate"),
            *({"name": "o", "text": "{word}: {code}"}, "announcementTemplate"),
        ),
    ),
    "program": (("program", "createMediaEndpoint", {"url": ALLOWED_URL}, "mediaEndpoint"),),
    "number": (("number", "createOutboundNumber", {"number": "+15550177003"}, "outboundNumber"),),
}
_RECORDING: Final = """
INSERT INTO recording (id, account_id, call_id, mode, state, created_at, saved_at, object_key)
VALUES ($1, $2, $3, 'CUSTOMER', 'SAVED', now(), now(), 'x')
"""


async def make_for(needs: str, surface: Surface, made: dict[str, str]) -> None:
    """Make what is needed, and note the ids."""
    if needs == "recording":
        made["recording"] = new_id(Kind.RECORDING)
        async with surface.database.acquire() as connection:
            await connection.execute(_RECORDING, made["recording"], surface.account.id, new_id(Kind.CALL))
    for name, mutation, given, part in _MADE.get(needs, ()):
        kind = f"{mutation[0].upper()}{mutation[1:]}Input!"
        query = f"mutation($input: {kind}) {{ {mutation}(input: $input) {{ {part} {{ id }} userErrors {{ code }} }} }}"
        answer = (await surface.ask(query, {"input": given}))[mutation]
        assert answer["userErrors"] == [], answer
        made[name] = answer[part]["id"]


#: What each kind of place takes; the others' are the general ones.
GOOD_VALUES: Final[dict[Field, Any]] = {
    Field.FLOW_TEXT: "Good morning, {caller}.",
    Field.FIELD_VALUE: "four & seven < eight",
    Field.VOICE_NAME: "low",
    Field.LANGUAGE: "en-US",
    Field.PHRASES: ["yes please", "no"],
    Field.NOTE: "Called it spam – twice.",
    Field.DIALPLAN_EXTENSION: "s",
    Field.STREAM_URL: ALLOWED_URL + "bot?token=1",
    Field.OTP_TEXT: "Your code is {code}.",
}

SPEECH_PLACES: Final = [*_texts(), *_voices(), *_programs(), *_heard(), *_notes()]
