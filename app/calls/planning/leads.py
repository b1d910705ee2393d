"""What leads a customer on who talks to nobody, from what was asked for to what can be done just now."""

from dataclasses import dataclass, replace
from typing import Protocol

from app.calls.planning.requests import OriginateRequest
from app.errors import Problem, RefusedError
from app.flows.announcement import Announcement, DialplanTarget, StreamTarget, check_dialplan, check_stream_target
from app.routing.model import Lead
from app.routing.stops import Stops


class Programs(Protocol):
    """Which programs media streams may go to: `app.media.endpoints`."""

    async def check(self, account_id: str, url: str) -> str:
        """Gives the URL's host. Raises RefusedError: URL_NOT_ALLOWED."""
        ...


class Announcer(Protocol):
    """Knows what can be said: `app.calls.leading.flow_sounds`."""

    async def settle(self, account_id: str, announcement: Announcement, *field: str) -> Announcement:
        """Gives it as it is to be said. Raises RefusedError; SpeechUnavailableError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Leads:
    """Looks them up. ``contexts`` are those of the operator's dialplan that calls may be handed to."""

    stops: Stops
    programs: Programs | None = None
    announcer: Announcer | None = None
    contexts: frozenset[str] = frozenset()

    async def of_request(self, account_id: str, request: OriginateRequest) -> Lead | None:
        """Of a call that is asked for; None when it leads to people, or to a flow that is not there.

        Raises:
            RefusedError: it cannot be said, or calls may not go there.
            SpeechUnavailableError, DatabaseUnavailableError: nobody can say.
        """
        return await self.find(
            account_id,
            "connect",
            call_flow_id=request.connect_call_flow_id,
            announcement=request.connect_announcement,
            stream=request.connect_media_stream,
            dialplan=request.connect_dialplan,
        )

    async def find(
        self,
        account_id: str,
        field: str,
        *,
        call_flow_id: str | None,
        announcement: Announcement | None,
        stream: StreamTarget | None,
        dialplan: DialplanTarget | None,
    ) -> Lead | None:
        """Likewise, of the one of these that is there; ``field`` is the input's. Raises as :meth:`of_request`."""
        if call_flow_id is not None:
            return await self.stops.find_flow(account_id, call_flow_id)
        if announcement is not None:
            return await self._settled(account_id, announcement, (field, "announcement"))
        if stream is not None:
            return await self._allowed(account_id, stream, (field, "mediaStream"))
        if dialplan is not None:
            return self._open_to_calls(dialplan, (field, "dialplan"))
        return None

    async def _settled(self, account_id: str, announcement: Announcement, field: tuple[str, ...]) -> Announcement:
        if self.announcer is None:
            raise RefusedError(Problem("INVALID_INPUT", "Nothing can be said here.", field))
        return await self.announcer.settle(account_id, announcement, *field)

    async def _allowed(self, account_id: str, stream: StreamTarget, field: tuple[str, ...]) -> StreamTarget:
        problems = check_stream_target(stream, *field)
        if problems:
            raise RefusedError(problems)
        if self.programs is None:
            raise RefusedError(Problem("URL_NOT_ALLOWED", "No media streams are allowed here.", (*field, "url")))
        try:
            await self.programs.check(account_id, stream.url)
        except RefusedError as refused:
            raise RefusedError([replace(one, field=(*field, *one.field)) for one in refused.problems]) from refused
        return stream

    def _open_to_calls(self, target: DialplanTarget, field: tuple[str, ...]) -> DialplanTarget:
        problems = check_dialplan(target, *field)
        if not problems and target.context not in self.contexts:
            message = "The server lets no call go there; OFFHOOK_DIALPLAN_CONTEXTS lists the contexts that it does."
            problems = [Problem("DIALPLAN_NOT_ALLOWED", message, (*field, "context"))]
        if problems:
            raise RefusedError(problems)
        return target
