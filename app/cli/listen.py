"""``offhook listen`` and ``offhook trigger``: for whoever builds what receives webhooks."""

import asyncio
import os
import shlex
import sys
from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer

from app.cli.accounts import AsJson
from app.cli.output import FAILED, note, run, write_json
from app.terminal import leave_ctrl_c_line

ApiUrl = Annotated[
    str, typer.Option("--url", envvar="OFFHOOK_URL", help="Where Offhook serves.", rich_help_panel="The API")
]
Key = Annotated[
    str | None,
    typer.Option(
        "--key",
        help="An API key. Rather set OFFHOOK_KEY: others on this machine can see what a command is given.",
        rich_help_panel="The API",
    ),
]
DEFAULT_URL: Final = "http://127.0.0.1:8000"
_TRIGGER: Final = """
mutation Trigger($type: EventType!) {
  triggerEvent(input: {type: $type}) {
    event { id cursor } webhookDeliveries { id endpointId } userErrors { code message field }
  }
}
"""
_ENDPOINT: Final = "query Endpoint($id: ID!) { webhookEndpoint(id: $id) { url } }"
_DELIVERY: Final = """
query Delivery($id: ID!) {
  webhookDelivery(id: $id) { id state attempts { status failure latencySeconds responseExcerpt } }
}
"""
_LOOK_SECONDS: Final = 0.2
TRIGGER_HELP: Final = (
    "Send a sample of an event to the account's webhook endpoints that ask for such, and to `offhook listen`.\n\n"
    'It looks as the event would, with ids that name nothing; it says "test": true and "sandbox": true, and '
    "comes with the header offhook-test: true. Nothing of it happened, and nothing of it is stored but that "
    "it was sent. Each endpoint is tried once. The key needs webhooks:write, and webhooks:read to show what "
    "endpoints answer.\n\n"
    "Exit status 1 if an endpoint did not answer with 2xx."
)
LISTEN_HELP: Final = (
    "Bring the account's webhooks to this machine: show each event, post it to a program here, show the "
    "answer.\n\n"
    "No endpoint is made and no address opened: events are read over the API, with a key that has calls:read. "
    "They are signed with a secret of this key's own, shown at the start, the same each time. When the line "
    "breaks, it goes on where it stopped. When nobody listens at URL, or a program there goes away before it has "
    "answered, it waits and posts the event again; an answer other than 2xx is shown and not tried again.\n\n"
    "Beside it, `offhook trigger call.ended` makes events."
)


