"""The words in which a voice is asked for."""

from enum import StrEnum


class Engine(StrEnum):
    """Who speaks."""

    ESPEAK = "ESPEAK"
    POLLY = "POLLY"


class EngineType(StrEnum):
    """How the engine makes speech."""

    STANDARD = "STANDARD"
    NEURAL = "NEURAL"


class Gender(StrEnum):
    """How a voice sounds."""

    FEMALE = "FEMALE"
    MALE = "MALE"
    UNKNOWN = "UNKNOWN"


class Volume(StrEnum):
    """How loud; the words are those of SSML 1.1, 3.2.4."""

    SILENT = "SILENT"
    X_SOFT = "X_SOFT"
    SOFT = "SOFT"
    MEDIUM = "MEDIUM"
    LOUD = "LOUD"
    X_LOUD = "X_LOUD"


class Rate(StrEnum):
    """How fast; as above."""

    X_SLOW = "X_SLOW"
    SLOW = "SLOW"
    MEDIUM = "MEDIUM"
    FAST = "FAST"
    X_FAST = "X_FAST"


class Pitch(StrEnum):
    """How high; as above."""

    X_LOW = "X_LOW"
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    X_HIGH = "X_HIGH"


class AudioFormat(StrEnum):
    """What an uploaded sound file is."""

    WAV = "WAV"
    FLAC = "FLAC"
    MP3 = "MP3"
    OGG = "OGG"
