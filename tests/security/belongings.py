"""One thing of each kind that has an id, made in an account: what another account must never get at."""

import itertools
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from graphql import GraphQLObjectType, get_named_type

from app.api.schema import build_schema
from app.calls.core import inputs
from app.calls.living.actor import CallActor
from app.facts.vocabulary import CallState, LegRole, LegState, MediaStreamState
from app.ids import Kind, RecordingId, kind_of, new_id, part_id
from tests.api.conftest import until
from tests.api.silent_asterisk import move_leg
from tests.security.conftest import Tenant

#: What has an id and is nothing that anybody could ask for: it names a step of Offhook's own work.
INTERNAL: Final = frozenset({Kind.REQUEST, Kind.COMMAND, Kind.WEBHOOK_ATTEMPT})
#: Long enough that nothing happens by itself while a test looks.
RING_SECONDS: Final = 300.0
BOT_URL: Final = "ws://127.0.0.1:9999/talk"
#: Whom the number belongs to: on the contact list, and in one of its fields.
LISTED, IN_A_FIELD = "Vera Listed", "Vera Field"

_SIDES: Final = (LegRole.AGENT, LegRole.CUSTOMER)
_COUNTER: Final = itertools.count()
_IDS_OF_CALL: Final = """
query ($id: ID!) {
  call(id: $id) { id cdr { id } legs { id } recordings { id } events(first: 1) { nodes { id } } }
}
"""
_AUDIO_FILE: Final = """
INSERT INTO audio_file (id, account_id, name, format, channels, sample_rate, duration_seconds)
VALUES ($1, $2, 'Welcome', 'WAV', 1, 8000, 1.5)
"""
_CAMPAIGN_CONTACT: Final = """
INSERT INTO campaign_contact (campaign_id, contact_id, account_id, list_id, number, state)
VALUES ($1, $2, $3, $4, $5, 'WAITING')
"""
_TRANSCRIPT: Final = """
INSERT INTO transcript (id, account_id, recording_id, call_id, job_id, state, language, created_at)
VALUES ($1, $2, $3, $4, $5, 'PENDING', 'en-US', now())
"""


@dataclass(frozen=True, slots=True)
class Belongings:
    """What an account has: one of each kind."""

    tenant: Tenant
    ids: dict[Kind, str] = field(default_factory=dict)

    async def make(self, name: str, part: str, given: dict[str, Any]) -> str:
        """Do something that must not be refused; gives the id of that part of the payload, and keeps it."""
        payload = await self.do(name, given, f"{part} {{ id }}")
        made: str = payload[part]["id"]
        kind = kind_of(made)
        assert kind is not None
        self.ids.setdefault(kind, made)
        return made

    async def do(self, name: str, given: dict[str, Any], fields: str = "__typename") -> Any:
        mutation = build_schema()._schema.mutation_type
        assert mutation is not None
        assert isinstance(get_named_type(mutation.fields[name].type), GraphQLObjectType)
        wanted = get_named_type(mutation.fields[name].args["input"].type).name
        asked = f"{fields} userErrors {{ code message field }}"
        document = f"mutation ($input: {wanted}!) {{ {name}(input: $input) {{ {asked} }} }}"
        payload = (await self.tenant.ask(document, {"input": given}))[name]
        assert payload["userErrors"] == [], (name, given, payload)
        return payload


async def fill(tenant: Tenant, number: str, own_number: str) -> Belongings:
    """Make one of each kind in an account; ``number`` is one that it may call, and ``own_number`` one to call from."""
    own = Belongings(tenant)
    own.ids[Kind.ACCOUNT] = tenant.account.id
    await _make_lines(own, own_number)
    await _make_lists(own, number)
    await _make_access(own)
    await _make_calls(own)
    await _make_errands(own, number)
    return own


