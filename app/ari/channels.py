"""Operations on channels: make, dial, answer, play to, record, listen to, and hang up."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from app.ari.resources import Channel, LiveRecording, Playback, Variable
from app.ari.safety import (
    CallerId,
    join_list,
    safe_digits,
    safe_endpoint,
    safe_id,
    safe_recording_name,
    safe_text,
    safe_variable_name,
    safe_variables,
    safe_word,
    write_caller_id,
)
from app.ari.transport import AriTransport


class HangupReason(StrEnum):
    """ARI's words for a Q.850 cause; Asterisk answers 400 to any other."""

    NORMAL = "normal"
    BUSY = "busy"
    CONGESTION = "congestion"
    NO_ANSWER = "no_answer"
    TIMEOUT = "timeout"
    REJECTED = "rejected"
    UNALLOCATED = "unallocated"
    NORMAL_UNSPECIFIED = "normal_unspecified"
    NUMBER_INCOMPLETE = "number_incomplete"
    CODEC_MISMATCH = "codec_mismatch"
    INTERWORKING = "interworking"
    FAILURE = "failure"
    ANSWERED_ELSEWHERE = "answered_elsewhere"


class MuteDirection(StrEnum):
    """`IN`: what the channel says is not heard. `OUT`: the channel hears nothing."""

    BOTH = "both"
    IN = "in"
    OUT = "out"


class SnoopDirection(StrEnum):
    """`IN`: audio coming from the channel's device. `OUT`: audio going to it."""

    NONE = "none"
    BOTH = "both"
    OUT = "out"
    IN = "in"


class IfExists(StrEnum):
    FAIL = "fail"
    OVERWRITE = "overwrite"
    APPEND = "append"


class TerminateOn(StrEnum):
    """The key that ends a recording."""

    NONE = "none"
    ANY = "any"
    STAR = "*"
    POUND = "#"


