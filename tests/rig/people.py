"""People at SIPp's port, who let it ring for a while and then answer and talk, or never do: as their numbers say.

So a test draws what happens from its own seed, and a simulation can be run with the same people.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.rig.sipp import SippMessage

_MOST_SERIALS = 1000
_TIMES = 10

_RESPONSE = """
  <send{retrans}{next}>
    <![CDATA[

      SIP/2.0 {status}
      [last_Via:]
      [last_From:]
      [last_To:]{tag}
      [last_Call-ID:]
      {cseq}
      Contact: <sip:[local_ip]:[local_port];transport=[transport]>
      {body}
    ]]>
  </send>
"""
_NO_BODY = "Content-Length: 0\n"
_SDP = """Content-Type: application/sdp
      Content-Length: [len]

      v=0
      o=user1 53655765 2353687637 IN IP[local_ip_type] [local_ip]
      s=-
      c=IN IP[media_ip_type] [media_ip]
      t=0 0
      m=audio [media_port] RTP/AVP 0 101
      a=rtpmap:0 PCMU/8000
      a=rtpmap:101 telephone-event/8000
"""
_BYE = """
  <send retrans="500">
    <![CDATA[

      BYE [next_url] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From:[$called]
      To:[$caller]
      Call-ID: [call_id]
      CSeq: 1 BYE
      Max-Forwards: 70
      Content-Length: 0

    ]]>
  </send>
  <recv response="200" next="end" />
"""
_TAG = ";tag=[pid]SIPpTag01[call_number]"
_INVITE, _SAME = "CSeq: [$4] INVITE", "[last_CSeq:]"


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """``rings`` are ten times in seconds, each as likely as the others; so are the up to nine ``talks``.

    Who does not talk lets it ring as long, and is then not there (480).
    """

    rings: tuple[float, ...]
    talks: tuple[float, ...]

    def numbers(self, count: int, answer_rate: float, seed: int) -> list[str]:
        """So many different numbers."""
        assert count <= _MOST_SERIALS
        draw = random.Random(seed)
        found = []
        for serial in range(count):
            ring = draw.randrange(_TIMES)
            talks = draw.random() < answer_rate
            talk = draw.randrange(len(self.talks)) if talks else draw.randrange(len(self.talks), _TIMES)
            found.append(f"+155501{serial:03d}{ring}{talk}")
        return found

    def write_scenario(self, path: Path) -> None:
        """What SIPp is to run: the last digit but one is the ring time, the last one the talk."""
        path.write_text(self._scenario(), encoding="latin-1")

    def _scenario(self) -> str:
        tests = [
            f'<strcmp assign_to="5" variable="{variable}" value="{digit}" />'
            f'<test assign_to="{name}{digit}" variable="5" compare="equal" value="0" />'
            for variable, name in ((2, "ring"), (3, "talk"))
            for digit in range(_TIMES)
        ]
        rings = [
            f'<label id="ringing{digit}" />'
            f'<recv request="CANCEL" timeout="{_milliseconds(seconds)}" ontimeout="rung" next="cancelled" />'
            for digit, seconds in enumerate(self.rings)
        ]
        talks = [
            f'<label id="talking{digit}" />'
            f'<recv request="BYE" timeout="{_milliseconds(seconds)}" ontimeout="hangs_up" next="left" />'
            for digit, seconds in enumerate(self.talks)
        ]
        parts = [
            '<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="people who answer or do not">',
            '<recv request="INVITE" crlf="true"><action>',
            '<ereg regexp="sip:[+0-9]*([0-9])([0-9])@" search_in="msg" check_it="true" assign_to="1,2,3" />',
            '<ereg regexp="[0-9]+" search_in="hdr" header="CSeq:" check_it="true" assign_to="4" />',
            *tests,
            '</action></recv><Reference variables="1" />',
            _respond("180 Ringing", tag=True),
            *(f'<nop next="ringing{digit}" test="ring{digit}" />' for digit in range(_TIMES)),
            *rings,
            '<label id="rung" />',
            *(f'<nop next="absent" test="talk{digit}" />' for digit in range(len(self.talks), _TIMES)),
            _respond("200 OK", tag=True, cseq=_INVITE, body=_SDP, again=True),
            '<label id="answered" /><recv request="CANCEL" optional="true" next="crossed" />',
            '<recv request="ACK" crlf="true"><action>',
            '<ereg regexp=".*" search_in="hdr" header="From:" assign_to="caller" />',
            '<ereg regexp=".*" search_in="hdr" header="To:" assign_to="called" />',
            "</action></recv>",
            *(f'<nop next="talking{digit}" test="talk{digit}" />' for digit in range(len(self.talks))),
            *talks,
            '<label id="left" />',
            _respond("200 OK", then="end"),
            # RFC 3261, 9.2: a CANCEL that crossed the answer is taken, and changes nothing.
            '<label id="crossed" />',
            _respond("200 OK", then="answered"),
            '<label id="hangs_up" />',
            _BYE,
            '<label id="absent" />',
            _respond("480 Temporarily Unavailable", tag=True, cseq=_INVITE, again=True),
            '<recv request="ACK" next="end" />',
            '<label id="cancelled" />',
            _respond("200 OK", tag=True),
            _respond("487 Request Terminated", tag=True, cseq=_INVITE, again=True),
            '<recv request="ACK" next="end" />',
            '<label id="end" /><timewait milliseconds="200" />\n</scenario>\n',
        ]
        return "\n".join(parts)


def exponential(mean: float, count: int) -> tuple[float, ...]:
    """So many times in seconds, each as likely as the others, that are spread as talks that end at random."""
    return tuple(-mean * math.log(1 - (place + 0.5) / count) for place in range(count))


def evenly(least: float, most: float) -> tuple[float, ...]:
    """Ten times in seconds, from the least to the most."""
    return tuple(least + (most - least) * place / (_TIMES - 1) for place in range(_TIMES))


def cancelled_of(messages: Sequence[SippMessage]) -> set[str]:
    """The Call-IDs of calls that the other side has given up while they rang."""
    return {message.call_id for message in messages if message.method == "CANCEL"}


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))


def _respond(
    status: str, *, tag: bool = False, cseq: str = _SAME, body: str = _NO_BODY, again: bool = False, then: str = ""
) -> str:
    return _RESPONSE.format(
        status=status,
        tag=_TAG if tag else "",
        cseq=cseq,
        body=body,
        retrans=' retrans="500"' if again else "",
        next=f' next="{then}"' if then else "",
    )