async def _make_lines(own: Belongings, number: str) -> None:
    agent_id = await own.make("createAgent", "agent", {"name": "Kim"})
    for extension in ("7301", "7302", "7303"):
        extension_id = await own.make("createExtension", "extension", {"number": extension})
        await own.make("createDevice", "device", {"extensionId": extension_id})
    await own.do("updateAgent", {"id": agent_id, "extensionId": own.ids[Kind.EXTENSION]})
    await own.make("createRingGroup", "ringGroup", {"name": "All", "strategy": "ALL", "ringSeconds": 20.0})
    queue_id = await own.make("createQueue", "queue", {"name": "Help", "strategy": "LONGEST_IDLE"})
    host = f"192.0.2.{next(_COUNTER) % 200 + 10}"  # no two accounts have trunks of one address
    trunk_id = await own.make("createTrunk", "trunk", {"name": "carrier", "host": host})
    number_id = await own.make("createOutboundNumber", "outboundNumber", {"number": number, "trunkId": trunk_id})
    async with own.tenant.surface.database.acquire() as connection:
        await connection.execute("UPDATE outbound_number SET verified_at = now() WHERE id = $1", number_id)
    await own.make("createOutboundNumberPool", "outboundNumberPool", {"name": "All", "numberIds": [number_id]})
    await own.make("createInboundRoute", "inboundRoute", {"pattern": "+1212555*", "target": {"queueId": queue_id}})
    await own.make("createCallFlow", "callFlow", {"name": "Menu", "steps": [{"hangUp": {"name": "end"}}]})
    await own.make("createAnnouncementTemplate", "announcementTemplate", {"name": "Hello", "text": "Hello {name}"})


async def _make_lists(own: Belongings, number: str) -> None:
    list_id = await own.make("createContactList", "contactList", {"name": "March"})
    contact = {"number": number, "name": LISTED, "fields": [{"name": "partner", "value": IN_A_FIELD}]}
    await own.do("addContacts", {"listId": list_id, "contacts": [contact]})
    contacts = await own.tenant.ask("query ($id: ID!) { contacts(listId: $id) { nodes { id } } }", {"id": list_id})
    own.ids[Kind.CONTACT] = contacts["contacts"]["nodes"][0]["id"]
    dnc_list_id = await own.make("createDncList", "dncList", {"name": "Never"})
    await own.do("addDncEntries", {"listId": dnc_list_id, "entries": [{"number": number}]})
    entries = await own.tenant.ask("query ($id: ID!) { dncEntries(listId: $id) { nodes { id } } }", {"id": dnc_list_id})
    own.ids[Kind.DNC_ENTRY] = entries["dncEntries"]["nodes"][0]["id"]
    content = {"announcement": {"text": "Hello"}}
    given = {"name": "Spring", "content": content, "contactListIds": [list_id]}
    campaign_id = await own.make("createCampaign", "campaign", given)
    own.ids[Kind.CAMPAIGN_CONTACT] = part_id(Kind.CAMPAIGN_CONTACT, campaign_id, own.ids[Kind.CONTACT])
    await own.make("createExport", "job", {"subject": {"cdrs": {}}})
    await own.make("createUpload", "upload", {"contentType": "text/csv", "sizeBytes": 10})
    async with own.tenant.surface.database.acquire() as connection:
        audio_id = own.ids[Kind.AUDIO_FILE] = new_id(Kind.AUDIO_FILE)
        await connection.execute(_AUDIO_FILE, audio_id, own.tenant.account.id)
        await connection.execute(
            _CAMPAIGN_CONTACT, *(campaign_id, own.ids[Kind.CONTACT], own.tenant.account.id, list_id, number)
        )


async def _make_access(own: Belongings) -> None:
    given = {"name": "spare", "scopes": ["CALLS_READ"], "isTest": True}
    await own.make("createApiKey", "apiKey", given)
    token = {"scopes": ["CALLS_READ"], "allowedOrigins": ["https://crm.example"]}
    await own.make("createAccessToken", "accessToken", token)
    dialect = {"dialect": "ASTERISKAPI", "name": "crm", "isTest": True}
    await own.make("createDialectCredential", "dialectCredential", dialect)
    await own.make("createWebhookEndpoint", "webhookEndpoint", {"url": "https://127.0.0.1:9443/hook"})
    await own.make("createMediaEndpoint", "mediaEndpoint", {"url": BOT_URL})


