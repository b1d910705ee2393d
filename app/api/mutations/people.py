"""Making, changing and deleting agents, extensions and devices."""

from typing import Annotated

import strawberry

from app.accounts.scopes import Scope
from app.api.context import Info
from app.api.fields import mutation
from app.api.mutations.changes import Identified, read_changes
from app.api.mutations.inputs import SHOWN_FORM
from app.api.types.people import Agent, Device, Extension
from app.api.types.problem import DeletionPayload, Payload
from app.resources.field_checks import LONGEST_TEXT
from app.routing.devices import MOST_DEVICES, DeviceChanges
from app.routing.people import AgentChanges, ExtensionChanges
from app.routing.words import Codec, Transport


@strawberry.input
class _AgentDetails:
    display_name: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"What others are shown instead of the name: {SHOWN_FORM}; null is the name.",
    )
    email: str | None = strawberry.field(default=strawberry.UNSET, description="An e-mail address; null is none.")
    extension_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The extension where it sits; null is nowhere."
    )
    ring_seconds: float | None = strawberry.field(
        default=strawberry.UNSET,
        description="How long it rings before somebody else is tried: 1 to 600; null is what the call or queue says.",
    )
    wrap_up_seconds: float | None = strawberry.field(
        default=strawberry.UNSET,
        description="How long it is left alone after a call: 0 to 3600; null is what the queue says.",
    )


@strawberry.input(description="An agent to be made.")
class CreateAgentInput(_AgentDetails):
    name: str = strawberry.field(description=f"The name, as colleagues know it: {SHOWN_FORM}.")


@strawberry.input(description="Changes of an agent. What is left out stays; lists replace.")
class UpdateAgentInput(_AgentDetails, Identified):
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"The name, as colleagues know it: {SHOWN_FORM}. Null is refused."
    )


@strawberry.input(description="An agent to be deleted.")
class DeleteAgentInput(Identified):
    pass


@strawberry.type
class _AgentPayload(Payload):
    agent: Agent | None = strawberry.field(default=None, description="As it is now; null when refused.")


@strawberry.type(description="What came of making an agent.")
class CreateAgentPayload(_AgentPayload):
    pass


@strawberry.type(description="What came of changing an agent.")
class UpdateAgentPayload(_AgentPayload):
    pass


@strawberry.type(description="What came of deleting an agent.")
class DeleteAgentPayload(DeletionPayload):
    pass


@strawberry.input
class _ExtensionDetails:
    label: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"Your own words about it: 1 to {LONGEST_TEXT} characters; null is none."
    )


@strawberry.input(description="An extension to be made.")
class CreateExtensionInput(_ExtensionDetails):
    number: str = strawberry.field(description="2 to 6 digits.")


@strawberry.input(description="Changes of an extension. What is left out stays; lists replace.")
class UpdateExtensionInput(_ExtensionDetails, Identified):
    number: str | None = strawberry.field(default=strawberry.UNSET, description="2 to 6 digits. Null is refused.")


@strawberry.input(description="An extension to be deleted.")
class DeleteExtensionInput(Identified):
    pass


@strawberry.type
class _ExtensionPayload(Payload):
    extension: Extension | None = strawberry.field(default=None, description="As it is now; null when refused.")


@strawberry.type(description="What came of making an extension.")
class CreateExtensionPayload(_ExtensionPayload):
    pass


@strawberry.type(description="What came of changing an extension.")
class UpdateExtensionPayload(_ExtensionPayload):
    pass


@strawberry.type(description="What came of deleting an extension.")
class DeleteExtensionPayload(DeletionPayload):
    pass


