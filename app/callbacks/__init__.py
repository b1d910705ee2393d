"""Callbacks: calls that are placed at a time that was agreed on, once, also when everything was restarted meanwhile.

::

    scheduleCallback, updateCallback, cancelCallback ── service ── the row
    scheduler (in a tenure): claims what is due ── CallService.place ── the call ── scheduler: what came of it
"""
