"""Calls that are placed at once: two parties connected, and a one-time password told."""

from typing import Any, Final

from app.dialects.cpaas import answers, templates
from app.dialects.cpaas.given import Given
from app.dialects.cpaas.voices import read_voice
from app.dialects.desk import Desk

_ORIGINATE: Final = """mutation CpaasClickToCall($input: OriginateCallInput!) {
  originateCall(input: $input) { call { id } userErrors { code message field currentState retryAfterSeconds } }
}"""
_ANNOUNCE: Final = """mutation CpaasOtp($input: AnnounceOtpInput!) {
  announceOtp(input: $input) { otp { id } userErrors { code message field currentState retryAfterSeconds } }
}"""

#: Whose voice is recorded. The document's own example says ``on``, which is no word of its list: both are.
RECORDINGS: Final = {"both": "BOTH", "agent": "AGENT", "customer": "CUSTOMER", "off": "OFF", "on": "BOTH"}
SWITCH: Final = {"on": True, "off": False}


async def click_to_call(desk: Desk, given: Given, key: str) -> dict[str, Any]:
    """Call the agent, then the destination, and connect them."""
    recording, transcribe = read_recording(given)
    data = await desk.ask(
        _ORIGINATE,
        {
            "input": {
                "idempotencyKey": key,
                "connect": given.needed_party("agent_number"),
                "destination": given.needed_party("destination_number"),
                **read_shown(given),
                "recordingMode": recording or "OFF",
                "transcribe": transcribe or False,
            }
        },
    )
    return answers.succeed(request_id=data["originateCall"]["call"]["id"])


async def tell_password(desk: Desk, given: Given, key: str) -> dict[str, Any]:
    """Call the customer, and tell the one-time password."""
    wanted: dict[str, Any] = {
        "idempotencyKey": key,
        "number": given.needed("customer_number"),
        "code": given.needed("otp"),
        "callerId": given.text("caller_id"),
        "voice": await read_voice(desk, given),
    }
    template = given.text("announce_template_id")
    if template is not None:
        wanted["announcement"] = {"template": {"id": await templates.find_template(desk, template)}}
    repeat = given.whole("repeat")
    if repeat is not None:
        wanted["repeat"] = repeat
    data = await desk.ask(_ANNOUNCE, {"input": wanted})
    return answers.succeed(request_id=data["announceOtp"]["otp"]["id"])


def read_shown(given: Given) -> dict[str, Any]:
    """The number that both see calling, the agent too; without one, what the schema shows each of them."""
    caller_id = given.text("caller_id")
    return {} if caller_id is None else {"callerId": caller_id, "agentDisplay": "CALLER_ID"}


def read_recording(given: Given) -> tuple[str | None, bool | None]:
    """Whose voice is recorded, and whether it is transcribed; None is what was not said.

    Only what is recorded can be transcribed, so whoever asks for a transcript without a word on recording gets both.
    """
    recording, transcribe = given.word("recording_option", RECORDINGS), given.word("transcript", SWITCH)
    if transcribe and recording is None:
        recording = "BOTH"
    return recording, transcribe
