"""What is done with a live call, which is named by the channel of one of its legs."""

from typing import Any, Final

from app.dialects.cpaas import answers
from app.dialects.cpaas.given import Given, GivenRefusedError, RefusedHereError
from app.dialects.desk import Desk
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


async def modify(desk: Desk, given: Given, key: str) -> dict[str, Any]:
    """Transfer a live call, end it, or record it."""
    kind = given.word("modify_type", _KINDS)
    if kind is None:
        raise GivenRefusedError("modify_type", "this is required.")
    target = given.needed_party("transfer_to") if kind in {"BLIND", "ATTENDED"} else None
    call_id, leg_id = await _find(desk, given.needed("channel"))
    match kind:
        case "HANG_UP":
            await desk.ask(_HANG_UP, {"input": {"callId": call_id}})
            return answers.succeed(message="call hangup successfully")
        case "RECORD":
            await desk.ask(_RECORD, {"input": {"callId": call_id, "mode": "BOTH"}})
            return answers.succeed(message="recording started successfully")
        case _:
            wanted: dict[str, Any] = {"callId": call_id, "kind": kind, "target": target, "idempotencyKey": key}
            if kind == "BLIND":
                wanted["legId"] = leg_id  # whose channel it is, transfers; of an attended one it is the other's
            await desk.ask(_TRANSFER, {"input": wanted})
            return answers.succeed(message=f"{kind.lower()} transferred successfully")


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
