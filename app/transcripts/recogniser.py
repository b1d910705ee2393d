"""The program that hears one piece of a recording: ``python -m app.transcripts.recogniser``, with pocketsphinx.

It runs as a process of its own: a recogniser takes a whole processor and much memory, and must not take the service's.
Standard input is a line of JSON, ``{"sampleRate", "phrases"}``, then 16-bit samples of one channel. What was heard goes
to standard output as JSON: ``{"heard": [{"startSeconds", "endSeconds", "text", "confidence"}]}``, or ``{"error"}``
with what is wrong in words for people, and ``{"missing": true}`` when pocketsphinx is not installed.

With phrases, nothing but these is heard, and that well. Without, it is free English, by the model that comes with
pocketsphinx, and of a telephone line no more than a guess.
"""

import contextlib
import json
import os
import re
import resource
import sys
from collections.abc import Iterator, Sequence
from typing import Any, Final

MODEL_RATE: Final = 16_000
#: What the recogniser may take; a piece has two minutes at most.
_CPU_SECONDS: Final = 600
_MEMORY: Final = 4 * 1024**3
_NICE: Final = 10
_WORD: Final = re.compile(r"[a-z]+(?:'[a-z]+)*")
_SPLIT: Final = re.compile(r"[\s\-.,;:!?\"]+")
#: Of a line that is not what the model was made of, the right way may look bad at first; a few phrases cost little.
_PATIENT: Final = {"beam": 1e-100, "wbeam": 1e-100, "pbeam": 1e-100}
#: Noise under the sound, in steps of its 16 bits: to the model, utter silence is like nothing on earth.
_NOISE: Final = 60.0
#: How a dictionary marks another pronunciation of a word, and what stands for no word.
_VARIANT: Final = re.compile(r"\(\d+\)$")
_FILLERS: Final = ("<", "[", "++")


class _RefusedError(Exception):
    """It cannot be done; the text says why."""


def main() -> int:
    _limit()
    try:
        import pocketsphinx  # type: ignore[import-untyped,import-not-found,unused-ignore]  # an extra
    except ImportError:
        sys.stdout.write(json.dumps({"missing": True}))
        return 0
    asked = json.loads(sys.stdin.buffer.readline())
    samples = sys.stdin.buffer.read()
    try:
        decoder = _make_decoder(pocketsphinx, asked["phrases"])
        heard = list(_hear(pocketsphinx, decoder, samples, asked["sampleRate"]))
    except _RefusedError as error:
        sys.stdout.write(json.dumps({"error": str(error)}))
        return 0
    sys.stdout.write(json.dumps({"heard": heard}))
    return 0


def _limit() -> None:
    with contextlib.suppress(OSError):
        os.nice(_NICE)
    for what, most in (
        (resource.RLIMIT_CPU, _CPU_SECONDS),
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # a lower limit stands already
            resource.setrlimit(what, (most, most))


def _make_decoder(pocketsphinx: Any, phrases: Sequence[str]) -> Any:
    if not phrases:
        return pocketsphinx.Decoder(pocketsphinx.Config(samprate=MODEL_RATE, loglevel="FATAL"))
    decoder = pocketsphinx.Decoder(pocketsphinx.Config(samprate=MODEL_RATE, lm=None, loglevel="FATAL", **_PATIENT))
    ways = []
    for phrase in phrases:
        words = [word for word in _SPLIT.split(phrase.lower()) if word]
        for word in words:
            if not _WORD.fullmatch(word) or decoder.lookup_word(word) is None:
                raise _RefusedError(f"The local recogniser does not know the word “{word}”: write it otherwise.")
        ways.append(" ".join(words))
    decoder.add_jsgf_string("phrases", f"#JSGF V1.0; grammar phrases; public <said> = ( {' | '.join(ways)} )+;")
    decoder.activate_search("phrases")
    return decoder


def _hear(pocketsphinx: Any, decoder: Any, samples: bytes, rate: int) -> Iterator[dict[str, Any]]:
    """What is said, an utterance at a time: the stretches between silences."""
    endpointer = pocketsphinx.Endpointer(sample_rate=MODEL_RATE)
    # Silence enough at the end that the last utterance is over.
    sound = _widen(samples + bytes(2 * rate), rate)
    size = endpointer.frame_bytes
    utterance = bytearray()
    for at in range(0, len(sound) - size + 1, size):
        speech = endpointer.process(sound[at : at + size])
        if speech is None:
            continue
        utterance += speech
        if not endpointer.in_speech:
            yield from _decode(decoder, bytes(utterance), endpointer.speech_start, endpointer.speech_end)
            utterance.clear()
    if utterance:
        yield from _decode(decoder, bytes(utterance), endpointer.speech_start, len(sound) / 2 / MODEL_RATE)


def _decode(decoder: Any, utterance: bytes, start: float, end: float) -> Iterator[dict[str, Any]]:
    decoder.start_utt()
    # As a whole: only then is the line's own sound taken out of all of it.
    decoder.process_raw(utterance, full_utt=True)
    decoder.end_utt()
    found = decoder.hyp()
    if found is None:
        return
    words = [_VARIANT.sub("", one.word) for one in decoder.seg() if not one.word.startswith(_FILLERS)]
    if words:
        # The whole utterance's, so that a long one has less of it; a word's share of that says more.
        confidence = min(1.0, max(0.0, float(found.prob))) ** (1 / len(words))
        yield {"startSeconds": start, "endSeconds": end, "text": " ".join(words), "confidence": confidence}


def _widen(samples: bytes, rate: int) -> bytes:
    import numpy as np

    from app.speech import samples as sound

    heard = sound.resample(sound.from_bytes(samples), rate, MODEL_RATE)
    noise = np.random.default_rng(0).normal(0.0, _NOISE / 32768, len(heard))
    return sound.to_bytes((heard + noise).astype(np.float32))


if __name__ == "__main__":
    raise SystemExit(main())
