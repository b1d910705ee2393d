"""A channel that has come to our application by itself: who calls, over what, and what was dialled."""

from collections.abc import Sequence
from typing import Final

import msgspec

from app.ari.resources import Channel
from app.calls.names import STASIS

#: The first argument with which the dialplan enters a call into our application.
INBOUND: Final = "inbound"
#: Calls over a trunk; the others come from an account's own phones.
FROM_TRUNK: Final = "trunk"
_ARGUMENTS: Final = 4


class Arrival(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """``kind`` and ``endpoint`` are the dialplan's word, the rest is the caller's own, unread."""

    channel_id: str
    channel_name: str
    kind: str
    endpoint: str
    dialled: str
    caller_number: str = ""
    caller_name: str = ""


def arrival_in(channel: Channel, app: str) -> Arrival | None:
    """The arrival that a listed channel is, if it has come to this application and is there still."""
    if channel.dialplan.app_name != STASIS:
        return None
    name, *arguments = channel.dialplan.app_data.split(",")
    if name != app:
        return None
    return read_arrival(channel.id, channel.name, arguments, channel.caller.number, channel.caller.name)


def read_arrival(
    channel_id: str, channel_name: str, arguments: Sequence[str], caller_number: str, caller_name: str
) -> Arrival | None:
    """An arrival by the arguments that our dialplan enters it with; None for other channels."""
    if len(arguments) != _ARGUMENTS or arguments[0] != INBOUND:
        return None
    return Arrival(
        channel_id=channel_id,
        channel_name=channel_name,
        kind=arguments[1],
        endpoint=arguments[2],
        dialled=arguments[3],
        caller_number=caller_number,
        caller_name=caller_name,
    )
