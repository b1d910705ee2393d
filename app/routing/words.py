"""The closed lists of routing: how lines speak, how groups ring, how queues choose."""

from enum import StrEnum


class Transport(StrEnum):
    """How SIP goes to a device or a trunk; Asterisk has a transport of each under the name ``offhook-…``."""

    UDP = "UDP"
    TCP = "TCP"


class Codec(StrEnum):
    """What Asterisk can turn into each other here."""

    ULAW = "ULAW"
    ALAW = "ALAW"
    G722 = "G722"
    GSM = "GSM"


class CallerIdPolicy(StrEnum):
    """Which of the account's numbers may be shown over a trunk."""

    ACCOUNT_NUMBERS = "ACCOUNT_NUMBERS"
    TRUNK_NUMBERS = "TRUNK_NUMBERS"


class NumberCapability(StrEnum):
    """What an outbound number may be used for."""

    CALLER_ID = "CALLER_ID"
    INBOUND = "INBOUND"


class RingStrategy(StrEnum):
    """How a ring group rings its members."""

    ALL = "ALL"
    IN_ORDER = "IN_ORDER"
    RANDOM = "RANDOM"


class QueueStrategy(StrEnum):
    """Which of a queue's free agents is offered a caller, among those with the lowest penalty."""

    LONGEST_IDLE = "LONGEST_IDLE"
    FEWEST_CALLS = "FEWEST_CALLS"
    ROUND_ROBIN = "ROUND_ROBIN"
    RING_ALL = "RING_ALL"


class LineState(StrEnum):
    """Whether Asterisk can reach a device or a trunk."""

    UP = "UP"
    DOWN = "DOWN"
    UNKNOWN = "UNKNOWN"
