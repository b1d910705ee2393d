"""Calls that are placed at a time: made, changed and taken back."""

from collections.abc import Mapping
from typing import Any, Final

from app.dialects.cpaas import answers
from app.dialects.cpaas.calls import read_recording, read_shown
from app.dialects.cpaas.given import Given, RefusedHereError
from app.dialects.desk import Desk

_SCHEDULE: Final = """mutation CpaasSchedule($input: ScheduleCallbackInput!) {
  scheduleCallback(input: $input) {
    callback { id state } userErrors { code message field currentState retryAfterSeconds }
  }
}"""
_UPDATE: Final = """mutation CpaasReschedule($input: UpdateCallbackInput!) {
  updateCallback(input: $input) {
    callback { id } userErrors { code message field currentState retryAfterSeconds }
  }
}"""
_CANCEL: Final = """mutation CpaasCancel($input: CancelCallbackInput!) {
  cancelCallback(input: $input) {
    callback { id } userErrors { code message field currentState retryAfterSeconds }
  }
}"""
_CLOCK: Final = """query CpaasCallback($id: ID!) {
  callback(id: $id) { local { dateTime timeZone } }
}"""

_DEFAULT_ZONE: Final = "UTC"


async def schedule(desk: Desk, given: Given, key: str) -> dict[str, Any]:
    """Have a call placed at a time by somebody's clock."""
    recording, transcribe = read_recording(given)
    local = {"dateTime": given.needed_moment("scheduled_at"), "timeZone": given.text("time_zone") or _DEFAULT_ZONE}
    wanted = {
        "at": {"local": local},
        "connect": given.needed_party("agent_number"),
        "destination": given.needed_party("destination_number"),
        **read_shown(given),
        "recordingMode": recording or "OFF",
        "transcribe": transcribe or False,
    }
    kept = await _schedule(desk, wanted, key)
    # Who took it back and asks for it again means another one, though it is the same request.
    while kept["state"] == "CANCELLED":
        kept = await _schedule(desk, wanted, f"{key}/{kept['id']}")
    return answers.succeed(request_id=kept["id"])


async def _schedule(desk: Desk, wanted: Mapping[str, Any], key: str) -> dict[str, str]:
    data = await desk.ask(_SCHEDULE, {"input": {**wanted, "idempotencyKey": key}})
    callback: dict[str, str] = data["scheduleCallback"]["callback"]
    return callback


async def update(desk: Desk, given: Given, _key: str) -> dict[str, Any]:
    """Change what is given. A time without a zone is by the clock that the callback was made for."""
    callback_id = given.needed("request_id")
    recording, transcribe = read_recording(given)
    found = {
        "connect": given.party("agent_number"),
        "destination": given.party("destination_number"),
        **read_shown(given),
        "recordingMode": recording,
        "transcribe": transcribe,
        "at": await _read_time(desk, given, callback_id),
    }
    changes = {name: value for name, value in found.items() if value is not None}
    data = await desk.ask(_UPDATE, {"input": {"id": callback_id, **changes}})
    return answers.succeed(
        message="callback data modified successfully", request_id=data["updateCallback"]["callback"]["id"]
    )


async def cancel(desk: Desk, given: Given, _key: str) -> dict[str, Any]:
    """Take a callback back that has not begun."""
    data = await desk.ask(_CANCEL, {"input": {"id": given.needed("request_id")}})
    return answers.succeed(
        message="callback request deleted successfully", request_id=data["cancelCallback"]["callback"]["id"]
    )


async def _read_time(desk: Desk, given: Given, callback_id: str) -> dict[str, Any] | None:
    moment, zone = given.moment("scheduled_at"), given.text("time_zone")
    if moment is None and zone is None:
        return None
    if moment is None or zone is None:
        kept = (await desk.ask(_CLOCK, {"id": callback_id}))["callback"]
        if kept is None:
            raise RefusedHereError("NOT_FOUND", "request_id: there is no such callback.")
        local = kept["local"] or {}
        moment, zone = moment or local.get("dateTime"), zone or local.get("timeZone") or _DEFAULT_ZONE
    if moment is None:
        return None  # of a callback that another client made for an instant: it has no clock to move to a zone
    return {"local": {"dateTime": moment, "timeZone": zone}}
