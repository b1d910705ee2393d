"""Call detail records: what is left of a call when it is over, one row each, written once and never changed.

The record itself is derived by ``app.calls.core.record``, pure, in the step that ends the call, and travels inside the
``call.ended`` fact; so the log, the webhook and the row say the same.

- ``rows``  record to row; the insert that the call store makes in its own transaction
- ``reading``  row to record; both by the names in ``columns``
- ``filters``  what calls and records are looked for by, as a value and as SQL conditions
- ``queries``  look-ups and pages, always one account's
- ``statistics``  counts and sums over any range; ``statistics_rollup`` is summed up as records are written, and
  ``statistics_slices`` cuts a range so that little beside it is read
"""
