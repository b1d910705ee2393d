"""Webhooks: every fact an account asked for, signed, at least once, in order per subject.

::

    events/log ──(same transaction)──> enqueue ──> webhook_delivery rows <── replay
                                                        │ claim (SKIP LOCKED, leases)
                 payload | classic, signing ──> sender ──> deliver
                                     egress ──┘         │ settle (batched results, attempts)
                                                        └─> webhook.exhausted, webhook.disabled

- ``endpoints``, ``rotation``  who wants what, where to, under which secret
- ``event_types``  globs over the catalogue     - ``testing``  a test that a person asked for
- ``enqueue``  the log's hook                   - ``listeners``  whether there is anything for it to do
- ``claim``, ``settle``, ``plans``  the queue's SQL
- ``deliver``, ``settler``  the worker's two loops; ``presence``  how others see that it is alive
- ``schedule``  when to try again (pure)        - ``replay``  sending again what is over
- ``sender``, ``payload``, ``classic``  one attempt, and what is sent; ``app.egress`` says where it may go, and signs it
- ``queries``  deliveries and attempts, to be read
"""
