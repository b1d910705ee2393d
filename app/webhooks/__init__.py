"""Webhooks: every fact an account asked for, signed, at least once, in order per subject.

::

    events/log ──(same transaction)──> enqueue ──> webhook_delivery rows
                                                        │ claim (SKIP LOCKED, leases)
                       payload, signing ──> deliver ────┤
                                   egress ──┘           │ settle (batched results, attempts)
                                                        └─> webhook.exhausted, webhook.disabled

- ``endpoints``  who wants what, where to   - ``event_types``  globs over the catalogue
- ``enqueue``  the log's hook               - ``claim``, ``settle``, ``plans``  the queue's SQL
- ``deliver``, ``settler``  the worker's two loops
- ``schedule``  when to try again (pure)    - ``payload``, ``signing``, ``sealing``  what is sent
- ``addresses`` (pure), ``egress``, ``connection``  where a request may go, and how it goes
- ``queries``  deliveries and attempts, to be read
"""
