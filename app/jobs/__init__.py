"""Durable jobs: long work whose progress is rows, so that it outlives the process that does it.

A job is enqueued in the transaction of whoever wants it, claimed by one worker under a lease, and goes on from its
last checkpoint when that worker dies. See ``docs/reference/jobs.md``, and
``docs/decisions/0024-jobs.md`` for why these are rows of our own.
"""
