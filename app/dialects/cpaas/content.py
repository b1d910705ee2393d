"""What whoever answers a campaign's call gets: an announcement, or a call flow."""

import hashlib
import re
from typing import Any, Final

import orjson

from app.dialects.cpaas import templates
from app.dialects.cpaas.given import Given, GivenRefusedError
from app.dialects.cpaas.voices import read_voice
from app.dialects.desk import AskRefusedError, Desk

_CREATE_FLOW: Final = """mutation CpaasFlow($input: CreateCallFlowInput!) {
  createCallFlow(input: $input) { callFlow { id } userErrors { code message field currentState retryAfterSeconds } }
}"""

#: The call flow that leads whoever answers a campaign of type 1, where the request names none: the document has no
#: field for it, its service has one place for each type.
FLOW_NAME: Final = "campaign_type_1"
#: Text, or a recorded file.
_DYNAMIC: Final = {"0": False, "1": True}
_FIELD: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_MOST_REPEATS: Final = 10
_DIGITS: Final = 24


async def announcement(desk: Desk, given: Given) -> dict[str, Any]:
    """A text or a recorded file, said so many times. Raises GivenRefusedError, AskRefusedError."""
    said: dict[str, Any] = {"repeat": _read_repeat(given)}
    if _is_dynamic(given):
        said |= {"text": given.needed("announcement_text"), "voice": await read_voice(desk, given)}
    else:
        said["audioFileId"] = await templates.find_audio_file(desk, given.needed("recorded_filename"))
    return {"announcement": said}


async def survey(desk: Desk, given: Given) -> dict[str, Any]:
    """The account's call flow for this; before it, what is to be announced. Raises as `announcement`.

    A call flow that announces is made once for the same words, voice and flow.
    """
    name = given.text("call_flow_id") or FLOW_NAME
    flow_id = name if name.startswith("flow_") else await templates.find_call_flow(desk, name)
    if flow_id is None:
        message = f"the account has no call flow named {FLOW_NAME}, which leads campaigns of type 1."
        if name != FLOW_NAME:
            message = "there is no call flow of this name or id."
        raise GivenRefusedError("call_flow_id" if name != FLOW_NAME else "campaign_type", message)
    if not given.has("announcement_text") and not given.has("recorded_filename"):
        return {"callFlowId": flow_id}
    return {"callFlowId": await _announce_before(desk, given, flow_id)}


async def _announce_before(desk: Desk, given: Given, flow_id: str) -> str:
    text = ""
    if _is_dynamic(given):
        text, voice = given.needed("announcement_text"), await read_voice(desk, given) or {}
        sound: dict[str, Any] = {
            "speech": {"text": text, "voice": voice.get("id"), "languageCode": voice.get("languageCode")}
        }
    else:
        file_id = await templates.find_audio_file(desk, given.needed("recorded_filename"))
        sound = {"audioFileId": file_id}
    repeat = _read_repeat(given)
    if not 1 <= repeat <= _MOST_REPEATS:
        raise GivenRefusedError("repeat", f"give 1 to {_MOST_REPEATS}.")
    content = hashlib.sha256(orjson.dumps([sound, repeat, flow_id], option=orjson.OPT_SORT_KEYS)).hexdigest()
    name = f"{FLOW_NAME} {content[:_DIGITS]}"
    steps = [
        {"play": {"name": "announce", "sounds": [sound] * repeat, "next": "lead"}},
        {"transfer": {"name": "lead", "target": {"callFlowId": flow_id}}},
    ]
    fields = sorted(set(_FIELD.findall(text)))
    try:
        made = await desk.ask(_CREATE_FLOW, {"input": {"name": name, "steps": steps, "fields": fields}})
    except AskRefusedError as refused:
        found = await templates.find_call_flow(desk, name) if refused.code == "ALREADY_EXISTS" else None
        if found is None:
            raise
        return found
    made_id: str = made["createCallFlow"]["callFlow"]["id"]
    return made_id


def _is_dynamic(given: Given) -> bool:
    """Whether a text is said; where nothing tells, whichever there is."""
    found = given.word("dynamic_announcement", _DYNAMIC)
    return not given.has("recorded_filename") if found is None else found


def _read_repeat(given: Given) -> int:
    """The examples call it one thing, the table another."""
    found = given.whole("repeat")
    if found is None:
        found = given.whole("repeat_count")
    return 1 if found is None else found
