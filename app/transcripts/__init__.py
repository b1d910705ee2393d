"""Transcripts: what is said in a recording, written down by an engine, as a job.

``recogniser`` is the local engine's program, ``openai_engine`` and ``local_engine`` are the two engines behind the one
contract of ``engine``, ``runner`` takes a recording through one of them piece by piece, ``starter`` begins for calls
that were to be transcribed. See ``docs/reference/transcription.md``.
"""
