"""Media streams: a leg's sound to a program of the account's own over a websocket, and that program's sound back.

::

    leg <─> Asterisk: bridge <─> websocket channel <─ asterisk_media ─> Relay <─ bot ─> the account's program
                                                                          │
                                          calls: opened by a command ─────┴───> ended by one report, whatever happens

``protocol`` is what is said to the program, ``playout`` and ``listening`` what waits on its way; both are pure.
"""
