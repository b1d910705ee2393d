"""The story of the demo, and the check that all of it was real."""

import asyncio
import hashlib
import shlex
import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final

import orjson
from rich.console import Console

from app.accounts.scopes import Scope
from app.config import Settings
from app.demo import queries
from app.demo.client import DemoError, GraphQLClient
from app.demo.sink import Sink, running_sink
from app.demo.timeline import show_event, show_record, show_remark
from app.errors import ConfigurationError
from app.process.serve import Serving, bind, serving, stopping_on_signals
from app.recordings.object_keys import object_key
from app.terminal import leave_ctrl_c_line

EXTENSION: Final = "2001"
DESTINATION: Final = "+15550100000"
TALK_SECONDS: Final = 5.0
_CALL_SECONDS: Final = 60.0
_WEBHOOK_SECONDS: Final = 20.0
_LARGEST_DIFFERENCE_SECONDS: Final = 1.0
_TOO_DIFFERENT: Final = "talk time and recording differ by over a second"
_INTERRUPTED: Final = 130
#: Where programs of the documentation and ``offhook listen`` look, unless OFFHOOK_URL says otherwise.
_USUAL_URL: Final = "http://127.0.0.1:8000"


@dataclass(slots=True)
class Story:
    """What was seen of the call, from outside."""

    call_id: str = ""
    endpoint_id: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    call: dict[str, Any] = field(default_factory=dict)
    is_recording_proven: bool = False
    webhooks_verified: int = 0

    @property
    def recording(self) -> dict[str, Any] | None:
        """The call's recording, if there is one."""
        recordings = self.call.get("recordings") or []
        return recordings[0] if recordings else None

    @property
    def lost_remark(self) -> str | None:
        """Why the recording is too short, where Asterisk is known to have had no time for some of it."""
        lost = (self.recording or {}).get("lostSeconds") or 0.0
        if not lost:
            return None
        told = f"Asterisk had no time to write {lost:.1f} s of it: this machine was too busy."
        return f"{told} Run it again when it is less so."

    def failures(self) -> list[str]:
        """What was not as it has to be; empty when everything was real and right."""
        talk = (self.call.get("cdr") or {}).get("talkSeconds", 0.0)
        recorded = (self.recording or {}).get("durationSeconds") or 0.0
        numbers = [event["callSequence"] for event in self.events]
        checks = {
            "the call was not answered": self.call.get("disposition") == "ANSWERED",
            "nobody talked": talk > 0,
            _TOO_DIFFERENT: abs(talk - recorded) <= _LARGEST_DIFFERENCE_SECONDS,
            "the recording's bytes do not match its SHA-256": self.is_recording_proven,
            "events came out of order": numbers == list(range(1, len(numbers) + 1)),
            "not every event arrived as a verified webhook": self.webhooks_verified == len(self.events) > 0,
        }
        return [problem for problem, holds in checks.items() if not holds]

    def summary(self) -> dict[str, Any]:
        """The last line of ``make demo ONCE=1``."""
        return {
            "callId": self.call_id,
            "disposition": self.call.get("disposition"),
            "talkSeconds": (self.call.get("cdr") or {}).get("talkSeconds"),
            "recordingSeconds": (self.recording or {}).get("durationSeconds"),
            "webhooksVerified": self.webhooks_verified,
            "events": len(self.events),
        }


