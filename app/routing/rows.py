"""The tables of routing as shelves, and how their rows become what `app.routing.model` says."""

from typing import Any, Final

import asyncpg

from app.facts.vocabulary import RecordingMode
from app.flows.steps import flow_from_json
from app.numbers.parse import E164
from app.resources.shelf import Shelf
from app.routing.model import (
    Agent,
    CallFlow,
    Device,
    Extension,
    InboundRoute,
    OutboundNumber,
    OutboundNumberPool,
    Queue,
    QueueMember,
    RingGroup,
    RingGroupMember,
    Trunk,
)
from app.routing.targets import CallTarget, target_from_json
from app.routing.words import (
    CallerIdPolicy,
    Codec,
    LineState,
    NumberCapability,
    QueueStrategy,
    RingStrategy,
    Transport,
)


def _line_state(table: str) -> tuple[str, ...]:
    """What the Asterisks say of a line: the best of it, and since when."""
    best = f"FROM line_state said WHERE said.line_id = {table}.id ORDER BY said.state DESC, said.changed_at LIMIT 1"
    return tuple(
        f"(SELECT said.{column} {best}) AS {name}"
        for column, name in (("state", "state"), ("changed_at", "state_changed_at"), ("contact", "contact"))
    )


def _read_device(row: asyncpg.Record) -> Device:
    values: dict[str, Any] = dict(row)
    values["transport"] = Transport(values["transport"])
    values["codecs"] = tuple(Codec(one) for one in values["codecs"])
    values["state"] = LineState(values["state"] or LineState.UNKNOWN)
    if not values["is_provisioned"]:
        values["state"] = LineState.UP
    return Device(**values)


def _read_trunk(row: asyncpg.Record) -> Trunk:
    values: dict[str, Any] = dict(row)
    values["transport"] = Transport(values["transport"])
    values["codecs"] = tuple(Codec(one) for one in values["codecs"])
    values["match_addresses"] = tuple(values["match_addresses"])
    values["caller_id_policy"] = CallerIdPolicy(values["caller_id_policy"])
    values["state"] = LineState(values["state"] or LineState.UNKNOWN)
    return Trunk(**values)


def _read_number(row: asyncpg.Record) -> OutboundNumber:
    values: dict[str, Any] = dict(row)
    values["number"] = E164(values["number"])
    values["capabilities"] = tuple(NumberCapability(one) for one in values["capabilities"])
    return OutboundNumber(**values)


def _read_pool(row: asyncpg.Record) -> OutboundNumberPool:
    return OutboundNumberPool(**{**dict(row), "number_ids": tuple(row["number_ids"])})


def _read_group(row: asyncpg.Record) -> RingGroup:
    values: dict[str, Any] = dict(row)
    values["strategy"] = RingStrategy(values["strategy"])
    values["overflow"] = _read_target(values["overflow"])
    agents, extensions = values.pop("member_agents"), values.pop("member_extensions")
    values["members"] = tuple(
        RingGroupMember(agent_id=agent_id, extension_id=extension_id)
        for agent_id, extension_id in zip(agents, extensions, strict=True)
    )
    return RingGroup(**values)


def _read_queue(row: asyncpg.Record) -> Queue:
    values: dict[str, Any] = dict(row)
    values["strategy"] = QueueStrategy(values["strategy"])
    values["overflow"] = _read_target(values["overflow"])
    agents, penalties = values.pop("member_agents"), values.pop("member_penalties")
    values["members"] = tuple(
        QueueMember(agent_id=agent_id, penalty=penalty) for agent_id, penalty in zip(agents, penalties, strict=True)
    )
    return Queue(**values)


def _read_flow(row: asyncpg.Record) -> CallFlow:
    values: dict[str, Any] = dict(row)
    return CallFlow(flow=flow_from_json(values.pop("definition")), **values)


def _read_route(row: asyncpg.Record) -> InboundRoute:
    values: dict[str, Any] = dict(row)
    values["target"] = target_from_json(values["target"])
    values["overflow"] = _read_target(values["overflow"])
    values["recording_mode"] = RecordingMode(values["recording_mode"])
    return InboundRoute(**values)


def _read_target(stored: object) -> CallTarget | None:
    return None if stored is None else target_from_json(stored)


