"""Who drives which Asterisk. How the other processes reach it is ``app.reaching``.

::

    holder   who a process is, and the proof that one is dead
    lease    a row for each Asterisk: holder, rising token, end by the database's clock
    fence    the token on the call store's own connection: a former holder cannot commit
    tenure   what runs while the lease is held: ARI socket, calls, store, collector, inbox
    node     the loop: compete, hold, hand off, compete again
    wire     commands and replies as JSON
    inbox    the holder's side: claims commands, carries them out, replies
"""
