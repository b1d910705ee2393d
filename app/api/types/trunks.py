"""Trunks, outbound numbers and pools, inbound routes."""

from datetime import datetime
from typing import Self

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import guarded_field
from app.api.types.call_target import RoutingTarget
from app.api.types.enums.describing import describe
from app.api.types.node import Node
from app.api.types.reputation import Reputation
from app.api.types.values import Party
from app.facts import vocabulary
from app.facts.masking import Sight
from app.facts.vocabulary import RecordingMode
from app.routing import model
from app.routing.words import CallerIdPolicy, Codec, LineState, NumberCapability, Transport

describe(
    LineState,
    "Whether Asterisk can reach a trunk. Expect values you do not know: this list grows.",
    {
        "UP": "It answers.",
        "DOWN": "It does not, so it is not dialled.",
        "UNKNOWN": "Nobody has asked it yet, or it is never asked.",
    },
    name="TrunkState",
)
describe(
    CallerIdPolicy,
    "Which of the account's numbers may be shown over a trunk. Expect values you do not know: this list grows.",
    {
        "ACCOUNT_NUMBERS": "Any of the account's outbound numbers.",
        "TRUNK_NUMBERS": "Those that belong to the trunk (`OutboundNumber.trunk`), for carriers that refuse others.",
    },
)
describe(
    NumberCapability,
    "What an outbound number may be used for. Expect values you do not know: this list grows.",
    {"CALLER_ID": "To be shown as the caller.", "INBOUND": "To be called."},
)


@strawberry.type(description="A way out to the telephone network, and in from it.")
class Trunk(Node):
    name: str = strawberry.field(description="1 to 20 lower-case letters and digits; part of its name in Asterisk.")
    endpoint: str = strawberry.field(description="Its endpoint's name in Asterisk.")
    host: str | None = strawberry.field(description="Where its calls go; null when Asterisk's own files say it.")
    port: int | None = strawberry.field(description="Null is SIP's own, or what the host's DNS records say.")
    transport: Transport = strawberry.field(description="How SIP is carried.")
    username: str | None = strawberry.field(description="Who we are there; null without authentication.")
    has_secret: bool = strawberry.field(description="There is a secret. It is never shown.")
    registers: bool = strawberry.field(description="Asterisk registers there, so that calls find it.")
    match_addresses: list[str] = strawberry.field(
        description="Where its calls come from: addresses, networks, addresses with a port."
    )
    codecs: list[Codec] = strawberry.field(description="What it may speak, best first.")
    dial_template: str = strawberry.field(
        description="What is dialled: `{e164}` with plus sign, `{digits}` without, `{national}` without country code."
    )
    max_channels: int | None = strawberry.field(description="How many calls it takes at once; null is no limit.")
    caller_id_policy: CallerIdPolicy = strawberry.field(description="Which numbers may be shown over it.")
    is_default: bool = strawberry.field(description="Calls that name no trunk go out over it.")
    is_enabled: bool = strawberry.field(description="It is in use, both ways.")
    is_provisioned: bool = strawberry.field(description="Offhook keeps it in Asterisk; others are in Asterisk's files.")
    sandbox: bool = strawberry.field(description="It leads to the sandbox's made-up numbers.")
    qualify_seconds: int = strawberry.field(
        description="How often it is asked whether it is there (OPTIONS); 0 is never."
    )
    state: LineState = strawberry.field(description="Whether it answers.")
    state_changed_at: datetime | None = strawberry.field(description="Since when; null while that is unknown.")
    created_at: datetime = strawberry.field(description="When it was made.")

    @classmethod
    def of(cls, trunk: model.Trunk) -> Self:
        return cls(
            id=strawberry.ID(trunk.id),
            name=trunk.name,
            endpoint=trunk.endpoint,
            host=trunk.host,
            port=trunk.port,
            transport=trunk.transport,
            username=trunk.username,
            has_secret=trunk.has_secret,
            registers=trunk.registers,
            match_addresses=list(trunk.match_addresses),
            codecs=list(trunk.codecs),
            dial_template=trunk.dial_template,
            max_channels=trunk.max_channels,
            caller_id_policy=trunk.caller_id_policy,
            is_default=trunk.is_default,
            is_enabled=trunk.is_enabled,
            is_provisioned=trunk.is_provisioned,
            sandbox=trunk.is_sandbox,
            qualify_seconds=trunk.qualify_seconds,
            state=trunk.state,
            state_changed_at=trunk.state_changed_at,
            created_at=trunk.created_at,
        )


