"""How a process is put together, started and stopped: the only place that knows every stage.

::

    serve       the web server around a running service, and the signals that end it
    bootstrap   the composition root: all stages of the roles that run here, in the order in which they start and stop
    running     what came of it, and how it fares
    driving     the node: what competes for an Asterisk (``ownership.node``), and what it stands on
    tenures     the parts that act on one Asterisk (``ownership.tenure``), made anew for each lease
    errands     callbacks and one-time passwords: their use cases, and who places their calls in a tenure

Each line imports those below it, never above.
"""
