"""The words in which voices are asked for."""

from app.api.types.enums.describing import OPEN, describe
from app.speech.words import AudioFormat, Engine, EngineType, Gender, Pitch, Rate, Volume

describe(
    Engine,
    "Who speaks. " + OPEN,
    {"ESPEAK": "espeak-ng, on Offhook's own machine.", "POLLY": "Amazon Polly."},
    name="SpeechEngine",
)
describe(
    EngineType,
    "How speech is made. " + OPEN,
    {
        "STANDARD": "Of recorded or computed sounds.",
        "NEURAL": "By a neural network: more natural, with fewer settings.",
    },
    name="VoiceEngineType",
)
describe(
    Gender,
    "How a voice sounds.",
    {"FEMALE": "Like a woman's.", "MALE": "Like a man's.", "UNKNOWN": "The engine does not say."},
    name="VoiceGender",
)
describe(
    Volume,
    "How loud a text is spoken.",
    {
        "SILENT": "Not to be heard; it takes its time all the same.",
        "X_SOFT": "Very softly.",
        "SOFT": "Softly.",
        "MEDIUM": "As the voice speaks.",
        "LOUD": "Loud.",
        "X_LOUD": "Very loud.",
    },
    name="VoiceVolume",
)
describe(
    Rate,
    "How fast a text is spoken.",
    {
        "X_SLOW": "Very slowly.",
        "SLOW": "Slowly.",
        "MEDIUM": "As the voice speaks.",
        "FAST": "Fast.",
        "X_FAST": "Very fast.",
    },
    name="VoiceRate",
)
describe(
    Pitch,
    "How high a text is spoken.",
    {
        "X_LOW": "Very low.",
        "LOW": "Low.",
        "MEDIUM": "As the voice speaks.",
        "HIGH": "High.",
        "X_HIGH": "Very high.",
    },
    name="VoicePitch",
)
describe(
    AudioFormat,
    "What a sound file was when it came. " + OPEN,
    {"WAV": "RIFF or RF64.", "FLAC": "FLAC.", "MP3": "MPEG layer III.", "OGG": "Ogg with Vorbis, Opus or FLAC."},
)
