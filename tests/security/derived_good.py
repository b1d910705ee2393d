"""What the least input of flows and campaigns lacks to be taken: steps that lead somewhere, and something to say."""

import re
from collections.abc import Iterator
from typing import Any, Final

from tests.security.generated import IdMaker, Root

_END: Final = "end"
_FLOWS: Final = re.compile(r"(create|update|test)CallFlow")
_CAMPAIGNS: Final = re.compile(r"(create|update)Campaign")
#: Names of steps, as fields of other steps hold them.
_WAYS: Final = frozenset({"next", "failed", "noInput", "noMatch", "otherwise", "noMessage"})
_OF_GATHER: Final = {"next": _END, "noInput": _END}
_HOURS: Final = {"from": "09:00", "to": "17:00"}
_OF_CALL_FLOW: Final = "callFlowId"
#: One of these says which contacts.
_CHOICES: Final = frozenset({"contactIds", "dispositions", "skipReasons"})


def make_whole(root: Root, variables: dict[str, Any], make_id: IdMaker) -> None:
    """Give an input what it lacks, and good values for the least ones that are none."""
    given = variables.get("input")
    if _FLOWS.fullmatch(root.name):
        _make_flow(root, given, make_id(("input", _OF_CALL_FLOW)))
    elif _CAMPAIGNS.fullmatch(root.name):
        _make_campaign(given, make_id(("input", "queueId")))
    elif root.name == "retryContacts":
        _choose(given)


def _make_flow(root: Root, given: Any, flow_id: str) -> None:
    if "version" in given:
        given.setdefault(_OF_CALL_FLOW, flow_id)
    elif root.name == "testCallFlow" and _OF_CALL_FLOW not in given:
        given.setdefault("steps", [])
    for step in given.get("steps", ()):
        for kind, details in step.items():
            if kind == "gather":
                details.update({name: value for name, value in _OF_GATHER.items() if name not in details})
            for inside in _all_in(details):
                inside.update(dict.fromkeys(_WAYS & set(inside), _END))
                if isinstance(inside.get("variable"), str) and kind == "branch":
                    inside["variable"] = "caller"
                inside.update({name: _HOURS[name] for name in _HOURS if name in inside})
    if "steps" in given and (not given["steps"] or any(_WAYS & set(inside) for inside in _all_in(given["steps"]))):
        given["steps"] = [*given["steps"], {"hangUp": {"name": _END}}]


def _choose(given: Any) -> None:
    if not _CHOICES & set(given):
        given["dispositions"] = ["BUSY"]


def _make_campaign(given: Any, queue_id: str) -> None:
    for inside in _all_in(given):
        inside.update({name: _HOURS[name] for name in _HOURS if name in inside})
        if {"optOutDigit", "optOutDncListId"} & set(inside):
            inside["optOutDigit"] = "9"
    agent = given.get("content", {}).get("agent")
    if agent is not None and not {"agentId", "queueId"} & set(agent):
        agent["queueId"] = queue_id
    for part in ("announcement", "message"):
        for inside in _all_in(given.get("content", {})):
            announcement = inside.get(part)
            if isinstance(announcement, dict) and not {"text", "templateId", "audioFileId"} & set(announcement):
                announcement["text"] = "Hello."


def _all_in(inside: Any) -> Iterator[dict[str, Any]]:
    if isinstance(inside, list):
        for one in inside:
            yield from _all_in(one)
    elif isinstance(inside, dict):
        yield inside
        for one in inside.values():
            yield from _all_in(one)
