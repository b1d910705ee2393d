"""All media streams of one node: opened and closed by calls' commands, each with one report."""

import asyncio
import ssl
from typing import Final

import structlog

from app.ari.client import AriClient
from app.clock import Clock
from app.egress.streams import StreamGuard
from app.errors import OverloadedError
from app.facts.vocabulary import MediaStreamEnd
from app.media.beep_listener import BeepListener
from app.media.model import Report, StreamJob, TakeReport
from app.media.relay import Allows, Relay

_log = structlog.get_logger(__name__)

MOST_STREAMS: Final = 200
_AGAIN_SECONDS: Final = 0.5


class MediaStreams:
    """One node's. ``report`` takes how each ended. ``run`` works until cancelled, which ends them all."""

    def __init__(
        self,
        ari: AriClient,
        report: TakeReport,
        *,
        node: str,
        guard: StreamGuard,
        allows: Allows,
        clock: Clock,
        connect_seconds: float = 5.0,
        most: int = MOST_STREAMS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._ari = ari
        self._report = report
        self._node = node
        self._guard = guard
        self._allows = allows
        self._clock = clock
        self._connect_seconds = connect_seconds
        self._most = most
        self._tls = tls
        self._relays: dict[str, Relay | BeepListener] = {}
        # Bounded by ``most``: each is in _relays.
        self._newcomers: asyncio.Queue[Relay | BeepListener] = asyncio.Queue()

    @property
    def count(self) -> int:
        """How many streams there are."""
        return len(self._relays)

    def open(self, job: StreamJob) -> None:
        """Open a stream; what comes of it is reported. One that is open is left so.

        Raises:
            OverloadedError: this node has as many as it may.
        """
        if job.stream_id in self._relays:
            return
        if len(self._relays) >= self._most:
            raise OverloadedError(f"This node has its {self._most} media streams already.")
        relay: Relay | BeepListener
        if job.finds_beep:
            relay = BeepListener(job, ari=self._ari, node=self._node, connect_seconds=self._connect_seconds)
        else:
            relay = self._relay_for(job)
        self._relays[job.stream_id] = relay
        self._newcomers.put_nowait(relay)

    def _relay_for(self, job: StreamJob) -> Relay:
        return Relay(
            job,
            ari=self._ari,
            node=self._node,
            guard=self._guard,
            allows=self._allows,
            clock=self._clock,
            connect_seconds=self._connect_seconds,
            tls=self._tls,
        )

    def press(self, stream_id: str, digit: str, duration_milliseconds: int) -> None:
        """Tell a stream's program of a key."""
        relay = self._relays.get(stream_id)
        if relay is not None:
            relay.press(digit, duration_milliseconds)

    def close(self, stream_id: str, reason: MediaStreamEnd) -> None:
        """End a stream, if it is there."""
        relay = self._relays.get(stream_id)
        if relay is not None:
            relay.stop(reason)

    async def run(self) -> None:
        """Relay until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                relay = await self._newcomers.get()
                group.create_task(self._live(relay), name=f"media stream {relay.job.stream_id}")

    async def _live(self, relay: Relay | BeepListener) -> None:
        job = relay.job
        report = Report(stream_id=job.stream_id, call_id=job.call_id, reason=MediaStreamEnd.FAILED)
        try:
            report = await relay.run()
        except Exception:  # noqa: BLE001 -- one stream that meets a mistake of ours must not take the others with it
            _log.exception("media_stream_crashed", stream_id=job.stream_id)
        finally:
            self._relays.pop(job.stream_id, None)
        _log.info("media_stream_ended", stream_id=job.stream_id, call_id=job.call_id, reason=report.reason.value)
        while not self._report(report):  # noqa: ASYNC110 -- there is nothing to wait for but room in a mailbox
            await asyncio.sleep(_AGAIN_SECONDS)
