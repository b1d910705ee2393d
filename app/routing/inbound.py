"""Inbound routes: which target a call from outside goes to."""

from collections.abc import Sequence
from typing import TypedDict

from app.accounts.principal import Principal
from app.errors import Problem
from app.facts.vocabulary import RecordingMode
from app.ids import Kind, new_id
from app.resources import field_checks
from app.resources.resource import Resource
from app.resources.shelf import raise_all
from app.routing import checks
from app.routing.existing import lock_target
from app.routing.model import InboundRoute
from app.routing.rows import ROUTES, TRUNKS
from app.routing.targets import CallTarget, ToQueue, target_as_json


class RouteChanges(TypedDict, total=False):
    """What is there is set; None clears."""

    label: str | None
    trunk_id: str | None
    pattern: str
    target: CallTarget
    overflow: CallTarget | None
    recording_mode: RecordingMode
    is_enabled: bool


class InboundRoutes(Resource[InboundRoute]):
    """Where calls from outside go."""

    shelf = ROUTES
    noun = "inbound_route"

    async def create(self, by: Principal, values: RouteChanges) -> InboundRoute:
        """``pattern`` and ``target`` must be given."""
        raise_all(_check(values))
        async with self._writing() as connection:
            await lock_target(connection, by.account_id, values["target"], "target")
            await lock_target(connection, by.account_id, values.get("overflow"), "overflow")
            if values.get("trunk_id") is not None:
                await TRUNKS.lock(connection, by.account_id, str(values["trunk_id"]), "trunkId")
            with self.shelf.unique("pattern", "There is a route for this pattern and trunk already."):
                made = await self.shelf.insert(
                    connection, {"id": new_id(Kind.INBOUND_ROUTE), "account_id": by.account_id, **_columns(values)}
                )
            _check_whole(made)
        self._note(by, "create", made.id)
        return made

    async def update(self, by: Principal, route_id: str, changes: RouteChanges) -> InboundRoute:
        """Change what is given."""
        raise_all(_check(changes))
        async with self._writing() as connection:
            await lock_target(connection, by.account_id, changes.get("target"), "target")
            await lock_target(connection, by.account_id, changes.get("overflow"), "overflow")
            if changes.get("trunk_id") is not None:
                await TRUNKS.lock(connection, by.account_id, str(changes["trunk_id"]), "trunkId")
            with self.shelf.unique("pattern", "There is a route for this pattern and trunk already."):
                changed = await self.shelf.change(connection, by.account_id, route_id, _columns(changes))
            _check_whole(changed)
        self._note(by, "update", route_id)
        return changed

    async def delete(self, by: Principal, route_id: str) -> None:
        """Delete it."""
        async with self._writing() as connection:
            await self.shelf.delete(connection, by.account_id, route_id)
        self._note(by, "delete", route_id)


def best_pattern(routes: Sequence[tuple[str, bool]], dialled: str) -> int | None:
    """The place of the route that takes a call: pattern, and whether it is of the call's own trunk. Pure.

    A whole number before a beginning, the longest beginning before shorter ones, and the own trunk's before any
    trunk's. A plus sign on one side alone makes no difference: carriers differ.
    """
    digits = dialled.lstrip("+")

    def rank(pattern: str, *, is_own: bool) -> tuple[bool, int, bool] | None:
        wanted = pattern.lstrip("+")
        if wanted.endswith("*"):
            start = wanted[:-1]
            return (False, len(start), is_own) if digits.startswith(start) else None
        return (True, len(wanted), is_own) if digits == wanted else None

    ranked = [
        (score, place)
        for place, (pattern, is_own) in enumerate(routes)
        if (score := rank(pattern, is_own=is_own)) is not None
    ]
    return max(ranked)[1] if ranked else None


def _columns(values: RouteChanges) -> dict[str, object]:
    columns: dict[str, object] = dict(values)
    if "target" in values:
        columns["target"] = target_as_json(values["target"])
    overflow = values.get("overflow")
    if overflow is not None:
        columns["overflow"] = target_as_json(overflow)
    if "recording_mode" in values:
        columns["recording_mode"] = values["recording_mode"].value
    return columns


def _check_whole(route: InboundRoute) -> None:
    """What only the whole row can tell; raised inside the transaction, which undoes it."""
    if isinstance(route.target, ToQueue) and route.overflow is not None:
        message = "Whoever waits in a queue goes on to the queue's own overflow: set it there."
        raise_all([Problem("INVALID_INPUT", message, ("overflow",))])
    if route.overflow == route.target:
        raise_all([Problem("INVALID_INPUT", "It cannot overflow into its own target.", ("overflow",))])


def _check(values: RouteChanges) -> list[Problem]:
    problems = field_checks.check_label(values.get("label"))
    if "pattern" in values:
        problems += checks.check_pattern(values["pattern"])
    return problems
