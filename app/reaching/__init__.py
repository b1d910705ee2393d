"""How a call is reached, wherever it lives: the surfaces need not know which process drives its Asterisk.

::

    calls       the use cases of calls as the API has them in hand
    routed      they, carried out here when the call is here, else
    remote      by a command in the inbox of the process that drives the Asterisk (``ownership.inbox``), and its reply
    hanging_up  many calls at once
    diagnostics how a call went, of one that lives as of one that is over
    status      how the service fares, as an account may know it
"""
