"""The pure core of campaigns: who may be called at an instant, how many at once, and what becomes of the others.

No I/O, no clock, no randomness: instants, counts and what the database holds come in as arguments. The rules of time
zones and the zones of numbers come with the installation.

``rules.decide`` judges one contact at the instant of dialling, by the ``schedule``; ``pacing`` and
``predictive`` say how many calls may begin; ``retries`` what follows an attempt; ``lifecycle`` what a campaign may be
asked; ``explain`` tells a contact's story from what was stored.
"""