@strawberry.input
class _DeviceDetails:
    extension_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"The extension that the device belongs to, which has at most {MOST_DEVICES} devices. Null is "
        "refused.",
    )
    agent_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"The agent that the device belongs to, who has at most {MOST_DEVICES} devices. Null is refused.",
    )
    label: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"Your own words about it: 1 to {LONGEST_TEXT} characters; null is none."
    )
    transport: Transport | None = strawberry.field(
        default=strawberry.UNSET,
        description="How it talks to Asterisk; a new device has `UDP` when this is left out. Null is refused.",
    )
    codecs: list[Codec] | None = strawberry.field(
        default=strawberry.UNSET,
        description="What it may speak, best first; a new device has µ-law and A-law when this is left out. Null is "
        "refused.",
    )


@strawberry.input(description="A device to be made. Give exactly one of `extensionId` and `agentId`.")
class CreateDeviceInput(_DeviceDetails):
    pass


@strawberry.input(
    description="Changes of a device. What is left out stays; lists replace. Give at most one of `extensionId` and "
    "`agentId`: the device belongs to that one from then on, and no longer to the one before."
)
class UpdateDeviceInput(_DeviceDetails, Identified):
    pass


@strawberry.input(description="A device to be deleted.")
class DeleteDeviceInput(Identified):
    pass


@strawberry.type
class _DevicePayload(Payload):
    device: Device | None = strawberry.field(default=None, description="As it is now; null when refused.")


@strawberry.type(description="What came of making a device.")
class CreateDevicePayload(_DevicePayload):
    secret: str | None = strawberry.field(
        default=None, description="Its SIP secret: shown this once. Give it to the phone."
    )


@strawberry.type(description="What came of changing a device.")
class UpdateDevicePayload(_DevicePayload):
    pass


@strawberry.type(description="What came of deleting a device.")
class DeleteDevicePayload(DeletionPayload):
    pass


@strawberry.input(description="A device whose secret is to be changed.")
class RotateDeviceSecretInput(Identified):
    pass


@strawberry.type(description="What came of changing a device's secret.")
class RotateDeviceSecretPayload(Payload):
    device: Device | None = strawberry.field(default=None, description="The device; null when refused.")
    secret: str | None = strawberry.field(
        default=None, description="Its new SIP secret: shown this once. Give it to the phone."
    )