@strawberry.type(description="A number of the account's own.")
class OutboundNumber(Node):
    number: Party = strawberry.field(description="The number.")
    label: str | None = strawberry.field(description="Your own words about it.")
    is_default: bool = strawberry.field(description="Calls that name no caller id show it.")
    trunk_id: strawberry.ID | None = strawberry.field(description="The trunk it belongs to, if to one.")
    capabilities: list[NumberCapability] = strawberry.field(description="What it may be used for.")
    shown: strawberry.Private[str]
    is_verified: bool = strawberry.field(
        description="It was shown to be the account's. Calls to the outside show no others."
    )
    verified_at: datetime | None = strawberry.field(
        description="When it was shown to be the account's; null while it was not."
    )
    created_at: datetime = strawberry.field(description="When it was made.")

    @classmethod
    def of(cls, number: model.OutboundNumber, sight: Sight) -> Self:
        return cls(
            id=strawberry.ID(number.id),
            shown=number.number,
            number=Party.of(vocabulary.Party(number=number.number), sight),
            label=number.label,
            is_default=number.is_default,
            trunk_id=None if number.trunk_id is None else strawberry.ID(number.trunk_id),
            capabilities=list(number.capabilities),
            is_verified=number.verified_at is not None,
            verified_at=number.verified_at,
            created_at=number.created_at,
        )

    @guarded_field(Scope.ROUTING, "The trunk it belongs to.")
    async def trunk(self, info: Info) -> Trunk | None:
        found = None if self.trunk_id is None else await info.context.loaders.trunk.load(self.trunk_id)
        return None if found is None else Trunk.of(found)

    @guarded_field(Scope.ROUTING, "What is thought of it, and why.")
    async def reputation(self, info: Info) -> Reputation | None:
        return Reputation.of(await info.context.loaders.number_standing.load(self.shown))


@strawberry.type(description="Outbound numbers of which one is chosen for each call.")
class OutboundNumberPool(Node):
    name: str = strawberry.field(description="The name.")
    number_ids: list[strawberry.ID] = strawberry.field(description="Its numbers, in their order.")
    created_at: datetime = strawberry.field(description="When it was made.")

    @classmethod
    def of(cls, pool: model.OutboundNumberPool) -> Self:
        return cls(
            id=strawberry.ID(pool.id),
            name=pool.name,
            number_ids=[strawberry.ID(one) for one in pool.number_ids],
            created_at=pool.created_at,
        )

    @guarded_field(Scope.ROUTING, "Its numbers, in their order.")
    async def numbers(self, info: Info) -> list[OutboundNumber] | None:
        found = await info.context.loaders.outbound_number.load_many(self.number_ids)
        return [OutboundNumber.of(one, info.context.sight) for one in found if one is not None]


@strawberry.type(description="Where calls from outside go.")
class InboundRoute(Node):
    label: str | None = strawberry.field(description="Your own words about it.")
    trunk_id: strawberry.ID | None = strawberry.field(description="For calls over this trunk; null is any.")
    pattern: str = strawberry.field(
        description="For calls that dialled this: a number, the beginning of one with `*` behind it, or `*` alone."
    )
    target: RoutingTarget = strawberry.field(description="Where they go.")
    overflow: RoutingTarget | None = strawberry.field(
        description="Where they go when nobody whom the target means answers; null is nowhere."
    )
    recording_mode: RecordingMode = strawberry.field(description="Whose voice is recorded once somebody has answered.")
    is_enabled: bool = strawberry.field(description="It is in use.")
    created_at: datetime = strawberry.field(description="When it was made.")

    @classmethod
    def of(cls, route: model.InboundRoute, sight: Sight) -> Self:
        return cls(
            id=strawberry.ID(route.id),
            label=route.label,
            trunk_id=None if route.trunk_id is None else strawberry.ID(route.trunk_id),
            pattern=route.pattern,
            target=RoutingTarget.of(route.target, sight),
            overflow=RoutingTarget.of_optional(route.overflow, sight),
            recording_mode=route.recording_mode,
            is_enabled=route.is_enabled,
            created_at=route.created_at,
        )

    @guarded_field(Scope.ROUTING, "The trunk it is for; null is any.")
    async def trunk(self, info: Info) -> Trunk | None:
        found = None if self.trunk_id is None else await info.context.loaders.trunk.load(self.trunk_id)
        return None if found is None else Trunk.of(found)
