"""Calls: from an input to facts and commands.

Pure (no I/O, no ORM, no asyncio):
``model`` what a call is, ``inputs`` what can happen to it, ``commands`` what it can ask for, ``machine`` the step, with
``setup``, ``ending`` and ``recording`` as its parts, ``outcome`` and ``record`` behind dispositions and CDRs.

Around them:
``translate`` Asterisk's events to inputs, ``actor`` one writer per call, ``store`` one transaction for many calls,
``executor`` commands to Asterisk, ``registry`` who is alive, ``reconcile`` after a gap, ``service`` what the API calls,
``queries`` what it reads.
"""
