"""After a gap: what Asterisk has against what the calls think.

``reconcile`` looks, ``sighting`` says what that means for a call, ``tidy`` takes away what a call that is over has
left.
"""
