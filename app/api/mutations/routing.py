"""Every change of routing under one root."""

import strawberry

from app.api.mutations.call_flows import CallFlowMutations
from app.api.mutations.groups import GroupMutations
from app.api.mutations.numbers import NumberMutations
from app.api.mutations.people import PeopleMutations
from app.api.mutations.trunks import TrunkMutations


@strawberry.type
class RoutingMutations(PeopleMutations, GroupMutations, TrunkMutations, NumberMutations, CallFlowMutations):
    pass
