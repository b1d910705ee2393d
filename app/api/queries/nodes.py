"""Anything by its id. Each kind needs the scope that its own field needs."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Final, cast

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Context, Info
from app.api.fields import guarded_field
from app.api.types.access import ApiKey
from app.api.types.call import Call, Leg
from app.api.types.call_flows import CallFlow
from app.api.types.callbacks import Callback
from app.api.types.campaigns import Campaign, CampaignContact
from app.api.types.cdr import Cdr
from app.api.types.contacts import Contact, ContactList, DncEntry, DncList
from app.api.types.event_list import event_signer
from app.api.types.event_mapping import event_maker
from app.api.types.groups import Queue, RingGroup
from app.api.types.job import Job
from app.api.types.media_streams import MediaEndpoint
from app.api.types.node import Node
from app.api.types.otps import Otp
from app.api.types.people import Agent, Device, Extension
from app.api.types.recording import Recording
from app.api.types.speech import AnnouncementTemplate, AudioFile
from app.api.types.transcript import Transcript
from app.api.types.trunks import InboundRoute, OutboundNumber, OutboundNumberPool, Trunk
from app.api.types.webhook import WebhookDelivery, WebhookEndpoint
from app.errors import Problem, RefusedError
from app.ids import Kind, kind_of, number_within, owner_within, part_within

MOST_NODES: Final = 100


async def _call(context: Context, node_id: str) -> Node | None:
    found = await context.loaders.call.load(node_id)
    return None if found is None else Call.of(found, context.sight)


async def _leg(context: Context, node_id: str) -> Node | None:
    found = await context.services.call_queries.find_leg(context.account_id, node_id)
    return None if found is None else Leg.of(found[1], context.sight, call_id=found[0].id)


async def _cdr(context: Context, node_id: str) -> Node | None:
    found = await context.loaders.cdr.load(node_id)
    return None if found is None else Cdr.of(found, context.sight)


async def _recording(context: Context, node_id: str) -> Node | None:
    found = await context.loaders.recording.load(node_id)
    return None if found is None else Recording.of(found, context.sight)


async def _event(context: Context, node_id: str) -> Node | None:
    found = await context.services.event_log.get(context.account_id, node_id)
    return None if found is None else event_maker(context.sight, event_signer(context))(found)


async def _endpoint(context: Context, node_id: str) -> Node | None:
    found = await context.services.webhooks.get(context.account_id, node_id)
    return None if found is None else WebhookEndpoint.of(found)


async def _delivery(context: Context, node_id: str) -> Node | None:
    found = await context.services.webhook_queries.get(context.account_id, node_id)
    return None if found is None else WebhookDelivery.of(found)


async def _media_endpoint(context: Context, node_id: str) -> Node | None:
    found = await context.services.media_endpoints.get(context.account_id, node_id)
    return None if found is None else MediaEndpoint.of(found)


async def _job(context: Context, node_id: str) -> Node | None:
    found = await context.services.jobs.get(context.account_id, node_id, context.caller.scopes)
    return None if found is None else Job.of(found)


async def _callback(context: Context, node_id: str) -> Node | None:
    found = await context.services.callbacks.get(context.account_id, node_id)
    return None if found is None else Callback.of(found, context.sight)


async def _otp(context: Context, node_id: str) -> Node | None:
    found = await context.services.otps.get(context.account_id, node_id)
    return None if found is None else Otp.of(found, context)


async def _transcript(context: Context, node_id: str) -> Node | None:
    found = await context.services.transcript_queries.get(context.account_id, node_id)
    return None if found is None else Transcript.of(found)


async def _agent(context: Context, node_id: str) -> Node | None:
    found = await context.loaders.agent.load(node_id)
    return None if found is None else Agent.of(found)


async def _extension(context: Context, node_id: str) -> Node | None:
    found = await context.loaders.extension.load(node_id)
    return None if found is None else Extension.of(found)


async def _device(context: Context, node_id: str) -> Node | None:
    found = await context.loaders.device.load(node_id)
    return None if found is None else Device.of(found, context.sight)


async def _ring_group(context: Context, node_id: str) -> Node | None:
    found = await context.loaders.ring_group.load(node_id)
    return None if found is None else RingGroup.of(found, context.sight)


async def _queue(context: Context, node_id: str) -> Node | None:
    found = await context.loaders.queue.load(node_id)
    return None if found is None else Queue.of(found, context.sight)


async def _trunk(context: Context, node_id: str) -> Node | None:
    found = await context.loaders.trunk.load(node_id)
    return None if found is None else Trunk.of(found)


async def _outbound_number(context: Context, node_id: str) -> Node | None:
    found = await context.loaders.outbound_number.load(node_id)
    return None if found is None else OutboundNumber.of(found, context.sight)


async def _outbound_number_pool(context: Context, node_id: str) -> Node | None:
    found = await context.services.routing.pools.get(context.account_id, node_id)
    return None if found is None else OutboundNumberPool.of(found)


async def _inbound_route(context: Context, node_id: str) -> Node | None:
    found = await context.services.routing.routes.get(context.account_id, node_id)
    return None if found is None else InboundRoute.of(found, context.sight)


async def _call_flow(context: Context, node_id: str) -> Node | None:
    found = await context.services.routing.flows.get(context.account_id, node_id)
    return None if found is None else CallFlow.of(found, context.sight)


async def _announcement_template(context: Context, node_id: str) -> Node | None:
    found = await context.services.speech.templates.get(context.account_id, node_id)
    return None if found is None else AnnouncementTemplate.of(found)


async def _contact_list(context: Context, node_id: str) -> Node | None:
    found = await context.services.contacts.lists.get(context.account_id, node_id)
    return None if found is None else ContactList.of(found)


async def _contact(context: Context, node_id: str) -> Node | None:
    found = await context.services.contacts.contacts.get(context.account_id, node_id)
    return None if found is None else Contact.of(found, context.sight)


async def _dnc_list(context: Context, node_id: str) -> Node | None:
    found = await context.services.contacts.dnc_lists.get(context.account_id, node_id)
    return None if found is None else DncList.of(found)


async def _audio_file(context: Context, node_id: str) -> Node | None:
    found = await context.services.speech.audio_files.get(context.account_id, node_id)
    return None if found is None else AudioFile.of(found)


async def _campaign(context: Context, node_id: str) -> Node | None:
    found = await context.services.campaigns.queries.get(context.account_id, node_id)
    return None if found is None else Campaign.of(found, context.sight)


async def _campaign_contact(context: Context, node_id: str) -> Node | None:
    campaign_id, contact_id = owner_within(node_id, Kind.CAMPAIGN), part_within(node_id, Kind.CONTACT)
    found = await context.services.campaigns.queries.get_contact(context.account_id, campaign_id, contact_id)
    return None if found is None else CampaignContact.of(found, context.sight)


async def _api_key(context: Context, node_id: str) -> Node | None:
    found = await context.services.keys.get(context.account_id, node_id)
    return None if found is None else ApiKey.of(found)


async def _dnc_entry(context: Context, node_id: str) -> Node | None:
    entries, list_id = context.services.contacts.dnc_entries, owner_within(node_id, Kind.DNC_LIST)
    found = await entries.get(context.account_id, list_id, number_within(node_id))
    return None if found is None else DncEntry.of(found, context.sight)


#: How each kind is found, and the scope it takes; None: what it takes is its own.
FINDERS: Final[Mapping[Kind, tuple[Scope | None, Callable[[Context, str], Awaitable[Node | None]]]]] = {
    Kind.CALL: (Scope.CALLS_READ, _call),
    Kind.LEG: (Scope.CALLS_READ, _leg),
    Kind.CDR: (Scope.CDRS_READ, _cdr),
    Kind.RECORDING: (Scope.RECORDINGS_READ, _recording),
    Kind.EVENT: (Scope.CALLS_READ, _event),
    Kind.CALLBACK: (Scope.CALLBACKS, _callback),
    Kind.OTP: (Scope.OTP, _otp),
    Kind.CAMPAIGN: (Scope.CAMPAIGNS_READ, _campaign),
    Kind.CAMPAIGN_CONTACT: (Scope.CAMPAIGNS_READ, _campaign_contact),
    Kind.AGENT: (Scope.AGENTS, _agent),
    Kind.EXTENSION: (Scope.ROUTING, _extension),
    Kind.DEVICE: (Scope.ROUTING, _device),
    Kind.RING_GROUP: (Scope.ROUTING, _ring_group),
    Kind.QUEUE: (Scope.ROUTING, _queue),
    Kind.TRUNK: (Scope.ROUTING, _trunk),
    Kind.OUTBOUND_NUMBER: (Scope.ROUTING, _outbound_number),
    Kind.OUTBOUND_NUMBER_POOL: (Scope.ROUTING, _outbound_number_pool),
    Kind.CALL_FLOW: (Scope.ROUTING, _call_flow),
    Kind.INBOUND_ROUTE: (Scope.ROUTING, _inbound_route),
    Kind.ANNOUNCEMENT_TEMPLATE: (Scope.ROUTING, _announcement_template),
    Kind.AUDIO_FILE: (Scope.ROUTING, _audio_file),
    Kind.CONTACT_LIST: (Scope.CONTACTS, _contact_list),
    Kind.CONTACT: (Scope.CONTACTS, _contact),
    Kind.DNC_LIST: (Scope.DNC, _dnc_list),
    Kind.DNC_ENTRY: (Scope.DNC, _dnc_entry),
    Kind.WEBHOOK_ENDPOINT: (Scope.WEBHOOKS_READ, _endpoint),
    Kind.MEDIA_ENDPOINT: (Scope.WEBHOOKS_READ, _media_endpoint),
    Kind.WEBHOOK_DELIVERY: (Scope.WEBHOOKS_READ, _delivery),
    Kind.JOB: (None, _job),
    Kind.TRANSCRIPT: (Scope.RECORDINGS_READ, _transcript),
    Kind.API_KEY: (Scope.KEYS, _api_key),
}


async def find_node(context: Context, node_id: str) -> Node | None:
    """The thing with this id; None when there is none, it is another account's, or of a kind that is no node.

    Raises:
        ScopeError: the key may not see things of this kind.
    """
    kind = kind_of(node_id)
    if kind is None or kind not in FINDERS:
        return None
    scope, find = FINDERS[kind]
    if scope is not None:
        context.caller.require(scope)
    return await find(context, node_id)


@strawberry.type
class NodeQueries:
    @guarded_field(None, "Anything by its id; null when there is none. Each kind needs the scope of its own field.")
    async def node(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The id.")],  # noqa: A002  # the argument's public name
    ) -> Node | None:
        return await find_node(info.context, id)

    @guarded_field(None, "Several things by their ids, in the order of the ids; null for each that there is none.")
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description=f"The ids, at most {MOST_NODES}.")],
    ) -> list[Node | None]:
        if len(ids) > MOST_NODES:
            raise RefusedError(Problem("INVALID_INPUT", f"Ask for at most {MOST_NODES} nodes at once.", ("ids",)))
        # Not awaited here: GraphQL awaits them together, so that the loaders find all of a kind in one query, and gives
        # each its own error.
        return cast("list[Node | None]", [find_node(info.context, one) for one in ids])
