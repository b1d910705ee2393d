"""What a call is: plain values, no behaviour that needs the world.

A ``Call`` is a frozen snapshot. Only ``machine.step`` makes the next one from it. The same snapshot, as JSON, is what
the database keeps, so that a restarted service goes on where the last one stopped. It leaves out what has its default
value, so the default of a field that exists must never change.
"""
