"""Following. Each subscription reads the event feed and says what it sees as messages with a cursor.

How a fact gets from the feed to a socket is told in ``audience``: it executes a live subscription once for all who
asked the same.
"""
