"""The dialect's addresses, and what is around every request: who asks, the body, the time, and how refusals look."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.accounts.dialects import Dialect
from app.answers import json_answer, retry_after
from app.dialects.bodies import METHODS, BodyRefusedError, check_method, parse_json_object, read_body
from app.dialects.cpaas import answers, callbacks, calls, campaigns, figures, lists, modify, records
from app.dialects.cpaas.fields import LISTS, NAMES, OWN_NAMES
from app.dialects.cpaas.given import Given, RefusedHereError
from app.dialects.desk import AskRefusedError, Desk
from app.dialects.gate import Gate, one_header
from app.errors import OffhookError

Act: TypeAlias = Callable[[Desk, Given, str], Awaitable[dict[str, Any]]]

#: Whatever a request asks for. An import's answer waits longest.
_SECONDS: Final = 50.0
_STATUSES: Final[Mapping[str, int]] = {"NOT_FOUND": 404, "INVALID_STATE": 409, "ALREADY_EXISTS": 409}
#: What is done at each address, by the method.
ADDRESSES: Final[Mapping[str, Mapping[str, Act]]] = {
    "/api/click2call": {"POST": calls.click_to_call},
    "/api/callback": {"POST": callbacks.schedule, "PATCH": callbacks.update, "DELETE": callbacks.cancel},
    "/api/outbound_call": {"POST": calls.tell_password},
    "/api/create_campaign_list": {"POST": lists.create_list},
    "/api/add_contact_to_list": {"POST": lists.add_contacts},
    "/api/import_broadcast_contacts_csv": {"POST": lists.import_contacts},
    "/api/create_campaign_dnd_list": {"POST": lists.create_dnd_list},
    "/api/add_dnd_contact_to_list": {"POST": lists.add_dnd_contacts},
    "/api/import_dnd_contacts_csv": {"POST": lists.import_dnd_contacts},
    "/api/create_campaign": {"POST": campaigns.create},
    "/api/stop_campaign": {"POST": campaigns.stop},
    # The document prints it so, and calls the other one in its example.
    "/stop_campaign": {"POST": campaigns.stop},
    "/api/get_campaign_details": {"GET": campaigns.list_details},
    "/api/get_cdr_by_date": {"POST": records.by_date},
    "/api/get_cdr_by_request_id": {"POST": records.by_request},
    "/api/get_cdr_by_campaign_id": {"POST": records.by_campaign},
    "/api/get_cdr_statistics": {"GET": figures.of_all},
    "/api/get_live_call_statistics": {"GET": figures.of_live_calls},
    "/api/get_campaign_cdr_statistics": {"POST": figures.of_campaign},
    "/api/modify_call": {"POST": modify.modify},
}
#: What rings a phone or makes something: the same request again, while it is answered or soon after, means the same.
_ONCE: Final = frozenset(
    {
        *(calls.click_to_call, calls.tell_password, callbacks.schedule, campaigns.create, modify.modify),
        *(lists.create_list, lists.create_dnd_list),
    }
)


def routes(gate: Gate) -> list[BaseRoute]:
    """Every address of the dialect, for every method: those that it does not take are refused in its own form."""
    return [Route(path, _Endpoint(gate, acts).answer, methods=list(METHODS)) for path, acts in ADDRESSES.items()]


class _Endpoint:
    """One address."""

    def __init__(self, gate: Gate, acts: Mapping[str, Act]) -> None:
        self._gate = gate
        self._acts = acts

    async def answer(self, request: Request) -> Response:
        headers: dict[str, str] = {}
        try:
            async with asyncio.timeout(_SECONDS):
                return json_answer(await self._do(request))
        except BodyRefusedError as refused:
            status, body = refused.status, answers.fail("BAD_REQUEST", refused.message)
            headers = dict(refused.headers)
        except RefusedHereError as refused:
            status, body = _STATUSES.get(refused.code, 400), answers.fail(refused.code, refused.message)
        except AskRefusedError as refused:
            status = _STATUSES.get(refused.code, refused.http_status)
            body = answers.fail(refused.code, _word(refused, request.url.path))
            headers = retry_after(refused.extensions.get("retryAfterSeconds"))
        except OffhookError as refused:
            status, body = refused.http_status, answers.fail(refused.code, refused.message)
            headers = retry_after(refused.retry_after_seconds)
        except TimeoutError:
            status, body = 504, answers.fail("TIMEOUT", "The request took too long. What it has begun goes on.")
        return json_answer(body, status, headers)

    async def _do(self, request: Request) -> dict[str, Any]:
        account = one_header(request, "account")
        desk = await self._gate.open_by_name(request, Dialect.CPAAS, account, one_header(request, "auth"))
        try:
            return await self._act(desk, request, account or "")
        except (BodyRefusedError, RefusedHereError) as refused:
            desk.note_refusal(refused.code if isinstance(refused, RefusedHereError) else "BAD_REQUEST")
            raise

    async def _act(self, desk: Desk, request: Request, account: str) -> dict[str, Any]:
        check_method(request, self._acts)
        act = self._acts[request.method]
        body = await read_body(request)
        # Of a GET nothing is asked; clients send a body, or none.
        given = Given({} if request.method == "GET" else parse_json_object(body), account=account)
        if act not in _ONCE:
            return await act(desk, given, "")
        parts = f"{request.method} {request.url.path} ".encode() + given.canonical()
        async with desk.repeating(parts, _SECONDS) as key:
            return await act(desk, given, key)


def _word(refused: AskRefusedError, path: str) -> str:
    """The schema's message, with the field's name in the document before it where one is meant."""
    for length in range(len(refused.field), 0, -1):
        meant = ".".join(refused.field[:length])
        name = OWN_NAMES.get(path, NAMES).get(meant, NAMES.get(meant))
        if name is not None:
            place = refused.field[length : length + 1] if name in LISTS else ()
            return f"{name}{f'[{place[0]}]' if place and place[0].isdigit() else ''}: {refused.message}"
    return refused.message
