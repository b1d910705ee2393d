"""Making, changing and deleting ring groups and queues."""

from typing import Annotated, Final

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import mutation
from app.api.mutations.changes import Identified, read_changes
from app.api.mutations.inputs import CallTarget
from app.api.types.groups import Queue, RingGroup
from app.api.types.problem import DeletionPayload, Payload
from app.resources.field_checks import LONGEST_TEXT
from app.routing import model
from app.routing.groups import QueueChanges, RingGroupChanges
from app.routing.words import QueueStrategy, RingStrategy

_QUEUE_DEFAULTS: Final[QueueChanges] = {"ring_seconds": 20.0, "music_class": "default"}


_NAME = f"The name, 1 to {LONGEST_TEXT} characters."


@strawberry.input(one_of=True, description="A member of a ring group: exactly one of these.")
class RingGroupMemberInput:
    agent_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="An agent.")
    extension_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="An extension.")

    def read(self) -> model.RingGroupMember:
        return model.RingGroupMember(agent_id=_given(self.agent_id), extension_id=_given(self.extension_id))


def _given(value: strawberry.ID | None) -> str | None:
    # Empty is a name that nothing has, and not the same as none.
    return None if value is None or value is strawberry.UNSET else value


@strawberry.input(description="An agent who serves a queue.")
class QueueMemberInput:
    agent_id: strawberry.ID = strawberry.field(description="The agent.")
    penalty: int = strawberry.field(
        default=0, description="0 to 1000: the lowest is asked first, the others when none of those is free."
    )

    def read(self) -> model.QueueMember:
        return model.QueueMember(agent_id=self.agent_id, penalty=self.penalty)


@strawberry.input
class _RingGroupDetails:
    overflow: CallTarget | None = strawberry.field(
        default=strawberry.UNSET, description="Where the call goes when nobody answers; null ends it."
    )


@strawberry.input(description="A ring group to be made.")
class CreateRingGroupInput(_RingGroupDetails):
    name: str = strawberry.field(description=_NAME)
    strategy: RingStrategy = strawberry.field(description="How its members are rung.")
    ring_seconds: float = strawberry.field(description="How long each member rings: 1 to 600; with `ALL`, all of them.")
    members: list[RingGroupMemberInput] | None = strawberry.field(
        default=strawberry.UNSET, description="Who is rung, in order. Null is refused."
    )


@strawberry.input(description="Changes of a ring group. What is left out stays; lists replace.")
class UpdateRingGroupInput(_RingGroupDetails, Identified):
    name: str | None = strawberry.field(default=strawberry.UNSET, description=f"{_NAME} Null is refused.")
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


@strawberry.input(description="A ring group to be deleted.")
class DeleteRingGroupInput(Identified):
    pass


@strawberry.type
class _RingGroupPayload(Payload):
    ring_group: RingGroup | None = strawberry.field(default=None, description="As it is now; null when refused.")


@strawberry.type(description="What came of making a ring group.")
class CreateRingGroupPayload(_RingGroupPayload):
    pass


@strawberry.type(description="What came of changing a ring group.")
class UpdateRingGroupPayload(_RingGroupPayload):
    pass


@strawberry.type(description="What came of deleting a ring group.")
class DeleteRingGroupPayload(DeletionPayload):
    pass


@strawberry.input
class _QueueDetails:
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
        " say: 0 to 3600; null is not at all.",
    )
    max_length: int | None = strawberry.field(
        default=strawberry.UNSET, description="How many callers may wait at once: 1 to 10000; null is no limit."
    )
    overflow: CallTarget | None = strawberry.field(
        default=strawberry.UNSET,
        description="Where callers go who have waited too long, or find it full; null ends the call.",
    )


@strawberry.input(description="A queue to be made.")
class CreateQueueInput(_QueueDetails):
    name: str = strawberry.field(description=_NAME)
    strategy: QueueStrategy = strawberry.field(description="Which free agent is offered a caller.")
    ring_seconds: float | None = strawberry.field(
        default=strawberry.UNSET,
        description="How long an agent rings before the next is tried: 1 to 600, by default 20. Null is refused.",
    )
    music_class: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="What waiting callers hear: a class of music in Asterisk; `default` by default. Null is refused.",
    )
    members: list[QueueMemberInput] | None = strawberry.field(
        default=strawberry.UNSET, description="Who serves it. Null is refused."
    )


