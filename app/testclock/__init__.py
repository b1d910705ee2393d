"""The test clock: how far ahead of the true time it is, in one account, for what its test keys have made.

::

    advanceTestClock, resetTestClock, testClock ── service ── the row, one an account at most
    callbacks, campaigns ── read the row in the statement that reads what is due ── ``now`` plus how far it is ahead

``clock`` is the arithmetic, ``rows`` what others put into their statements. Live rows are never looked at by it.
"""
