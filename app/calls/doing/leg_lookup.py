"""What Asterisk knows of a leg: where its channel stands, or how it ended."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple

import structlog

from app.ari.client import AriClient
from app.ari.errors import AriNotFound, AriRefused
from app.ari.resources import Channel
from app.calls.core import inputs
from app.calls.core.inputs import Input
from app.calls.names import STASIS, channel_of, hangup_memory
from app.calls.quality import parse_quality
from app.ids import LegId

_log = structlog.get_logger(__name__)

#: Since when a channel is up, by the record that Asterisk keeps of it: seconds with six decimals, 0 when it is not.
#: One that is moved from bridge to bridge begins another record: so it is right only until somebody acts on the answer.
ANSWERED: Final = "CDR(answer,u)"
#: What a channel runs last: the dialplan's hang-up handler.
_LAST: Final = "Return"
_STAMP: Final = re.compile(r"[0-9]{1,11}(?:\.[0-9]{1,9})?")  # seconds; eleven digits are well within any calendar
_CAUSE: Final = re.compile(r"[0-9]{1,3}")  # Q.850: 7 bits
_SIP_FAILURE: Final = re.compile(r"SIP +([3-6][0-9]{2})(?![0-9])")  # RFC 3261, 7.2: 3xx to 6xx are final and no success


def is_over(channel: Channel) -> bool:
    """Whether Asterisk lists a channel that has ended: it does while a REFER that was sent on it is unanswered."""
    return channel.dialplan.app_name == _LAST


@dataclass(frozen=True, slots=True)
class LegLookup:
    """Looks legs up in one Asterisk."""

    ari: AriClient
    node: str

    async def look_up(self, leg_id: LegId, *, is_late: bool, channel_id: str | None = None) -> tuple[Input, ...]:
        """What Asterisk knows of a leg now: where its channel stands, or how it ended.

        ``channel_id``: of a leg that came to us, its channel.
        """
        try:
            channel = await self.ari.get_channel(channel_id or channel_of(self.node, leg_id))
        except AriNotFound:
            return (await self.how_it_ended(leg_id, is_late=is_late, channel_id=channel_id),)
        if is_over(channel):
            return (await self.how_it_ended(leg_id, is_late=is_late, channel_id=channel_id),)
        match channel.state:
            case "Up":
                return (await self.since_when(leg_id, channel, is_late=is_late, channel_id=channel_id),)
            case "Ringing":
                return (inputs.LegRinging(leg_id=leg_id),)
            case _ if channel_id is not None:
                return ()  # it waits for our answer
            case _:
                return await self.look_into(leg_id, channel, is_late=is_late)

    async def since_when(
        self, leg_id: LegId, channel: Channel, *, is_late: bool, channel_id: str | None = None
    ) -> inputs.LegAnswered | inputs.LegDestroyed:
        """Of a leg whose channel is up: when it was answered; or how it ended, if it is gone by now."""
        answered_at: datetime | None = None
        try:
            answered_at = _instant(await self.ari.get_variable(channel.id, ANSWERED))
        except AriNotFound:
            end = await self.how_it_ended(leg_id, is_late=is_late, channel_id=channel_id)
            if not end.is_untraced:
                return end
        except AriRefused as error:
            _log.info("answer_not_dated", reason=str(error))  # an Asterisk that keeps no such records: it is up now
        return inputs.LegAnswered(leg_id=leg_id, at=answered_at)

    async def look_into(self, leg_id: LegId, channel: Channel, *, is_late: bool) -> tuple[Input, ...]:
        """What became of a leg whose channel is neither up nor ringing: whether it can be dialled, or was."""
        found: list[Input] = []
        if is_late and channel.dialplan.app_name == STASIS:
            # Otherwise its StasisStart is still to come, and only then can it be dialled.
            found.append(inputs.LegCreated(leg_id=leg_id, channel_name=channel.name))
        try:
            if not await self.ari.get_variable(channel.id, "HANGUPCAUSE_KEYS()"):
                found.append(inputs.LegSilent(leg_id=leg_id))  # not so much as a 100
            elif await self.ari.get_variable(channel.id, "CHANNEL(pjsip,remote_tag)"):
                found.append(inputs.LegRinging(leg_id=leg_id))  # a 18x: a 100 has no tag (RFC 3261, 8.2.6.2)
        except AriRefused as error:
            # Gone meanwhile, or an Asterisk without these functions: what is known stands, and its timers.
            _log.info("leg_not_looked_into", reason=str(error))
        return tuple(found)

    async def how_it_ended(self, leg_id: LegId, *, is_late: bool, channel_id: str | None = None) -> inputs.LegDestroyed:
        """From Asterisk's memory, of a leg that has no channel there (any more)."""
        memory = await self.ari.get_global_variable(hangup_memory(channel_id or channel_of(self.node, leg_id)))
        end = parse_hangup_memory(memory)
        return inputs.LegDestroyed(
            leg_id=leg_id,
            cause=end.cause,
            sip_code=end.sip_code,
            at=end.at,
            answered_at=end.answered_at,
            is_late=is_late,
            is_untraced=end.at is None,
            quality=parse_quality(memory.rpartition("|")[2]),
        )


class HangupMemory(NamedTuple):
    """How a channel ended, and since when it had been up; None for what is not known, or was not so."""

    at: datetime | None = None
    cause: int | None = None
    sip_code: int | None = None
    answered_at: datetime | None = None


def parse_hangup_memory(text: str) -> HangupMemory:
    """What is in ``1795221571.395|16|SIP 200 OK|1795221560.118000|…``; an older dialplan leaves the answer away.

    The dialplan's hang-up handler writes it, with what ``parse_quality`` reads at the end. A provisional or successful
    SIP status says nothing about the end.
    """
    stamp, _, rest = text.partition("|")
    at = _instant(stamp)
    if at is None:
        return HangupMemory()
    cause_text, _, words = rest.partition("|")
    cause = int(cause_text) if _CAUSE.fullmatch(cause_text) else None
    status = _SIP_FAILURE.match(words)
    # The far end's own words stand before it, and may hold anything.
    answered_at = _instant(words.rpartition("|")[0].rpartition("|")[2])
    return HangupMemory(at, cause, int(status[1]) if status else None, answered_at)


def _instant(stamp: str) -> datetime | None:
    if _STAMP.fullmatch(stamp) is None:
        return None
    seconds = float(stamp)
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
