"""What a call waits for."""

from datetime import datetime
from enum import StrEnum

from app.facts.vocabulary import Words


class TimerName(StrEnum):
    """What a call may be waiting for."""

    SETUP = "SETUP"
    DIAL_CHECK = "DIAL_CHECK"
    RING = "RING"
    JOIN = "JOIN"
    MAX_DURATION = "MAX_DURATION"
    TEARDOWN = "TEARDOWN"
    RECORDING_START = "RECORDING_START"
    RECORDING_STOP = "RECORDING_STOP"
    RECORDING_CHECK = "RECORDING_CHECK"
    RECORDING_MUTE = "RECORDING_MUTE"
    CONSULT = "CONSULT"
    REFER = "REFER"
    DETECTION = "DETECTION"
    RELEASE = "RELEASE"
    TAPS = "TAPS"
    PLACE = "PLACE"
    QUEUE_WAIT = "QUEUE_WAIT"
    QUEUE_OVERFLOW = "QUEUE_OVERFLOW"
    FLOW = "FLOW"
    FLOW_LIMIT = "FLOW_LIMIT"
    STREAM = "STREAM"


class Timer(Words, frozen=True, kw_only=True, omit_defaults=True):
    """Something to be done at an instant; an instant, not a delay, so that a restart keeps it."""

    name: TimerName
    due: datetime
