"""Operations on Asterisk itself and on our application in it."""

from collections.abc import Iterable

from app.ari.resources import Application, AsteriskInfo, AsteriskPing, Module, Variable
from app.ari.safety import safe_id, safe_text, safe_variable_name, safe_word
from app.ari.transport import AriTransport


class SystemOperations(AriTransport):
    async def info(self) -> AsteriskInfo:
        """Version, entity id, start-up time."""
        return await self._fetch(AsteriskInfo, "GET /asterisk/info")

    async def ping(self) -> AsteriskPing:
        return await self._fetch(AsteriskPing, "GET /asterisk/ping")

    async def list_modules(self) -> list[Module]:
        return await self._fetch(list[Module], "GET /asterisk/modules")

    async def get_global_variable(self, name: str) -> str:
        """Read a global; the empty string when it is not set. Evaluates no functions."""
        operation = "GET /asterisk/variable"
        answer = await self._fetch(
            Variable, operation, query={"variable": safe_variable_name(name, operation=operation)}
        )
        return answer.value

    async def set_global_variable(self, name: str, value: str) -> None:
        operation = "POST /asterisk/variable"
        await self._send(
            operation,
            body={
                "variable": safe_variable_name(name, operation=operation),
                "value": safe_text(value, "variable value", operation=operation),
            },
        )

    async def delete_global_variable(self, name: str) -> None:
        """Forget a global.

        Set without a value it is gone. Set to the empty string it would stay, reading the same, and Asterisk walks
        through all of its globals whenever it reads or sets one: tens of thousands take a processor whole.
        """
        operation = "POST /asterisk/variable"
        await self._send(operation, body={"variable": safe_variable_name(name, operation=operation)})

    async def get_application(self) -> Application:
        """What our application is subscribed to. AriNotFound while no event stream is connected."""
        return await self._fetch(Application, "GET /applications/{}", self.app)

    async def subscribe_to_channel(self, channel_id: str) -> None:
        """Hear all of a channel until it is gone, also once it has left the application. AriInvalid: it is gone."""
        operation = "POST /applications/{}/subscription"
        checked = safe_id(channel_id, "channel id", operation=operation)
        await self._send(operation, self.app, query={"eventSource": f"channel:{checked}"})

    async def set_event_filter(self, *, disallowed: Iterable[str] = (), allowed: Iterable[str] = ()) -> Application:
        """Say which event types to leave out, or which alone to send; replaces what was set before."""
        return await self._fetch(
            Application,
            "PUT /applications/{}/eventFilter",
            self.app,
            body={
                "disallowed": [{"type": name} for name in disallowed],
                "allowed": [{"type": name} for name in allowed],
            },
        )

    async def subscribe_to_endpoints(self, technology: str) -> Application:
        """Hear of every endpoint of a technology (``PJSIP``), also of those that are made later.

        Every event of every channel of theirs comes along, unless the application's filter leaves it out.
        """
        operation = "POST /applications/{}/subscription"
        source = f"endpoint:{safe_word(technology, 'technology', operation=operation)}"
        return await self._fetch(Application, operation, self.app, query={"eventSource": source})
