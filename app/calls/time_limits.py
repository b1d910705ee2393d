"""How long an operation on calls may take, from the request to its answer. They hang together, so they stand together.

::

    placing a call, at its worst          ACCEPT ──(it changed hands)──> TAKE + TAKE_GRACE ──> ANSWER
    waiting for what becomes of it        what is left of LONGEST_WAIT, counted from the request's start
    the whole                             ends before MUTATION, and that before GIVEN_UP, after which nobody hears it
"""

from typing import Final

#: When HTTP clients and proxies in between give a request up, if nobody told them otherwise.
GIVEN_UP_SECONDS: Final = 60.0
#: A mutation's own limit, counted from when the request came.
MUTATION_SECONDS: Final = 58.0
#: How long ``waitFor`` waits at most, placing the call included.
LONGEST_WAIT_SECONDS: Final = 55.0
#: How long a new call may take to be written: twice what one statement may take by default.
ACCEPT_SECONDS: Final = 20.0
#: Within this a command to another process must have been taken; a standby takes over in less.
TAKE_SECONDS: Final = 12.0
#: The database's clock says when a command is too late; ours only when to look.
TAKE_GRACE_SECONDS: Final = 0.2
#: From there on, how long carrying it out may take: a little more than what it may wait for in its turn.
ANSWER_SECONDS: Final = 22.0
#: How long a hang-up or update waits to be written before it answers with the call as it stands.
EFFECT_SECONDS: Final = 10.0
