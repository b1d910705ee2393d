"""Calls: from what is asked or heard to facts and commands. The folders are the stages, in the order of the imports.

``hearing`` what Asterisk says · ``asking`` what people ask for · ``mending`` the two compared after a gap ·
``living`` one writer for each call · ``doing`` commands at Asterisk · ``leading`` call flows at work ·
``planning`` a request made a plan of legs · ``keeping`` what is written · ``reading`` what is read ·
``traces`` a call's steps, to be done again · ``core`` the pure machine: an input in, a call, facts and commands out.

Beside them, for all: ``texts`` and ``names`` what may be written where, ``arrival`` what the dialplan says of a channel
that came, ``time_limits``, ``quality`` of the sound, ``trunk_room``, and ``danger``, the failpoints of tests.
"""
