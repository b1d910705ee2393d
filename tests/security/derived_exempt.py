"""What of the places in ``derived_places`` takes something of the table, and where it cannot be told why not: each with
its reason. An exemption that exempts nothing fails the test.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tests.security.derived_places import WITH_LINES, Spot
from tests.security.hostile import Field, rows

_NOT_DIALLED: Final = frozenset(row.sample for row in rows(Field.NUMBER) if "DESTINATION_DENIED" in row.codes) | {
    row.sample for row in rows(Field.NUMBER, "no such country")
}


@dataclass(frozen=True, slots=True)
class Exemption:
    """Spots whose name fits ``pattern``, and the samples that ``fits`` says. ``operation`` None is of any."""

    pattern: str
    reason: str
    operation: str | None = None
    fits: Callable[[Any], bool] = lambda _: True

    def is_for(self, spot: Spot) -> bool:
        return self.operation in {None, spot.root.operation} and re.search(self.pattern, str(spot)) is not None


def _is_number(sample: Any) -> bool:
    return sample in _NOT_DIALLED


def _is_zero(sample: Any) -> bool:
    return sample == 0 and not isinstance(sample, bool)


def _is_looked_for(sample: Any) -> bool:
    return isinstance(sample, str) and "\x00" not in sample


def _has_lines(sample: Any) -> bool:
    return sample in WITH_LINES


def _is_short_text(sample: Any) -> bool:
    return isinstance(sample, str) and "\x00" not in sample and len(sample) < 100


_FOUND_NOT: Final = "what has no such name is looked for, and not found"
_ASKED_AGAIN: Final = "a number that may not be dialled may be kept and looked for: whoever dials asks the policy again"

TAKEN: Final = (
    Exemption(r"^events\(filter\.\w+Id\)$", _FOUND_NOT, "subscription"),
    Exemption(r"^[a-zA-Z]+\(id\)$|^nodes\(ids\)$", "nothing has this id: the answer is null", "query"),
    Exemption(r"filter\.\w*(Id|Ids)\)$|^\w+\(\w*Id\)$|^liveCall\(channelName\)$", _FOUND_NOT, "query"),
    Exemption(r"filter\.(customerN|dialledN|n)umber\)$|^dncEntries\(number\)$", _ASKED_AGAIN, "query", _is_number),
    Exemption(
        r"filter\.(extensions|externalId|tag|actions|outcomes|requestId|remoteAddress)\)$",
        _FOUND_NOT,
        "query",
        _is_looked_for,
    ),
    Exemption(r"^numberLookup\(number\)$", "it is what says of a number that it is none", "query"),
    Exemption(r"^voices\(languageCode\)$", _FOUND_NOT, "query", _is_looked_for),
    Exemption(r"^callFlow\(version\)$", "there is no such version: the answer is null", "query"),
    Exemption(r"filter\.\w*(Id|Ids)\)$", _FOUND_NOT, "mutation"),
    Exemption(r"filter\.(customerN|dialledN|n)umber\)$", _ASKED_AGAIN, "mutation", _is_number),
    Exemption(r"filter\.(extensions|externalId|tag)\)$", _FOUND_NOT, "mutation", _is_looked_for),
    Exemption(r"(overflow|target)\.number\)$", _ASKED_AGAIN, "mutation", _is_number),
    Exemption(
        r"^(createOutboundNumber\(input|addContacts\(input\.contacts|importFlaggedNumbers\(input\.numbers)\.number\)$",
        _ASKED_AGAIN,
        "mutation",
        _is_number,
    ),
    Exemption(r"^replayWebhooks\(input\.(subjectId|deliveryIds)\)$", _FOUND_NOT, "mutation"),
    Exemption(r"\.remove(Members\.\w+|AgentIds|NumberIds)\)$", "who is no member is not there any more", "mutation"),
    Exemption(r"^removeContacts\(input\.ids\)$", "what is not on the list is not there any more", "mutation"),
    Exemption(r"\.(wrapUp|grace|pause|speak)Seconds\)$", "no time at all is a time", "mutation", _is_zero),
    Exemption(
        r"^testCallFlow\(input\.caller\)$", "whoever is played to call in is not dialled", "mutation", _is_number
    ),
    Exemption(r"\.text\)$|Template\(input\.text\)$", "what is spoken may have lines", "mutation", _has_lines),
    Exemption(r"Endpoint\(input\.description\)$", "words of one's own may have lines", "mutation", _has_lines),
    Exemption(r"\.parameters\.(name|value)\)$", "a program is told it, as JSON", "mutation", _has_lines),
    Exemption(
        r"\.when\.variable\.(oneOf|startsWith)\)$", "it is compared, and goes nowhere", "mutation", _is_short_text
    ),
    Exemption(r"\.programEnds\)$", "it is played in a trial, and told to who tries", "mutation", _is_short_text),
    Exemption(r"\.abandonmentCapPercent\)$", "none at all may be abandoned", "mutation", _is_zero),
    Exemption(
        r"^verifyOtp\(input\.code\)$", "a wrong code is an attempt, and the answer says that it is wrong", "mutation"
    ),
)

_OF_THE_CALL: Final = "it is told of the call, which is looked for by this id"
_LACKING: Final = "the least input lacks something else, which is told first"
_OF_THE_STEP: Final = "of the files in a step it is told of the step"
_NO_FIELD: Final = "a list's or an export's filter is refused with no further word on where"
UNPROVABLE: Final = (
    Exemption(r"^(muteLeg|unmuteLeg|removeParticipant|startMediaStream)\(input\.legId\)$", _OF_THE_CALL, "mutation"),
    Exemption(r"^(update|stop)Supervision\(input\.supervisionId\)$|^stopMediaStream\(", _OF_THE_CALL, "mutation"),
    Exemption(r"^sendDtmf\(|^createExtension\(input\.label|^createDevice\(input\.label", _LACKING, "mutation"),
    Exemption(
        r"^(replayWebhooks|setDestinationPolicy|verifyOutboundNumber|setIpAllowList|createAccessToken)\(",
        _LACKING,
        "mutation",
    ),
    Exemption(r"^(create|update|test)CallFlow\(input\.steps\.\w+\.\w+\.audioFileId\)$", _OF_THE_STEP, "mutation"),
    Exemption(r"^import(Contacts|DncEntries)\(", _LACKING, "mutation"),
    Exemption(r"\.template\.fields\.", _LACKING, "mutation"),
    Exemption(r"\.add(Members\.\w+|NumberIds)\)$", "it is told of all the members", "mutation"),
    Exemption(r"^retryContacts\(input\.contactIds\)$", "it is told of the campaign", "mutation"),
    Exemption(r"^createExport\(|^hangupCalls\(", _NO_FIELD, "mutation"),
    Exemption(r"^verifyOtp\(", "only what cannot be a text is refused", "mutation"),
    Exemption(r"\((after|before)\)$", "any cursor that was not given out is refused, and the good one too", "query"),
    Exemption(r"^cdrStatistics\(", _LACKING, "query"),
)


def may_be_taken(spot: Spot, sample: Any) -> Exemption | None:
    """Why this sample does no harm there; None when it is to be refused."""
    return next((one for one in TAKEN if one.is_for(spot) and one.fits(sample)), None)


def unprovable(spot: Spot) -> Exemption | None:
    """Why a refusal there says nothing of the place; None when it must."""
    return next((one for one in UNPROVABLE if one.is_for(spot)), None)