@strawberry.input(description="Changes of a queue. What is left out stays; lists replace.")
class UpdateQueueInput(_QueueDetails, Identified):
    name: str | None = strawberry.field(default=strawberry.UNSET, description=f"{_NAME} Null is refused.")
    strategy: QueueStrategy | None = strawberry.field(
        default=strawberry.UNSET, description="Which free agent is offered a caller. Null is refused."
    )
    ring_seconds: float | None = strawberry.field(
        default=strawberry.UNSET,
        description="How long an agent rings before the next is tried: 1 to 600. Null is refused.",
    )
    music_class: str | None = strawberry.field(
        default=strawberry.UNSET, description="What waiting callers hear. Null is refused."
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


@strawberry.input(description="A queue to be deleted.")
class DeleteQueueInput(Identified):
    pass


@strawberry.type
class _QueuePayload(Payload):
    queue: Queue | None = strawberry.field(default=None, description="As it is now; null when refused.")


@strawberry.type(description="What came of making a queue.")
class CreateQueuePayload(_QueuePayload):
    pass


@strawberry.type(description="What came of changing a queue.")
class UpdateQueuePayload(_QueuePayload):
    pass


@strawberry.type(description="What came of deleting a queue.")
class DeleteQueuePayload(DeletionPayload):
    pass


@strawberry.type
class GroupMutations:
    @mutation(Scope.ROUTING, CreateRingGroupPayload, "Make a ring group.")
    async def create_ring_group(
        self,
        info: Info,
        input: Annotated[CreateRingGroupInput, strawberry.argument(description="What to make.")],  # noqa: A002  # GraphQL's own word
    ) -> CreateRingGroupPayload:
        values = read_changes(input, RingGroupChanges, info.context)
        made = await info.context.services.routing.ring_groups.create(info.context.caller, values)
        return CreateRingGroupPayload(ring_group=RingGroup.of(made, info.context.sight))

    @mutation(Scope.ROUTING, UpdateRingGroupPayload, "Change a ring group.")
    async def update_ring_group(
        self,
        info: Info,
        input: Annotated[UpdateRingGroupInput, strawberry.argument(description="The changes.")],  # noqa: A002
    ) -> UpdateRingGroupPayload:
        changes = read_changes(input, RingGroupChanges, info.context)
        changed = await info.context.services.routing.ring_groups.update(info.context.caller, input.id, changes)
        return UpdateRingGroupPayload(ring_group=RingGroup.of(changed, info.context.sight))

    @mutation(
        Scope.ROUTING,
        DeleteRingGroupPayload,
        "Delete a ring group, unless calls are sent to it. While they are, it is refused: `INVALID_STATE` (`IN_USE`).",
    )
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
        values = read_changes(input, QueueChanges, info.context)
        made = await info.context.services.routing.queues.create(info.context.caller, {**_QUEUE_DEFAULTS, **values})
        return CreateQueuePayload(queue=Queue.of(made, info.context.sight))

    @mutation(Scope.ROUTING, UpdateQueuePayload, "Change a queue.")
    async def update_queue(
        self,
        info: Info,
        input: Annotated[UpdateQueueInput, strawberry.argument(description="The changes.")],  # noqa: A002
    ) -> UpdateQueuePayload:
        changes = read_changes(input, QueueChanges, info.context)
        changed = await info.context.services.routing.queues.update(info.context.caller, input.id, changes)
        return UpdateQueuePayload(queue=Queue.of(changed, info.context.sight))

    @mutation(
        Scope.ROUTING,
        DeleteQueuePayload,
        "Delete a queue, unless calls are sent to it. While they are, it is refused: `INVALID_STATE` (`IN_USE`).",
    )
    async def delete_queue(
        self,
        info: Info,
        input: Annotated[DeleteQueueInput, strawberry.argument(description="What to delete.")],  # noqa: A002
    ) -> DeleteQueuePayload:
        await info.context.services.routing.queues.delete(info.context.caller, input.id)
        return DeleteQueuePayload(deleted_id=input.id)