def _group_members(column: str) -> str:
    return (
        f"ARRAY(SELECT member.{column} FROM ring_group_member member "  # noqa: S608  # our own names
        "LEFT JOIN agent ON agent.id = member.agent_id "
        "LEFT JOIN extension ON extension.id = member.extension_id "
        "WHERE member.group_id = ring_group.id AND agent.deleted_at IS NULL AND extension.deleted_at IS NULL "
        "ORDER BY member.place)"
    )


def _queue_members(column: str) -> str:
    return (
        f"ARRAY(SELECT member.{column} FROM queue_member member JOIN agent ON agent.id = member.agent_id "  # noqa: S608  # our own names
        "WHERE member.queue_id = queue.id AND agent.deleted_at IS NULL "
        "ORDER BY member.penalty, member.joined_at, member.agent_id)"
    )


EXTENSIONS: Final = Shelf(
    "extension",
    "extension",
    ("id", "account_id", "number", "label", "created_at"),
    lambda row: Extension(**dict(row)),
)
AGENTS: Final = Shelf(
    "agent",
    "agent",
    (
        *("id", "account_id", "name", "display_name", "email", "extension_id", "ring_seconds", "wrap_up_seconds"),
        "created_at",
    ),
    lambda row: Agent(**dict(row)),
)
DEVICES: Final = Shelf(
    "device",
    "device",
    (
        *("id", "account_id", "extension_id", "agent_id", "endpoint", "label", "is_provisioned", "transport"),
        *("codecs", "created_at"),
        *_line_state("device"),
    ),
    _read_device,
)
TRUNKS: Final = Shelf(
    "trunk",
    "trunk",
    (
        *("id", "account_id", "name", "endpoint", "dial_template", "is_default", "is_sandbox", "is_provisioned"),
        *("is_enabled", "host", "port", "transport", "username", "registers", "match_addresses", "codecs"),
        *("max_channels", "caller_id_policy", "qualify_seconds", "created_at"),
        "(secret_sealed IS NOT NULL) AS has_secret",
        *_line_state("trunk")[:2],
    ),
    _read_trunk,
)
NUMBERS: Final = Shelf(
    "outbound_number",
    "outbound number",
    (
        *("id", "account_id", "number", "label", "is_default", "trunk_id", "capabilities", "verified_at"),
        "created_at",
    ),
    _read_number,
)
POOLS: Final = Shelf(
    "outbound_number_pool",
    "pool",
    (
        *("id", "account_id", "name", "created_at"),
        (
            "ARRAY(SELECT member.number_id FROM outbound_number_pool_member member "
            "JOIN outbound_number ON outbound_number.id = member.number_id "
            "WHERE member.pool_id = outbound_number_pool.id AND outbound_number.deleted_at IS NULL "
            "ORDER BY member.place) AS number_ids"
        ),
    ),
    _read_pool,
)
RING_GROUPS: Final = Shelf(
    "ring_group",
    "ring group",
    (
        *("id", "account_id", "name", "strategy", "ring_seconds", "overflow", "created_at"),
        f"{_group_members('agent_id')} AS member_agents",
        f"{_group_members('extension_id')} AS member_extensions",
    ),
    _read_group,
)
QUEUES: Final = Shelf(
    "queue",
    "queue",
    (
        *("id", "account_id", "name", "strategy", "music_class", "announce_position_seconds", "max_wait_seconds"),
        *("ring_seconds", "wrap_up_seconds", "max_length", "overflow", "created_at"),
        f"{_queue_members('agent_id')} AS member_agents",
        f"{_queue_members('penalty')} AS member_penalties",
    ),
    _read_queue,
)
CALL_FLOWS: Final = Shelf(
    "call_flow",
    "call flow",
    (
        *("id", "account_id", "name", "version", "created_at", "updated_at"),
        (
            "(SELECT definition::text FROM call_flow_version one "
            "WHERE one.flow_id = call_flow.id AND one.version = call_flow.version) AS definition"
        ),
    ),
    _read_flow,
)
ROUTES: Final = Shelf(
    "inbound_route",
    "route",
    (
        *("id", "account_id", "label", "trunk_id", "pattern", "target", "overflow", "recording_mode", "is_enabled"),
        "created_at",
    ),
    _read_route,
)
