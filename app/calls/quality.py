"""How a leg sounded, from Asterisk's count of its RTP packets. Pure.

Asterisk (``res_rtp_asterisk``) leaves one line per channel, in the variable ``RTPAUDIOQOS`` and in
``CHANNEL(rtcp,all)``: counts of packets, and seconds. What it *calls* ``rxjitter`` is what the far end reported of the
packets it got from us, and ``txjitter`` what Asterisk measured of those it got: seen on 22.10 with a far end whose
jitter is known. Lost packets are counted with each RTCP report, every few seconds (``rtcpinterval``), and not at the
end: the last seconds of a call are not in the count, nor is a call that was shorter.

The score is that of the E-model (ITU-T G.107) with all its defaults: R = 93.2 - Id - Ie,eff, and from R the mean
opinion score by its annex B. Id is its usual reading for a line without echo, 0.024 d + 0.11 (d - 177.3) H(d - 177.3)
with d in milliseconds from mouth to ear. Ie,eff = Ie + (95 - Ie) Ppl / (Ppl / BurstR + Bpl), with Ie = 0 and Bpl = 25.1
for G.711 whose receiver conceals losses (ITU-T G.113, appendix I), and BurstR = 1: losses that come singly.
"""

import re
from dataclasses import dataclass
from math import isfinite
from typing import Final

from app.facts.vocabulary import Quality

BEST_R: Final = 93.2
#: ITU-T G.113, appendix I: G.711 with the concealment of G.711's own appendix I.
IMPAIRMENT: Final = 0.0
ROBUSTNESS: Final = 25.1
#: What a packet holds, which has to be spoken before it leaves.
PACKET_MS: Final = 20.0
#: A receiver waits for stragglers about twice as long as they vary.
BUFFER_PER_JITTER: Final = 2.0
_KNEE_MS: Final = 177.3
_MOST_R: Final = 100.0
_LONGEST: Final = 600
#: No line is so bad, and no clock: beyond it the far end's report is nonsense.
_MOST_SECONDS: Final = 10.0

_PAIR: Final = re.compile(r"([a-z]+)=([0-9]{1,12}(?:\.[0-9]{1,9})?)(?:;|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """What became of the packets in one direction: the share that was lost, and how unevenly they came."""

    loss_percent: float
    jitter_ms: float


def parse_quality(text: str) -> Quality | None:
    """The worse of a leg's two directions; None when it carried no sound, or the text is none of Asterisk's.

    ``ssrc=1;themssrc=2;lp=0;rxjitter=0.01;rxcount=96;txjitter=0.0003;txcount=90;rlp=10;rtt=0.0;…``, in any order.
    """
    if not text or len(text) > _LONGEST:
        return None
    values = {name: float(value) for name, value in _PAIR.findall(text)}
    one_way_ms = 1000 * _seconds(values, "rtt") / 2
    directions = [
        direction
        for direction in (
            # of lost packets that never came one cannot tell whether they were ever sent
            _direction(values, received="rxcount", lost="lp", jitter="txjitter"),
            _direction(values, sent="txcount", lost="rlp", jitter="rxjitter"),
        )
        if direction is not None
    ]
    if not directions:
        return None
    scored = [(opinion_score(one, one_way_ms=one_way_ms), one) for one in directions]
    score, worse = min(scored, key=lambda pair: pair[0])
    return Quality(mos=round(score, 2), loss_percent=round(worse.loss_percent, 2), jitter_ms=round(worse.jitter_ms, 2))


def opinion_score(direction: Direction, *, one_way_ms: float = 0.0) -> float:
    """The mean opinion score, 1.0 to 4.41, of one direction over a line that takes so long."""
    delay = one_way_ms + PACKET_MS + BUFFER_PER_JITTER * direction.jitter_ms
    return score_of_rating(BEST_R - _delay_impairment(delay) - _loss_impairment(direction.loss_percent))


def score_of_rating(rating: float) -> float:
    """The mean opinion score behind a rating R (ITU-T G.107, annex B)."""
    if rating <= 0:
        return 1.0
    if rating >= _MOST_R:
        return 4.5
    # Below R = 6.5 the polynomial falls under 1, which is no opinion that anybody can have.
    return max(1.0, 1 + 0.035 * rating + 7e-6 * rating * (rating - 60) * (100 - rating))


def _delay_impairment(milliseconds: float) -> float:
    return 0.024 * milliseconds + 0.11 * max(0.0, milliseconds - _KNEE_MS)


def _loss_impairment(percent: float) -> float:
    return IMPAIRMENT + (95 - IMPAIRMENT) * percent / (percent + ROBUSTNESS)


def _direction(
    values: dict[str, float], *, lost: str, jitter: str, sent: str | None = None, received: str | None = None
) -> Direction | None:
    missing = values.get(lost, 0.0)
    all_sent = values.get(sent, 0.0) if sent is not None else values.get(received or "", 0.0) + missing
    if not all_sent or (received is not None and not values.get(received)):
        return None
    return Direction(
        loss_percent=min(100.0, 100 * missing / all_sent),
        jitter_ms=1000 * _seconds(values, jitter),
    )


def _seconds(values: dict[str, float], name: str) -> float:
    seconds = values.get(name, 0.0)
    return seconds if isfinite(seconds) and seconds <= _MOST_SECONDS else 0.0