@strawberry.type
class PeopleMutations:
    @mutation(Scope.AGENTS, CreateAgentPayload, "Make an agent.")
    async def create_agent(
        self,
        info: Info,
        input: Annotated[CreateAgentInput, strawberry.argument(description="What to make.")],  # noqa: A002  # GraphQL's own word
    ) -> CreateAgentPayload:
        values = read_changes(input, AgentChanges, info.context)
        made = await info.context.services.routing.agents.create(info.context.caller, values)
        return CreateAgentPayload(agent=Agent.of(made))

    @mutation(Scope.AGENTS, UpdateAgentPayload, "Change an agent.")
    async def update_agent(
        self,
        info: Info,
        input: Annotated[UpdateAgentInput, strawberry.argument(description="The changes.")],  # noqa: A002
    ) -> UpdateAgentPayload:
        changes = read_changes(input, AgentChanges, info.context)
        changed = await info.context.services.routing.agents.update(info.context.caller, input.id, changes)
        return UpdateAgentPayload(agent=Agent.of(changed))

    @mutation(
        Scope.AGENTS,
        DeleteAgentPayload,
        "Delete an agent and its own devices. Queues and ring groups lose it; records of its calls stay. "
        "`INVALID_STATE` while calls are sent to it (`IN_USE`).",
    )
    async def delete_agent(
        self,
        info: Info,
        input: Annotated[DeleteAgentInput, strawberry.argument(description="What to delete.")],  # noqa: A002
    ) -> DeleteAgentPayload:
        await info.context.services.routing.agents.delete(info.context.caller, input.id)
        return DeleteAgentPayload(deleted_id=input.id)

    @mutation(Scope.ROUTING, CreateExtensionPayload, "Make an extension.")
    async def create_extension(
        self,
        info: Info,
        input: Annotated[CreateExtensionInput, strawberry.argument(description="What to make.")],  # noqa: A002  # GraphQL's own word
    ) -> CreateExtensionPayload:
        values = read_changes(input, ExtensionChanges, info.context)
        made = await info.context.services.routing.extensions.create(info.context.caller, values)
        return CreateExtensionPayload(extension=Extension.of(made))

    @mutation(
        Scope.ROUTING,
        UpdateExtensionPayload,
        "Change an extension. `INVALID_STATE` for another `number` while calls are sent to it (`IN_USE`).",
    )
    async def update_extension(
        self,
        info: Info,
        input: Annotated[UpdateExtensionInput, strawberry.argument(description="The changes.")],  # noqa: A002
    ) -> UpdateExtensionPayload:
        changes = read_changes(input, ExtensionChanges, info.context)
        changed = await info.context.services.routing.extensions.update(info.context.caller, input.id, changes)
        return UpdateExtensionPayload(extension=Extension.of(changed))

    @mutation(
        Scope.ROUTING,
        DeleteExtensionPayload,
        "Delete an extension and its devices. Its agents sit nowhere then; records of its calls stay. "
        "`INVALID_STATE` while calls are sent to it (`IN_USE`).",
    )
    async def delete_extension(
        self,
        info: Info,
        input: Annotated[DeleteExtensionInput, strawberry.argument(description="What to delete.")],  # noqa: A002
    ) -> DeleteExtensionPayload:
        await info.context.services.routing.extensions.delete(info.context.caller, input.id)
        return DeleteExtensionPayload(deleted_id=input.id)

    @mutation(
        Scope.ROUTING,
        CreateDevicePayload,
        "Make a device, a phone that registers. Its secret is in the answer and never shown again.",
    )
    async def create_device(
        self,
        info: Info,
        input: Annotated[CreateDeviceInput, strawberry.argument(description="What to make.")],  # noqa: A002  # GraphQL's own word
    ) -> CreateDevicePayload:
        values = read_changes(input, DeviceChanges, info.context)
        made = await info.context.services.routing.devices.create(info.context.caller, values)
        return CreateDevicePayload(device=Device.of(made.device, info.context.sight), secret=made.secret)

    @mutation(Scope.ROUTING, UpdateDevicePayload, "Change a device, or give it to another extension or agent.")
    async def update_device(
        self,
        info: Info,
        input: Annotated[UpdateDeviceInput, strawberry.argument(description="The changes.")],  # noqa: A002
    ) -> UpdateDevicePayload:
        changes = read_changes(input, DeviceChanges, info.context)
        changed = await info.context.services.routing.devices.update(info.context.caller, input.id, changes)
        return UpdateDevicePayload(device=Device.of(changed, info.context.sight))

    @mutation(Scope.ROUTING, DeleteDevicePayload, "Delete a device. It can register no more.")
    async def delete_device(
        self,
        info: Info,
        input: Annotated[DeleteDeviceInput, strawberry.argument(description="What to delete.")],  # noqa: A002
    ) -> DeleteDevicePayload:
        await info.context.services.routing.devices.delete(info.context.caller, input.id)
        return DeleteDevicePayload(deleted_id=input.id)

    @mutation(
        Scope.ROUTING,
        RotateDeviceSecretPayload,
        "Give a device a new secret. The old one is refused from its next registration on; until then calls reach it. "
        "`INVALID_STATE` for one in Asterisk's own files (`NOT_PROVISIONED`).",
    )
    async def rotate_device_secret(
        self,
        info: Info,
        input: Annotated[RotateDeviceSecretInput, strawberry.argument(description="Which device.")],  # noqa: A002
    ) -> RotateDeviceSecretPayload:
        context = info.context
        issued = await context.services.routing.devices.rotate_secret(context.caller, input.id)
        return RotateDeviceSecretPayload(device=Device.of(issued.device, context.sight), secret=issued.secret)
