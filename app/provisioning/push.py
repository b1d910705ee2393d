"""Makes an Asterisk have the lines it should have, and no others of ours. Everything can be done twice."""

import contextlib
from collections.abc import Collection, Mapping, Sequence
from typing import Final, Protocol

import structlog

from app.ari.errors import AriNotFound, AriRefused
from app.ari.resources import Endpoint
from app.provisioning.objects import ObjectType, PjsipObject, is_as_wanted, is_ours, possible_objects
from app.provisioning.store import Line

_log = structlog.get_logger(__name__)

TECHNOLOGY: Final = "PJSIP"


class Configurable(Protocol):
    """The part of an Asterisk that is configured: `app.ari.client.AriClient`."""

    async def get_object(self, object_type: str, object_id: str) -> dict[str, str]: ...
    async def put_object(self, object_type: str, object_id: str, fields: Mapping[str, str]) -> None: ...
    async def delete_object(self, object_type: str, object_id: str) -> None: ...
    async def list_endpoints(self, *, technology: str | None = None) -> list[Endpoint]: ...


class Pusher:
    """Desired beside actual, for one Asterisk.

    It remembers what it has found to be right, so that a round without changes costs one request. ``forget`` makes the
    next one look at everything.
    """

    def __init__(self, asterisk: Configurable) -> None:
        self._asterisk = asterisk
        self._known: dict[str, tuple[PjsipObject, ...]] = {}

    def forget(self) -> None:
        """Asterisk may have changed: it was started again, or we were away."""
        self._known.clear()

    async def apply(self, lines: Sequence[Line], present: Collection[str]) -> int:
        """Make, change and delete until Asterisk has what these lines are. Gives the number of lines it touched.

        ``present`` are the names of the endpoints that Asterisk lists. A line that Asterisk refuses is said and left
        for the next round; the others go on.

        Raises:
            AriUnavailable: Asterisk does not answer; what was done is done.
        """
        wanted = {line.endpoint: line.objects for line in lines if line.objects}
        touched = 0
        for endpoint in sorted({name for name in present if is_ours(name)} | self._known.keys()):
            if endpoint not in wanted:
                await self._keep_only(endpoint, ())
                self._known.pop(endpoint, None)
                touched += 1
        for endpoint, objects in wanted.items():
            if self._known.get(endpoint) == objects and endpoint in present:
                continue
            try:
                await self._make(endpoint, objects)
            except AriRefused as error:
                # Its message may quote a value; the status and the operation say enough.
                _log.error("line_refused", endpoint=endpoint, operation=error.operation, status=error.status)
                self._known.pop(endpoint, None)
                continue
            self._known[endpoint] = objects
            touched += 1
        return touched

    async def _make(self, endpoint: str, objects: tuple[PjsipObject, ...]) -> None:
        await self._keep_only(endpoint, objects)
        for one in objects:
            try:
                actual = await self._asterisk.get_object(one.type, one.id)
            except AriNotFound:
                pass
            else:
                if is_as_wanted(one, actual):
                    continue
                if one.type is ObjectType.IDENTIFY or "contact" in dict(one.fields):
                    # Asterisk would add the new address to the old one.
                    await self._delete(one.type, one.id)
            await self._asterisk.put_object(one.type, one.id, dict(one.fields))

    async def _keep_only(self, endpoint: str, objects: tuple[PjsipObject, ...]) -> None:
        kept = {(one.type, one.id) for one in objects}
        for object_type, object_id in possible_objects(endpoint):
            if (object_type, object_id) not in kept:
                await self._delete(object_type, object_id)

    async def _delete(self, object_type: ObjectType, object_id: str) -> None:
        with contextlib.suppress(AriNotFound):  # as it should be
            await self._asterisk.delete_object(object_type, object_id)