async def run(settings: Settings, *, once: bool) -> int:
    """Run the demo; gives the exit status: 0 only when all of it was real and right, 130 after Ctrl-C in its call."""
    console = Console(highlight=False, stderr=once)
    settings = settings.model_copy(
        update={"webhook_allow_networks": [*settings.webhook_allow_networks, ip_network("127.0.0.0/8")]}
    )
    async with AsyncExitStack() as stack:
        listener = _listen_somewhere(settings)
        running = await stack.enter_async_context(serving(settings, listener=listener))
        stack.enter_context(stopping_on_signals(running))
        # Told once all is up: whoever has the port may have the data directory too, and then nothing is.
        if settings.port not in {0, running.service.settings.port}:
            told = f"Port {settings.port} is taken: this demo is at {running.url}."
            console.print(told, style="yellow", soft_wrap=True)
        sandbox = running.service.sandbox
        if sandbox is None:
            raise ConfigurationError("The demo brings its own Asterisk: unset OFFHOOK_ARI_URL.")
        issued = await running.service.services.keys.create(
            sandbox.account.id, name="demo", scopes=frozenset(Scope), is_test=True
        )
        stack.push_async_callback(running.service.services.keys.revoke, sandbox.account.id, issued.key.id)
        client = GraphQLClient(running.url, issued.token)
        stack.push_async_callback(client.aclose)
        sink = await stack.enter_async_context(running_sink())
        story = Story()
        try:
            async with asyncio.timeout(_CALL_SECONDS):
                await _tell(story, running, client, sink, console, is_staying=not once)
        except TimeoutError:
            console.print(f"The call was not over within {_CALL_SECONDS:g} s.", style="bold red")
        except Exception:
            # Ctrl-C: the service closes every connection as it leaves, those of this story too.
            if not running.is_leaving:
                raise
            await running.ended()
            if story.endpoint_id:
                await running.service.services.webhooks.delete(sandbox.account.id, story.endpoint_id)
            leave_ctrl_c_line()
            console.print("Stopped before the call was over. Run it again when you like.")
            return _INTERRUPTED
        if story.endpoint_id:
            await client.run(queries.DELETE_ENDPOINT, input={"id": story.endpoint_id})
        failures = story.failures()
        show_failures(console, story)
        if once:
            print(orjson.dumps(story.summary()).decode(), flush=True)  # noqa: T201 -- the contract's last line
            return 1 if failures else 0
        show_next_steps(console, running.url, issued.token)
        await running.ended()
        return 1 if failures else 0


def _listen_somewhere(settings: Settings) -> socket.socket:
    """At the settings' port, or at a free one when that is taken."""
    try:
        return bind(settings)
    except ConfigurationError:
        return bind(settings.model_copy(update={"port": 0}))


async def _tell(
    story: Story, running: Serving, client: GraphQLClient, sink: Sink, console: Console, *, is_staying: bool
) -> None:
    told = False
    while running.service.node.why_not_ready is not None:
        if not told:
            console.print("Waiting for Asterisk …", style="dim")
            told = True
        await asyncio.sleep(0.2)
    made = (
        await client.run(
            queries.CREATE_ENDPOINT, input={"url": sink.url, "eventTypes": ["*"], "description": "make demo"}
        )
    )["createWebhookEndpoint"]
    _require_no_user_errors(made)
    sink.secret = made["secret"]
    story.endpoint_id = made["webhookEndpoint"]["id"]
    console.print(f"\nConnecting extension {EXTENSION} with {DESTINATION}, recorded on both sides:\n", style="bold")
    async with client.subscribe(queries.EVENTS) as messages, asyncio.TaskGroup() as group:
        group.create_task(_place_and_end(story, client, console))
        await _watch(story, messages, console)
    story.call = (await client.run(queries.RESULT, id=story.call_id))["call"]
    await sink.wait_for({event["id"] for event in story.events}, seconds=_WEBHOOK_SECONDS)
    story.webhooks_verified = sum(event["subjectId"] == story.call_id for event in sink.verified)
    console.print()
    show_record(console, story.call["cdr"])
    await _prove_recording(story, running, client, console, is_staying=is_staying)
    _show_webhook(story, sink, console)


async def _place_and_end(story: Story, client: GraphQLClient, console: Console) -> None:
    placed = (
        await client.run(
            queries.ORIGINATE,
            input={
                "destination": {"number": DESTINATION},
                "connect": {"extension": EXTENSION},
                "recordingMode": "BOTH",
                "externalId": "demo-lead-1",
                "waitFor": "CONNECTED",
                "idempotencyKey": str(uuid.uuid4()),
            },
        )
    )["originateCall"]
    _require_no_user_errors(placed)
    story.call_id = placed["call"]["id"]
    await asyncio.sleep(TALK_SECONDS)  # the conversation
    show_remark(console, "the demo has heard enough, and hangs up: hangupCall")
    _require_no_user_errors((await client.run(queries.HANG_UP, input={"callId": story.call_id}))["hangupCall"])


