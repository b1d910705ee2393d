"""Devices and trunks, from their rows into Asterisk, and what Asterisk says of them back into facts.

::

    line rows ──> store ──> objects (pure) ──> push ──ARI──> Asterisk: endpoint, aor, auth, identify, registration
                    ^                                            │ ContactStatusChange, GET /endpoints
    line_state <────┴────── states <── sync (one loop) <─────────┘
    facts      <────────────┘

- ``objects``  what a device or a trunk is in PJSIP, as data
- ``store``    the lines that Asterisk should have, read from the rows
- ``push``     makes Asterisk have them: desired beside actual, ours alone
- ``states``   what Asterisk says of a line, as rows and facts
- ``sync``     the loop, one for each Asterisk
"""
