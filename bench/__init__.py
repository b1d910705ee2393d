"""The benchmark: each figure beside its peer or the physical limit, in the same run. ``make bench``.

::

    __main__     the command: choose, run, print, write
    catalogue    which figures there are, in the order of the table
    figure       what a figure is: its goals, its result
    harness      what a figure may ask for: rounds in turn, a durable PostgreSQL, a cache, shared measurements
    service      Offhook as a process of its own, with an account and a key
    environment  machine, versions, commit
    report       the table and the JSON
"""
