"""What an answering machine says, for a far end to play."""

import wave
from pathlib import Path

import numpy as np

#: Since it has answered; what is said from then on it records.
BEEP_ENDS_SECONDS = 6.0
_RATE = 8_000


def write_machine(path: Path) -> None:
    """Three seconds of somebody speaking, a long pause, a beep of half a second, and silence that is recorded."""
    at = np.arange(int(3.0 * _RATE)) / _RATE
    words = np.sin(2 * np.pi * 180 * at) * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * at)) * 0.5
    beep = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(int(0.5 * _RATE)) / _RATE)
    parts = (words, np.zeros(int(2.5 * _RATE)), beep, np.zeros(40 * _RATE))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes((np.concatenate(parts) * 32_767).astype("<i2").tobytes())
