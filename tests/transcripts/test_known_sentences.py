"""The whole way, with the local recogniser: a stereo recording of two who speak, espeak-ng's voice on either side."""

from pathlib import Path

import numpy as np

from app.db.engine import Database
from app.events.log import EventLog
from app.recordings.queries import RecordingQueries
from app.speech.samples import silence
from app.transcripts.local_engine import LocalEngine
from app.transcripts.model import TranscriptState
from app.transcripts.runner import Transcription
from tests.jobs.world import MoodyStore, World
from tests.recordings.tones import Samples
from tests.transcripts.conftest import RATE, Say
from tests.transcripts.test_engines import INVOICE, PHRASES, SALES
from tests.transcripts.test_transcription import Office


def _samples(sound: bytes) -> Samples:
    return np.frombuffer(sound, dtype="<i2")


async def test_given_two_who_speak_when_their_recording_is_transcribed_then_each_sentence_is_its_speakers(
    database: Database, tmp_path: Path, local_engine: LocalEngine, say: Say
) -> None:
    world = World(database, tmp_path, MoodyStore.open(f"file://{tmp_path}/store", tmp_path), EventLog(database))
    office = Office(world)
    customer = silence(1.0, RATE) + await say(SALES)
    agent = silence(len(customer) / 2 / RATE + 1.0, RATE) + await say(INVOICE)
    recording_id = await office.record(_samples(agent), _samples(customer))
    await office.transcribe(recording_id, phrases=list(PHRASES))
    queries = RecordingQueries(database)
    runner = Transcription(database, queries, world.store, local_engine, world.clock, at_once=1)
    async with world.working(runner):
        ready = await office.wait_for(recording_id, TranscriptState.READY)
    said = [(one.channel, one.role.value, one.text) for one in ready.segments or ()]
    assert said == [(2, "CUSTOMER", SALES), (1, "AGENT", INVOICE)]
