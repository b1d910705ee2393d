"""Agents, extensions and devices."""

from datetime import datetime
from typing import Self

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.types.agent_activity import AgentActivity
from app.api.types.enums.describing import describe
from app.api.types.node import Node
from app.facts.masking import Sight, mask_contact
from app.facts.queues import AgentState
from app.routing import model
from app.routing.words import Codec, LineState, Transport

describe(
    Transport,
    "How SIP is carried. Expect values you do not know: this list grows.",
    {"UDP": "Over UDP.", "TCP": "Over TCP."},
    name="SipTransport",
)
describe(
    Codec,
    "How audio is written, best first where there are several. Expect values you do not know: this list grows.",
    {
        "ULAW": "G.711 µ-law, 64 kbit/s: what telephone networks of the Americas and Japan speak.",
        "ALAW": "G.711 A-law, 64 kbit/s: what the others speak.",
        "G722": "G.722, 64 kbit/s, wideband.",
        "GSM": "GSM full rate, 13 kbit/s.",
    },
    name="AudioCodec",
)


@strawberry.type(description="A person who takes and places calls.")
class Agent(Node):
    name: str = strawberry.field(description="The name, as colleagues know it.")
    display_name: str | None = strawberry.field(description="What others are shown instead; null shows `name`.")
    email: str | None = strawberry.field(description="An e-mail address; null for none.")
    extension_id: strawberry.ID | None = strawberry.field(description="Where it sits; null for nowhere.")
    ring_seconds: float | None = strawberry.field(
        description="How long it rings before somebody else is tried; null is what the call or queue says."
    )
    wrap_up_seconds: float | None = strawberry.field(
        description="How long it is left alone after a call; null is what the queue says."
    )
    created_at: datetime = strawberry.field(description="When it was made.")

    @classmethod
    def of(cls, agent: model.Agent) -> Self:
        return cls(
            id=strawberry.ID(agent.id),
            name=agent.name,
            display_name=agent.display_name,
            email=agent.email,
            extension_id=None if agent.extension_id is None else strawberry.ID(agent.extension_id),
            ring_seconds=agent.ring_seconds,
            wrap_up_seconds=agent.wrap_up_seconds,
            created_at=agent.created_at,
        )

    @guarded_field(Scope.AGENTS, "What it does, for queues: `AVAILABLE`, `BUSY` and so on.")
    async def state(self, info: Info) -> AgentState | None:
        return (await info.context.loaders.agent_standing.load(self.id)).state

    @guarded_field(Scope.AGENTS, "What it does, in full.")
    async def activity(self, info: Info) -> AgentActivity | None:
        return AgentActivity.of(await info.context.loaders.agent_standing.load(self.id))

    @guarded_field(Scope.ROUTING, "The extension where it sits.")
    async def extension(self, info: Info) -> "Extension | None":
        if self.extension_id is None:
            return None
        found = await info.context.loaders.extension.load(self.extension_id)
        return None if found is None else Extension.of(found)

    @guarded_field(Scope.ROUTING, "Its own devices, which ring beside its extension's.")
    async def devices(self, info: Info) -> "list[Device] | None":
        found = await info.context.loaders.devices_of_agent.load(self.id)
        return [Device.of(one, info.context.sight) for one in found]


@strawberry.type(description="An internal number. It rings its devices, and those of the agents who sit at it.")
class Extension(Node):
    number: str = strawberry.field(description="2 to 6 digits.")
    label: str | None = strawberry.field(description="Your own words about it.")
    created_at: datetime = strawberry.field(description="When it was made.")

    @classmethod
    def of(cls, extension: model.Extension) -> Self:
        return cls(
            id=strawberry.ID(extension.id),
            number=extension.number,
            label=extension.label,
            created_at=extension.created_at,
        )

    @guarded_field(Scope.ROUTING, "Its own devices.")
    async def devices(self, info: Info) -> "list[Device] | None":
        found = await info.context.loaders.devices_of_extension.load(self.id)
        return [Device.of(one, info.context.sight) for one in found]

    @guarded_field(Scope.AGENTS, "The agents who sit at it.")
    async def agents(self, info: Info) -> list[Agent] | None:
        return [Agent.of(one) for one in await info.context.loaders.agents_of_extension.load(self.id)]


@strawberry.type(description="A phone. It registers with its user name and its secret, which is shown once.")
class Device(Node):
    label: str | None = strawberry.field(description="Your own words about it.")
    extension_id: strawberry.ID | None = strawberry.field(description="The extension it belongs to, if to one.")
    agent_id: strawberry.ID | None = strawberry.field(description="The agent it belongs to, if to one.")
    username: str = strawberry.field(
        description="The SIP user name, for authentication as well; also its endpoint's name in Asterisk."
    )
    transport: Transport = strawberry.field(description="How it talks to Asterisk.")
    codecs: list[Codec] = strawberry.field(description="What it may speak, best first.")
    is_provisioned: bool = strawberry.field(
        description="Offhook keeps it in Asterisk. Others are in Asterisk's own files, with a fixed address."
    )
    is_registered: bool = strawberry.field(
        description="It can be called: it has registered and answers, or its address is fixed."
    )
    registered_at: datetime | None = strawberry.field(description="Since when; null while it is not registered.")
    contact: str | None = strawberry.field(
        description="Where it has registered from, a SIP URI; without `pii:read` the address in it is `*`. Null when "
        "it is not known."
    )
    created_at: datetime = strawberry.field(description="When it was made.")

    @classmethod
    def of(cls, device: model.Device, sight: Sight) -> Self:
        is_up = device.state is LineState.UP
        return cls(
            id=strawberry.ID(device.id),
            label=device.label,
            extension_id=None if device.extension_id is None else strawberry.ID(device.extension_id),
            agent_id=None if device.agent_id is None else strawberry.ID(device.agent_id),
            username=device.endpoint,
            transport=device.transport,
            codecs=list(device.codecs),
            is_provisioned=device.is_provisioned,
            is_registered=is_up,
            registered_at=device.state_changed_at if is_up else None,
            contact=None if device.contact is None else mask_contact(device.contact, sight),
            created_at=device.created_at,
        )

    @guarded_field(Scope.ROUTING, "The extension it belongs to.")
    async def extension(self, info: Info) -> Extension | None:
        if self.extension_id is None:
            return None
        found = await info.context.loaders.extension.load(self.extension_id)
        return None if found is None else Extension.of(found)

    @guarded_field(Scope.AGENTS, "The agent it belongs to.")
    async def agent(self, info: Info) -> Agent | None:
        if self.agent_id is None:
            return None
        found = await info.context.loaders.agent.load(self.agent_id)
        return None if found is None else Agent.of(found)