def listen(
    forward_to: Annotated[
        str | None,
        typer.Option(
            "--forward-to",
            metavar="URL",
            help="Where to post each event, signed as webhooks are. Without it they are only shown.",
        ),
    ] = None,
    events: Annotated[
        list[str] | None,
        typer.Option(
            "--events", metavar="GLOB", help="Which events: call.ended, call.*; repeat for more. By default all."
        ),
    ] = None,
    after: Annotated[
        str | None,
        typer.Option(metavar="CURSOR", help="Begin after this place in the log instead of now."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after so many events.")] = None,
    print_secret: Annotated[
        bool, typer.Option("--print-secret", help="Print the signing secret of this key, and nothing else.")
    ] = False,
    url: ApiUrl = DEFAULT_URL,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """See ``LISTEN_HELP``."""
    # Imported late: --help must not wait for what the work needs.
    from app.cli.listening import Forwarder, check_target, choose_types, secret_of
    from app.cli.listening import listen as listen_for
    from app.cli.over_the_api import read_api
    from app.egress.signing import show_secret
    from app.errors import RefusedError

    if forward_to is not None:
        try:
            check_target(forward_to)
        except RefusedError as error:
            raise typer.BadParameter(str(error), param_hint="--forward-to") from error

    def tell(told: Any, answer: Any) -> None:
        event = told.event
        if as_json:
            document: dict[str, Any] = {"cursor": told.cursor, "event": event}
            if answer is not None:
                document["answer"] = {
                    "status": answer.status,
                    "failure": answer.failure,
                    "latencySeconds": round(answer.latency_seconds, 4),
                }
            _write_line(document)
            return
        test = " (test)" if event.get("test") else ""
        line = f"{event['timestamp'][11:19]}  {event['type'] + test:<32} {event['subjectId']}"
        if answer is not None:
            said = answer.failure if answer.status is None else answer.status
            line += f"  → {said}, {answer.latency_seconds * 1000:.0f} ms"
        typer.secho(line, fg=None if answer is None or answer.is_success else typer.colors.RED)

    async def work() -> None:
        import httpx

        api = read_api(url, key)
        secret = show_secret(secret_of(api.key))
        if print_secret:
            typer.echo(secret)
            return
        async with api.opened() as line:
            wanted = choose_types(events or ["*"], await line.event_types())
        cursor, count = after, 0
        # The machine is near: no proxy lies between.
        async with httpx.AsyncClient(trust_env=False) as client:
            forwarder = None if forward_to is None else Forwarder(client, forward_to, secret_of(api.key))
            try:
                async for told in listen_for(
                    api,
                    wanted,
                    is_all=not events,
                    after=after,
                    on_begin=lambda: _tell_secret(secret, forward_to),
                    on_line=_tell_line,
                ):
                    answer = None if forwarder is None else await forwarder.forward(told, on_absence=_tell_line)
                    tell(told, answer)
                    cursor, count = told.cursor, count + 1
                    if count == limit:
                        break
            except asyncio.CancelledError:
                leave_ctrl_c_line()
                raise
            finally:
                if cursor is not None:
                    given = {"--forward-to": forward_to, "--events": events, "--limit": limit, "--json": as_json}
                    note(f"To go on from here: {command_to_go_on(cursor, given, url=url, has_key=key is not None)}")

    run(work())


def command_to_go_on(cursor: str, given: Mapping[str, str | int | list[str] | None], *, url: str, has_key: bool) -> str:
    """The line to paste that listens on from ``cursor``, with the options that were given; never with the key."""
    words = ["offhook", "listen"]
    for name, value in given.items():
        match value:
            case None | False | []:
                pass
            case True:
                words.append(name)
            case list():
                words += [word for one in value for word in (name, one)]
            case _:
                words += [name, str(value)]
    if url != os.environ.get("OFFHOOK_URL", DEFAULT_URL):
        words += ["--url", url]
    # The key stands nowhere; without the option another account's might be taken.
    hidden = " --key …" if has_key else ""
    return f"{shlex.join([*words, '--after', cursor])}{hidden}"


def trigger(
    event_types: Annotated[
        list[str] | None, typer.Argument(metavar="EVENT", help="Such as call.ended; several are sent in this order.")
    ] = None,
    list_all: Annotated[bool, typer.Option("--list", help="List the events that there are.")] = False,
    wait_seconds: Annotated[
        float, typer.Option("--wait", min=0, metavar="SECONDS", help="How long to wait for the endpoints' answers.")
    ] = 20.0,
    url: ApiUrl = DEFAULT_URL,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """See ``TRIGGER_HELP``."""
    from app.cli.over_the_api import read_api

    async def work() -> list[dict[str, Any]]:
        async with read_api(url, key).opened() as line:
            known = await line.event_types()
            if list_all:
                typer.echo("\n".join(known))
                return []
            return [await _send(line, event_type, known, wait_seconds) for event_type in event_types or ()]

    if not event_types and not list_all:
        raise typer.BadParameter("name at least one event; --list shows them", param_hint="EVENT")
    sent = run(work())
    if list_all:
        return
    if as_json:
        write_json(sent)
    else:
        for one in sent:
            _tell_sent(one)
    if not all(delivery["state"] == "DELIVERED" for one in sent for delivery in one["deliveries"]):
        raise SystemExit(FAILED)


async def _send(line: Any, event_type: str, known: tuple[str, ...], wait_seconds: float) -> dict[str, Any]:
    from app.cli.listening import choose_types
    from app.cli.over_the_api import raise_refusals
    from app.facts.catalogue import graphql_name

    choose_types([event_type.replace("*", "?")], known)  # one event, not a pattern of many
    payload = (await line.ask(_TRIGGER, type=graphql_name(event_type)))["triggerEvent"]
    raise_refusals(payload)
    deliveries = [await _await_answer(line, one, wait_seconds) for one in payload["webhookDeliveries"]]
    return {
        "type": event_type,
        "eventId": payload["event"]["id"],
        "cursor": payload["event"]["cursor"],
        "deliveries": deliveries,
    }


async def _await_answer(line: Any, delivery: dict[str, Any], wait_seconds: float) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    until = loop.time() + wait_seconds
    endpoint = (await line.ask(_ENDPOINT, id=delivery["endpointId"]))["webhookEndpoint"] or {"url": None}
    while True:
        found = (await line.ask(_DELIVERY, id=delivery["id"]))["webhookDelivery"]
        if found["state"] != "PENDING" or loop.time() >= until:
            attempt = found["attempts"][-1] if found["attempts"] else None
            return {**delivery, "url": endpoint["url"], "state": found["state"], "attempt": attempt}
        await asyncio.sleep(_LOOK_SECONDS)


def _tell_sent(sent: dict[str, Any]) -> None:
    typer.echo(f"{sent['type']}  {sent['eventId']}")
    if not sent["deliveries"]:
        note("No enabled endpoint asks for it; `offhook listen` shows it.")
    for one in sent["deliveries"]:
        attempt = one["attempt"]
        said = "no answer yet" if attempt is None else attempt["failure"] or f"answered {attempt['status']}"
        typer.secho(
            f"  {one['url'] or one['endpointId']}: {said}",
            fg=None if one["state"] == "DELIVERED" else typer.colors.RED,
        )


def _tell_secret(secret: str, forward_to: str | None) -> None:
    if forward_to is not None:
        note(f"Events go to {forward_to}. Verify them with this secret:\n{secret}")


def _tell_line(text: str) -> None:
    note(f"offhook: {text}")


def _write_line(document: object) -> None:
    import orjson

    # At once: whoever reads it through a pipe waits for it.
    sys.stdout.write(orjson.dumps(document).decode() + "\n")
    sys.stdout.flush()
