"""Who drives which Asterisk, and how the other processes reach it.

::

    holder   who a process is, and the proof that one is dead
    lease    a row for each Asterisk: holder, rising token, end by the database's clock
    fence    the token on the call store's own connection: a former holder cannot commit
    tenure   what runs while the lease is held: ARI socket, calls, store, collector, inbox
    node     the loop: compete, hold, hand off, compete again
    wire     commands and replies as JSON
    inbox    the holder's side: claims commands, carries them out, replies
    remote   the other side: puts a command into the inbox and waits for its reply
    routed   the calls service that the API gets: here when the call is here, else through the inbox
"""
