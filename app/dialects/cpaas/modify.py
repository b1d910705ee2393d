"""What is done with a live call, which is named by the channel of one of its legs."""

from typing import Any, Final

from app.dialects.cpaas import answers
from app.dialects.cpaas.given import Given, GivenRefusedError, RefusedHereError
from app.dialects.desk import AskRefusedError, Desk
from app.ids import Kind, kind_of

_FIND: Final = """query CpaasLeg($legId: ID, $channelName: String) {
  liveCall(legId: $legId, channelName: $channelName) { id legs { id channelName } }
}"""
_TRANSFER: Final = """mutation CpaasTransfer($input: TransferCallInput!) {
  transferCall(input: $input) { call { id } userErrors { code message field currentState retryAfterSeconds } }
}"""
_HANG_UP: Final = """mutation CpaasHangup($input: HangupCallInput!) {
  hangupCall(input: $input) { call { id } userErrors { code message field currentState retryAfterSeconds } }
}"""
_RECORD: Final = """mutation CpaasRecord($input: StartRecordingInput!) {
  startRecording(input: $input) { recording { id } userErrors { code message field currentState retryAfterSeconds } }
}"""

_KINDS: Final = {"0": "BLIND", "1": "ATTENDED", "2": "HANG_UP", "3": "RECORD"}
_NO_LEG: Final = "-"
#: The states in which a call or its recording is, once what was asked for is done.
_DONE: Final = {"HANG_UP": frozenset({"ENDED"}), "RECORD": frozenset({"PENDING", "RECORDING", "PAUSED"})}


async def modify(desk: Desk, given: Given, key: str) -> dict[str, Any]:
    """Transfer a live call, end it, or record it."""
    kind = given.word("modify_type", _KINDS)
    if kind is None:
        raise GivenRefusedError("modify_type", "this is required.")
    target = given.needed_party("transfer_to") if kind in {"BLIND", "ATTENDED"} else None
    call_id, leg_id, is_first = await _find_once(desk, given.needed("channel"), key)
    try:
        return await _do(desk, kind, call_id, leg_id, target, key)
    except AskRefusedError as refused:
        if not is_first and refused.extensions.get("currentState") in _DONE.get(kind, ()):
            return _told(kind)  # by the same request, a moment ago
        if not refused.is_outage:
            await desk.drop_subject(key)
        raise


async def _do(
    desk: Desk, kind: str, call_id: str, leg_id: str | None, target: dict[str, str] | None, key: str
) -> dict[str, Any]:
    match kind:
        case "HANG_UP":
            await desk.ask(_HANG_UP, {"input": {"callId": call_id}})
        case "RECORD":
            await desk.ask(_RECORD, {"input": {"callId": call_id, "mode": "BOTH"}})
        case _:
            wanted: dict[str, Any] = {"callId": call_id, "kind": kind, "target": target, "idempotencyKey": key}
            if kind == "BLIND":
                wanted["legId"] = leg_id  # whose channel it is, transfers; of an attended one it is the other's
            await desk.ask(_TRANSFER, {"input": wanted})
    return _told(kind)


def _told(kind: str) -> dict[str, Any]:
    match kind:
        case "HANG_UP":
            return answers.succeed(message="call hangup successfully")
        case "RECORD":
            return answers.succeed(message="recording started successfully")
        case _:
            return answers.succeed(message=f"{kind.lower()} transferred successfully")


async def _find_once(desk: Desk, channel: str, key: str) -> tuple[str, str | None, bool]:
    """What `_find` finds, or has found for the same request before: a channel that was transferred or hung up is gone
    by then. And whether this is the first.
    """
    before = await desk.find_subject(key)
    if before:
        call_id, leg_id = before
        return call_id, None if leg_id == _NO_LEG else leg_id, False
    found_call, found_leg = await _find(desk, channel)
    is_first = await desk.keep_subject(key, found_call, found_leg or _NO_LEG)
    return found_call, found_leg, is_first


async def _find(desk: Desk, channel: str) -> tuple[str, str | None]:
    """The call that a channel, a leg or a call's id means, and the leg if one is meant."""
    kind = kind_of(channel)
    if kind is Kind.CALL:
        return channel, None
    where = {"legId": channel} if kind is Kind.LEG else {"channelName": channel}
    call = (await desk.ask(_FIND, where))["liveCall"]
    if call is None:
        raise RefusedHereError("NOT_FOUND", "channel: there is no live call with it.")
    leg_id = next((leg["id"] for leg in call["legs"] if channel in (leg["id"], leg["channelName"])), None)
    return call["id"], leg_id