async def _make_calls(own: Belongings) -> None:
    """Two: one that has ended, and one that is alive with all that there can be about a call."""
    ended = await _connect(own)
    await own.do("hangupCall", {"callId": ended.call.id})
    await until(lambda: ended.call.is_ended)
    alive = await _connect(own)
    call_id = own.ids[Kind.CALL] = alive.call.id
    own.ids[Kind.LEG] = alive.call.legs[0].id
    recording_id = RecordingId(await own.make("startRecording", "recording", {"callId": call_id, "mode": "BOTH"}))
    for role in _SIDES:
        alive.post(inputs.SnoopCreated(recording_id=recording_id, role=role))
        alive.post(inputs.PartStarted(recording_id=recording_id, role=role, at=own.tenant.surface.services.clock.now()))
    await until(lambda: alive.call.recordings[0].started_at is not None)
    await own.do("playAudio", {"callId": call_id, "sounds": [{"installed": "beep"}]})
    own.ids[Kind.PLAYBACK] = alive.call.playbacks[0].id
    await own.do("startMediaStream", {"legId": alive.call.leg_of(LegRole.CUSTOMER).id, "url": BOT_URL})
    (stream,) = alive.call.media_streams
    alive.post(inputs.StreamReady(stream_id=stream.id))
    await until(lambda: alive.call.media_streams[0].state is MediaStreamState.ACTIVE)
    own.ids[Kind.MEDIA_STREAM] = stream.id
    supervisor = {"callId": call_id, "mode": "WHISPER", "supervisor": {"extension": "7303"}}
    await own.do("startSupervision", {"idempotencyKey": "supervise", "ringSeconds": RING_SECONDS, **supervisor})
    own.ids[Kind.SUPERVISION] = alive.call.supervisions[0].id
    transferred = await _connect(own)
    target = {"callId": transferred.call.id, "kind": "ATTENDED", "target": {"extension": "7303"}}
    await own.do("transferCall", {"idempotencyKey": "transfer", "ringSeconds": RING_SECONDS, **target})
    assert transferred.call.transfer is not None
    own.ids[Kind.TRANSFER] = transferred.call.transfer.id
    read = (await own.tenant.ask(_IDS_OF_CALL, {"id": ended.call.id}))["call"]
    own.ids[Kind.CDR] = read["cdr"]["id"]
    own.ids[Kind.EVENT] = read["events"]["nodes"][0]["id"]
    deliveries = await own.tenant.ask("{ webhookDeliveries(first: 1) { nodes { id } } }")
    own.ids[Kind.WEBHOOK_DELIVERY] = deliveries["webhookDeliveries"]["nodes"][0]["id"]
    transcript_id = own.ids[Kind.TRANSCRIPT] = new_id(Kind.TRANSCRIPT)
    async with own.tenant.surface.database.acquire() as connection:
        await connection.execute(
            _TRANSCRIPT, *(transcript_id, own.tenant.account.id, own.ids[Kind.RECORDING], call_id, own.ids[Kind.JOB])
        )


async def _connect(own: Belongings) -> CallActor:
    given = {"destination": {"extension": "7302"}, "connect": {"extension": "7301"}}
    payload = await own.do("originateCall", {"idempotencyKey": f"belongings-{next(_COUNTER)}", **given}, "call { id }")
    registry = own.tenant.surface.registry
    actor = registry.find(payload["call"]["id"])
    assert actor is not None
    for role in _SIDES:
        await until(
            lambda role=role: actor.call.leg_of(role).state not in {LegState.PLANNED, LegState.CREATING}  # type: ignore[misc]
        )
        move_leg(registry, actor.call.id, role, inputs.LegAnswered)
    await until(lambda: actor.call.state is CallState.CONNECTED)
    return actor


async def _make_errands(own: Belongings, number: str) -> None:
    at = own.tenant.surface.services.clock.now() + timedelta(days=3)
    given = {"at": {"at": at.isoformat()}, "destination": {"number": number}, "connect": {"extension": "7301"}}
    await own.make("scheduleCallback", "callback", {"idempotencyKey": "later", **given})
    await own.make("announceOtp", "otp", {"idempotencyKey": "code", "number": number})
