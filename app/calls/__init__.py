"""Calls: from an input to facts and commands.

Pure (no I/O, no ORM, no asyncio):
``model`` what a call is, ``inputs`` what can happen to it, ``commands`` what it can ask for, ``machine`` the step, with
``setup``, ``ending`` and ``recording`` as its parts, ``outcome`` and ``record`` behind dispositions and CDRs.

Around them:
``translate`` Asterisk's events to inputs, ``actor`` one writer per call, ``store`` the queue of what is to be written,
``commit`` one transaction for many calls, ``executor`` commands to Asterisk, ``registry`` who is alive,
``service`` what the API calls, ``queries`` what it reads.

Calls that come in:
``arrival`` what the dialplan says of a channel that came, ``inbound`` each becomes a call or goes back,
``inbound_plan`` whom it rings, ``missed`` those that Asterisk remembers, written down later.

When something was away:
``postponed`` what could not be committed, ``spool`` its file, ``reconcile`` the look at Asterisk after a gap,
``sighting`` what it means for a call, ``tidy`` what a call that is over has left there.
"""
