"""The pure core: what a call is, what can happen to it, and what follows. No I/O, no clock, no randomness.

``machine.step`` is the way in; ``model`` says what a call is, ``inputs`` what can happen, ``verbs`` what may be asked,
``commands`` what is asked of Asterisk. The other modules are the machine's parts, one for each stage or matter.
"""
