"""Making, changing and deleting ring groups and queues."""

from typing import Annotated, Any, Final, cast

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import mutation
from app.api.mutations.changes import read_changes, replace_target
from app.api.mutations.inputs import CallTarget
from app.api.types.groups import Queue, RingGroup
from app.api.types.problem import UserError
from app.routing import model
from app.routing.groups import QueueChanges, RingGroupChanges
from app.routing.words import QueueStrategy, RingStrategy

_USER_ERRORS: Final = "What the caller can mend; empty when it was done."
_OVERFLOW: Final = frozenset({"overflow"})
_QUEUE_NULLABLE: Final = frozenset(
    {"overflow", "announce_position_seconds", "max_wait_seconds", "wrap_up_seconds", "max_length"}
)
_QUEUE_DEFAULTS: Final = {"ring_seconds": 20.0, "music_class": "default"}


@strawberry.input(one_of=True, description="A member of a ring group: exactly one of these.")
class RingGroupMemberInput:
    agent_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="An agent.")
    extension_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="An extension.")


@strawberry.input(description="An agent who serves a queue.")
class QueueMemberInput:
    agent_id: strawberry.ID = strawberry.field(description="The agent.")
    penalty: int = strawberry.field(
        default=0, description="0 to 1000: the lowest is asked first, the others when none of those is free."
    )


def _group_members(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: [
            model.RingGroupMember(agent_id=one.agent_id or None, extension_id=one.extension_id or None) for one in value
        ]
        if name in {"members", "add_members", "remove_members"}
        else value
        for name, value in values.items()
    }


def _queue_members(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: [model.QueueMember(agent_id=one.agent_id, penalty=one.penalty) for one in value]
        if name in {"members", "add_members"}
        else value
        for name, value in values.items()
    }


@strawberry.input(description="A ring group to be made.")
class CreateRingGroupInput:
    name: str = strawberry.field(description="The name.")
    strategy: RingStrategy = strawberry.field(description="How its members are rung.")
    ring_seconds: float = strawberry.field(description="How long each member rings: 1 to 600; with `ALL`, all of them.")
    members: list[RingGroupMemberInput] | None = strawberry.field(
        default=strawberry.UNSET, description="Who is rung, in order. Null is refused."
    )
    overflow: CallTarget | None = strawberry.field(
        default=strawberry.UNSET, description="Where the call goes when nobody answers; null ends it."
    )


@strawberry.input(description="Changes of a ring group. What is left out stays; lists replace.")
class UpdateRingGroupInput:
    id: strawberry.ID = strawberry.field(description="Which one.")
    name: str | None = strawberry.field(default=strawberry.UNSET, description="The name. Null is refused.")
    strategy: RingStrategy | None = strawberry.field(
        default=strawberry.UNSET, description="How its members are rung. Null is refused."
    )
    ring_seconds: float | None = strawberry.field(
        default=strawberry.UNSET,
        description="How long each member rings: 1 to 600; with `ALL`, all of them. Null is refused.",
    )
    members: list[RingGroupMemberInput] | None = strawberry.field(
        default=strawberry.UNSET, description="All members anew. Null is refused."
    )
    add_members: list[RingGroupMemberInput] | None = strawberry.field(
        default=strawberry.UNSET, description="Members to be added at the end. Null is refused."
    )
    remove_members: list[RingGroupMemberInput] | None = strawberry.field(
        default=strawberry.UNSET, description="Members to be taken away. Null is refused."
    )
    overflow: CallTarget | None = strawberry.field(
        default=strawberry.UNSET, description="Where the call goes when nobody answers; null ends it."
    )


@strawberry.input(description="A ring group to be deleted.")
class DeleteRingGroupInput:
    id: strawberry.ID = strawberry.field(description="Which one.")


