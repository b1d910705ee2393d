"""What is kept of calls: store, then act.

``store`` is the queue of what is to be written, ``change`` one step's, ``commit`` one transaction for many calls with
``rows``, ``counted``, ``recordings`` and ``keys`` (idempotency) as what it writes: one statement, which
``events.log`` makes of these rows and of the facts. While the database is away, or
refuses a change: ``postponed``, ``spool`` with its ``spool_records``, ``refusals``.
"""