async def _watch(story: Story, messages: AsyncIterator[dict[str, Any]], console: Console) -> None:
    began: datetime | None = None
    seen: set[str] = set()
    async for message in messages:
        event = message["events"].get("event")
        if event is None or not event["subjectId"].startswith("call_"):
            continue
        if event["type"] == "CALL_CREATED":
            began = datetime.fromisoformat(event["timestamp"])
            story.call_id = event["subjectId"]
        if began is None or event["subjectId"] != story.call_id:
            continue
        story.events.append(event)
        show_event(console, event, began)
        seen.add(event["type"])
        if "CALL_ENDED" in seen and seen & {"RECORDING_SAVED", "RECORDING_FAILED"}:
            return
    raise DemoError("The subscription ended before the call did.")


async def _prove_recording(
    story: Story, running: Serving, client: GraphQLClient, console: Console, *, is_staying: bool
) -> None:
    recording = story.recording
    if recording is None or recording["url"] is None:
        return
    content = await client.download(recording["url"]["url"])
    story.is_recording_proven = hashlib.sha256(content).hexdigest() == recording["sha256"]
    settings = running.service.settings
    console.print(
        f"\nRecording: {recording['durationSeconds']:.2f} s, {recording['channels']} channels, {len(content)} bytes, "
        f"SHA-256 {'verified' if story.is_recording_proven else 'WRONG'}"
    )
    if settings.recordings_url is None and running.service.sandbox is not None:
        key = object_key(running.service.sandbox.account.id, recording["id"])
        console.print(f"  {Path(settings.data_dir) / 'recordings' / key}", style="dim", soft_wrap=True)
    if is_staying:  # else nobody answers at the address any more
        console.print(f"  {recording['url']['url']}", style="dim", soft_wrap=True)


def _show_webhook(story: Story, sink: Sink, console: Console) -> None:
    ended = next((event for event in sink.verified if event["type"] == "call.ended"), None)
    console.print(
        f"\nWebhooks: {story.webhooks_verified} of {len(story.events)} received, each signature verified, "
        f"{sink.refused} refused"
    )
    if ended is not None:
        shown = {name: ended[name] for name in ("id", "type", "timestamp", "sequence", "subjectId", "callSequence")}
        console.print(f"  {orjson.dumps(shown).decode()[:-1]},…", style="dim", soft_wrap=True)


def show_failures(console: Console, story: Story) -> None:
    """Print what was not as it has to be, and why, where that is known."""
    for problem in story.failures():
        console.print(f"  ✗ {problem}", style="bold red")
        if problem == _TOO_DIFFERENT and story.lost_remark is not None:
            console.print(f"    {story.lost_remark}", soft_wrap=True)


def show_next_steps(console: Console, url: str, token: str) -> None:
    """Print where it is, and lines to paste into another terminal; ``url`` without a slash at its end."""
    body = shlex.quote(orjson.dumps({"query": queries.FIRST_QUERY}).decode())
    console.print("\nUntil Ctrl-C:", style="bold")
    console.print(f"  dashboard               {url}/", soft_wrap=True)
    console.print(f"  GraphQL and its IDE     {url}/graphql", soft_wrap=True)
    console.print(f"  API key (sandbox only)  {token}", soft_wrap=True)
    console.print("\nIn a second terminal:", style="bold")
    # Each a line to paste: nothing in it may be broken or coloured.
    elsewhere = "" if url == _USUAL_URL else f" OFFHOOK_URL={url}"
    console.print(f"  export OFFHOOK_KEY={token}{elsewhere}", soft_wrap=True)
    console.print(
        f"  curl -sS {url}/graphql "
        f'-H "Authorization: Bearer $OFFHOOK_KEY" -H "Content-Type: application/json" -d {body}',
        soft_wrap=True,
    )
    console.print("\nNext: a call of your own (README.md), webhooks to a program of yours (docs/tutorial/index.md)")


def _require_no_user_errors(payload: dict[str, Any]) -> None:
    if payload["userErrors"]:
        raise DemoError("; ".join(f"{error['code']}: {error['message']}" for error in payload["userErrors"]))