@strawberry.type(description="What came of making a ring group.")
class CreateRingGroupPayload:
    ring_group: RingGroup | None = strawberry.field(default=None, description="As it is now; null when refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=_USER_ERRORS)


@strawberry.type(description="What came of changing a ring group.")
class UpdateRingGroupPayload:
    ring_group: RingGroup | None = strawberry.field(default=None, description="As it is now; null when refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=_USER_ERRORS)


@strawberry.type(description="What came of deleting a ring group.")
class DeleteRingGroupPayload:
    deleted_id: strawberry.ID | None = strawberry.field(default=None, description="The id of what was deleted.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=_USER_ERRORS)


@strawberry.input(description="A queue to be made.")
class CreateQueueInput:
    name: str = strawberry.field(description="The name.")
    strategy: QueueStrategy = strawberry.field(description="Which free agent is offered a caller.")
    ring_seconds: float | None = strawberry.field(
        default=strawberry.UNSET,
        description="How long an agent rings before the next is tried: 1 to 600, by default 20. Null is refused.",
    )
    music_class: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="What waiting callers hear: a class of music in Asterisk; `default` by default. Null is refused.",
    )
    announce_position_seconds: float | None = strawberry.field(
        default=strawberry.UNSET,
        description="How often callers hear at which place they wait: 10 to 3600; null is never.",
    )
    max_wait_seconds: float | None = strawberry.field(
        default=strawberry.UNSET, description="How long a caller waits at most: 1 to 86400; null is no limit."
    )
    wrap_up_seconds: float | None = strawberry.field(
        default=strawberry.UNSET,
        description="How long an agent is left alone after a call, when the agent's own time does not"
        " say: 0 to 3600. Null clears it.",
    )
    max_length: int | None = strawberry.field(
        default=strawberry.UNSET, description="How many callers may wait at once: 1 to 10000; null is no limit."
    )
    members: list[QueueMemberInput] | None = strawberry.field(
        default=strawberry.UNSET, description="Who serves it. Null is refused."
    )
    overflow: CallTarget | None = strawberry.field(
        default=strawberry.UNSET,
        description="Where callers go who have waited too long, or find it full; null ends the call.",
    )


@strawberry.input(description="Changes of a queue. What is left out stays; lists replace.")
class UpdateQueueInput:
    id: strawberry.ID = strawberry.field(description="Which one.")
    name: str | None = strawberry.field(default=strawberry.UNSET, description="The name. Null is refused.")
    strategy: QueueStrategy | None = strawberry.field(
        default=strawberry.UNSET, description="Which free agent is offered a caller. Null is refused."
    )
    ring_seconds: float | None = strawberry.field(
        default=strawberry.UNSET, description="How long an agent rings before the next is tried. Null is refused."
    )
    music_class: str | None = strawberry.field(
        default=strawberry.UNSET, description="What waiting callers hear. Null is refused."
    )
    announce_position_seconds: float | None = strawberry.field(
        default=strawberry.UNSET,
        description="How often callers hear at which place they wait: 10 to 3600; null is never.",
    )
    max_wait_seconds: float | None = strawberry.field(
        default=strawberry.UNSET, description="How long a caller waits at most: 1 to 86400; null is no limit."
    )
    wrap_up_seconds: float | None = strawberry.field(
        default=strawberry.UNSET,
        description="How long an agent is left alone after a call, when the agent's own time does not"
        " say: 0 to 3600. Null clears it.",
    )
    max_length: int | None = strawberry.field(
        default=strawberry.UNSET, description="How many callers may wait at once: 1 to 10000; null is no limit."
    )
    members: list[QueueMemberInput] | None = strawberry.field(
        default=strawberry.UNSET, description="All members anew. Null is refused."
    )
    add_members: list[QueueMemberInput] | None = strawberry.field(
        default=strawberry.UNSET,
        description="Members to be added; one that is there gets the new penalty. Null is refused.",
    )
    remove_agent_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="Agents to be taken away. Null is refused."
    )
    overflow: CallTarget | None = strawberry.field(
        default=strawberry.UNSET,
        description="Where callers go who have waited too long, or find it full; null ends the call.",
    )


@strawberry.input(description="A queue to be deleted.")
class DeleteQueueInput:
    id: strawberry.ID = strawberry.field(description="Which one.")


@strawberry.type(description="What came of making a queue.")
class CreateQueuePayload:
    queue: Queue | None = strawberry.field(default=None, description="As it is now; null when refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=_USER_ERRORS)


@strawberry.type(description="What came of changing a queue.")
class UpdateQueuePayload:
    queue: Queue | None = strawberry.field(default=None, description="As it is now; null when refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=_USER_ERRORS)


@strawberry.type(description="What came of deleting a queue.")
class DeleteQueuePayload:
    deleted_id: strawberry.ID | None = strawberry.field(default=None, description="The id of what was deleted.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=_USER_ERRORS)


@strawberry.type
class GroupMutations:
    @mutation(Scope.ROUTING, CreateRingGroupPayload, "Make a ring group.")
    async def create_ring_group(
        self,
        info: Info,
        input: Annotated[CreateRingGroupInput, strawberry.argument(description="What to make.")],  # noqa: A002  # GraphQL's own word
    ) -> CreateRingGroupPayload:
        values = replace_target(_group_members(read_changes(input, nullable=_OVERFLOW)), info.context, "overflow")
        made = await info.context.services.routing.ring_groups.create(
            info.context.caller, cast("RingGroupChanges", values)
        )
        return CreateRingGroupPayload(ring_group=RingGroup.of(made, info.context.sight))

    @mutation(Scope.ROUTING, UpdateRingGroupPayload, "Change a ring group.")
    async def update_ring_group(
        self,
        info: Info,
        input: Annotated[UpdateRingGroupInput, strawberry.argument(description="The changes.")],  # noqa: A002
    ) -> UpdateRingGroupPayload:
        changes = replace_target(_group_members(read_changes(input, nullable=_OVERFLOW)), info.context, "overflow")
        changed = await info.context.services.routing.ring_groups.update(
            info.context.caller, input.id, cast("RingGroupChanges", changes)
        )
        return UpdateRingGroupPayload(ring_group=RingGroup.of(changed, info.context.sight))

    @mutation(Scope.ROUTING, DeleteRingGroupPayload, "Delete a ring group, unless calls are sent to it.")
    async def delete_ring_group(
        self,
        info: Info,
        input: Annotated[DeleteRingGroupInput, strawberry.argument(description="What to delete.")],  # noqa: A002
    ) -> DeleteRingGroupPayload:
        await info.context.services.routing.ring_groups.delete(info.context.caller, input.id)
        return DeleteRingGroupPayload(deleted_id=input.id)

    @mutation(Scope.ROUTING, CreateQueuePayload, "Make a queue.")
    async def create_queue(
        self,
        info: Info,
        input: Annotated[CreateQueueInput, strawberry.argument(description="What to make.")],  # noqa: A002  # GraphQL's own word
    ) -> CreateQueuePayload:
        values = replace_target(_queue_members(read_changes(input, nullable=_QUEUE_NULLABLE)), info.context, "overflow")
        made = await info.context.services.routing.queues.create(
            info.context.caller, cast("QueueChanges", {**_QUEUE_DEFAULTS, **values})
        )
        return CreateQueuePayload(queue=Queue.of(made, info.context.sight))

    @mutation(Scope.ROUTING, UpdateQueuePayload, "Change a queue.")
    async def update_queue(
        self,
        info: Info,
        input: Annotated[UpdateQueueInput, strawberry.argument(description="The changes.")],  # noqa: A002
    ) -> UpdateQueuePayload:
        changes = replace_target(
            _queue_members(read_changes(input, nullable=_QUEUE_NULLABLE)), info.context, "overflow"
        )
        changed = await info.context.services.routing.queues.update(
            info.context.caller, input.id, cast("QueueChanges", changes)
        )
        return UpdateQueuePayload(queue=Queue.of(changed, info.context.sight))

    @mutation(Scope.ROUTING, DeleteQueuePayload, "Delete a queue, unless calls are sent to it.")
    async def delete_queue(
        self,
        info: Info,
        input: Annotated[DeleteQueueInput, strawberry.argument(description="What to delete.")],  # noqa: A002
    ) -> DeleteQueuePayload:
        await info.context.services.routing.queues.delete(info.context.caller, input.id)
        return DeleteQueuePayload(deleted_id=input.id)
