"""What is thought of the account's own numbers, and which of them a call shows.

::

    call detail records ─> number_history ─┐
    reportNumberComplaint ─────────────────┤
    importFlaggedNumbers ──────────────────┼─> judging.judge ─> number_reputation ─> choosing.choose ─> the caller id
    provider (HTTP, asked beside calls) ───┤        (pure)                              (pure)
    flagOutboundNumber ────────────────────┘

``reviewer`` judges every number again and again; ``service`` does so at once for whatever people say. No call waits for
either: it reads the verdict that stands.
"""