class ChannelOperations(AriTransport):
    async def list_channels(self) -> list[Channel]:
        """Every channel of that Asterisk, other people's too: look at the ids before touching one."""
        return await self._fetch(list[Channel], "GET /channels")

    async def get_channel(self, channel_id: str) -> Channel:
        operation = "GET /channels/{}"
        return await self._fetch(Channel, operation, safe_id(channel_id, "channel id", operation=operation))

    async def create_channel(
        self,
        endpoint: str,
        channel_id: str,
        *,
        app_args: Sequence[str] = (),
        variables: Mapping[str, str] | None = None,
        formats: Sequence[str] = (),
        originator: str | None = None,
        other_channel_id: str | None = None,
    ) -> Channel:
        """Make a channel without dialling. Wait for its StasisStart before `dial`: at once gets AriConflict.

        `other_channel_id` names the second half of a Local channel. `originator` is the channel whose formats and
        linked id it inherits; it excludes `formats`.
        """
        operation = "POST /channels/create"
        return await self._fetch(
            Channel,
            operation,
            query={
                "endpoint": safe_endpoint(endpoint, operation=operation),
                "app": self.app,
                "appArgs": join_list(app_args, "application argument", operation=operation),
                "channelId": safe_id(channel_id, "channel id", operation=operation),
                "otherChannelId": _optional_id(other_channel_id, operation),
                "originator": _optional_id(originator, operation),
                "formats": join_list(formats, "format", operation=operation),
            },
            body=_variables_body(variables, operation),
        )

    async def dial(self, channel_id: str, *, timeout_seconds: int, caller: str | None = None) -> None:
        """Ring a created channel for at most `timeout_seconds` (at least 1). `caller` is a channel id."""
        operation = "POST /channels/{}/dial"
        await self._send(
            operation,
            safe_id(channel_id, "channel id", operation=operation),
            query={"timeout": max(1, timeout_seconds), "caller": _optional_id(caller, operation)},
        )

    async def originate(
        self,
        endpoint: str,
        channel_id: str,
        *,
        timeout_seconds: int,
        app_args: Sequence[str] = (),
        variables: Mapping[str, str] | None = None,
        caller_id: CallerId | None = None,
        formats: Sequence[str] = (),
        originator: str | None = None,
        other_channel_id: str | None = None,
    ) -> Channel:
        """Make and dial in one request. StasisStart comes on answer only."""
        operation = "POST /channels"
        return await self._fetch(
            Channel,
            operation,
            query={
                "endpoint": safe_endpoint(endpoint, operation=operation),
                "app": self.app,
                "appArgs": join_list(app_args, "application argument", operation=operation),
                "callerId": write_caller_id(caller_id, operation=operation),
                "timeout": max(1, timeout_seconds),
                "channelId": safe_id(channel_id, "channel id", operation=operation),
                "otherChannelId": _optional_id(other_channel_id, operation),
                "originator": _optional_id(originator, operation),
                "formats": join_list(formats, "format", operation=operation),
            },
            body=_variables_body(variables, operation),
        )

    async def external_media(self, channel_id: str, *, audio_format: str, options: str = "") -> Channel:
        """Make a channel whose sound comes and goes over a websocket that somebody opens to Asterisk (chan_websocket).

        Its address there is ``/media/`` and the variable MEDIA_WEBSOCKET_CONNECTION_ID of the answer's ``channelvars``;
        it needs no other credential. StasisStart comes once it is open, and with its end the channel ends.
        """
        operation = "POST /channels/externalMedia"
        return await self._fetch(
            Channel,
            operation,
            query={
                "channelId": safe_id(channel_id, "channel id", operation=operation),
                "app": self.app,
                "external_host": "INCOMING",
                "encapsulation": "none",
                "transport": "websocket",
                "connection_type": "server",
                "format": safe_word(audio_format, "format", operation=operation),
                "transport_data": safe_text(options, "option", operation=operation) or None,
            },
        )

    async def answer(self, channel_id: str) -> None:
        await self._act("POST /channels/{}/answer", channel_id)

    async def hangup(
        self, channel_id: str, *, reason: HangupReason | None = None, reason_code: int | None = None
    ) -> None:
        """Hang up, with a word or with a Q.850 cause number; Asterisk takes one of the two."""
        operation = "DELETE /channels/{}"
        await self._send(
            operation,
            safe_id(channel_id, "channel id", operation=operation),
            query={"reason": reason if reason_code is None else None, "reason_code": reason_code},
        )

    async def ring(self, channel_id: str) -> None:
        await self._act("POST /channels/{}/ring", channel_id)

    async def ring_stop(self, channel_id: str) -> None:
        await self._act("DELETE /channels/{}/ring", channel_id)

    async def mute(self, channel_id: str, *, direction: MuteDirection = MuteDirection.BOTH) -> None:
        await self._act("POST /channels/{}/mute", channel_id, direction=direction)

    async def unmute(self, channel_id: str, *, direction: MuteDirection = MuteDirection.BOTH) -> None:
        await self._act("DELETE /channels/{}/mute", channel_id, direction=direction)

    async def hold(self, channel_id: str) -> None:
        await self._act("POST /channels/{}/hold", channel_id)

    async def unhold(self, channel_id: str) -> None:
        await self._act("DELETE /channels/{}/hold", channel_id)

    async def start_moh(self, channel_id: str, *, music_class: str | None = None) -> None:
        operation = "POST /channels/{}/moh"
        checked = music_class and safe_word(music_class, "music class", operation=operation)
        await self._act(operation, channel_id, mohClass=checked)

    async def stop_moh(self, channel_id: str) -> None:
        await self._act("DELETE /channels/{}/moh", channel_id)

    async def send_dtmf(
        self,
        channel_id: str,
        digits: str,
        *,
        before_ms: int | None = None,
        between_ms: int | None = None,
        duration_ms: int | None = None,
        after_ms: int | None = None,
    ) -> None:
        """Play digits to the channel. They travel in the body: a URL ends up in logs."""
        operation = "POST /channels/{}/dtmf"
        timings = {"before": before_ms, "between": between_ms, "duration": duration_ms, "after": after_ms}
        await self._send(
            operation,
            safe_id(channel_id, "channel id", operation=operation),
            body={
                "dtmf": safe_digits(digits, operation=operation),
                **{name: value for name, value in timings.items() if value is not None},
            },
        )

    async def play(
        self,
        channel_id: str,
        media: str | Sequence[str],
        playback_id: str,
        *,
        language: str | None = None,
        offset_ms: int | None = None,
        skip_ms: int | None = None,
    ) -> Playback:
        """Play media URIs (`sound:`, `recording:`, `tone:`, `digits:` …) one after the other.

        AriInvalid (412) on a channel that is not up.
        """
        operation = "POST /channels/{}/play/{}"
        uris = [media] if isinstance(media, str) else media
        return await self._fetch(
            Playback,
            operation,
            safe_id(channel_id, "channel id", operation=operation),
            safe_id(playback_id, "playback id", operation=operation),
            query={
                "media": join_list(uris, "media", operation=operation),
                "lang": language and safe_word(language, "language", operation=operation),
                "offsetms": offset_ms,
                "skipms": skip_ms,
            },
        )

    async def record(
        self,
        channel_id: str,
        name: str,
        *,
        audio_format: str = "wav",
        max_duration_seconds: int = 0,
        max_silence_seconds: int = 0,
        if_exists: IfExists = IfExists.FAIL,
        beep: bool = False,
        terminate_on: TerminateOn = TerminateOn.NONE,
    ) -> LiveRecording:
        """Record what the channel says; 0 means no limit. AriConflict when the name is taken.

        A channel inside a bridge cannot be recorded, and one that was created and dialled is in a bridge of Asterisk's
        own that `list_bridges` does not show: the request succeeds, then RecordingFailed comes. Record a snoop instead.
        """
        operation = "POST /channels/{}/record"
        return await self._fetch(
            LiveRecording,
            operation,
            safe_id(channel_id, "channel id", operation=operation),
            query={
                "name": safe_recording_name(name, operation=operation),
                "format": safe_word(audio_format, "format", operation=operation),
                "maxDurationSeconds": max_duration_seconds,
                "maxSilenceSeconds": max_silence_seconds,
                "ifExists": if_exists,
                "beep": beep,
                "terminateOn": terminate_on,
            },
        )

    async def set_variable(self, channel_id: str, name: str, value: str) -> None:
        """Set a variable or write through a function (`PITCH_SHIFT(rx)`). The value travels in the body."""
        operation = "POST /channels/{}/variable"
        await self._send(
            operation,
            safe_id(channel_id, "channel id", operation=operation),
            body={
                "variable": safe_variable_name(name, operation=operation),
                "value": safe_text(value, "variable value", operation=operation),
            },
        )

    async def get_variable(self, channel_id: str, name: str) -> str:
        """Read a variable or a function of a channel; AriNotFound when it is not set."""
        operation = "GET /channels/{}/variable"
        answer = await self._fetch(
            Variable,
            operation,
            safe_id(channel_id, "channel id", operation=operation),
            query={"variable": safe_variable_name(name, operation=operation)},
        )
        return answer.value

    async def snoop(
        self,
        channel_id: str,
        snoop_id: str,
        *,
        spy: SnoopDirection = SnoopDirection.NONE,
        whisper: SnoopDirection = SnoopDirection.NONE,
        app_args: Sequence[str] = (),
    ) -> Channel:
        """Attach a channel that hears and speaks into another one without being in its bridge."""
        operation = "POST /channels/{}/snoop/{}"
        return await self._fetch(
            Channel,
            operation,
            safe_id(channel_id, "channel id", operation=operation),
            safe_id(snoop_id, "snoop id", operation=operation),
            query={
                "spy": spy,
                "whisper": whisper,
                "app": self.app,
                "appArgs": join_list(app_args, "application argument", operation=operation),
            },
        )

    async def continue_in_dialplan(
        self,
        channel_id: str,
        *,
        context: str | None = None,
        extension: str | None = None,
        priority: int | None = None,
    ) -> None:
        """Leave the application for the dialplan, where the channel was or at the given place."""
        operation = "POST /channels/{}/continue"
        await self._act(
            operation,
            channel_id,
            context=context and safe_word(context, "context", operation=operation),
            extension=extension and safe_word(extension, "extension", operation=operation),
            priority=priority,
        )

    async def redirect(self, channel_id: str, endpoint: str) -> None:
        """Ask the device to move to `PJSIP/sip:user@host` (302 or REFER). Success means asked, not moved."""
        operation = "POST /channels/{}/redirect"
        await self._act(operation, channel_id, endpoint=safe_endpoint(endpoint, operation=operation))

    async def _act(self, operation: str, channel_id: str, **query: str | int | None) -> None:
        await self._send(operation, safe_id(channel_id, "channel id", operation=operation), query=query)


def _optional_id(value: str | None, operation: str) -> str | None:
    return None if value is None else safe_id(value, "channel id", operation=operation)


def _variables_body(variables: Mapping[str, str] | None, operation: str) -> dict[str, dict[str, str]] | None:
    checked = safe_variables(variables, operation=operation)
    return None if checked is None else {"variables": checked}
