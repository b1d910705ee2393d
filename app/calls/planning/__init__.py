"""A request, checked and made a plan of legs, before anybody's phone rings.

``requests`` what is asked for, ``originate_checks`` why not (pure), ``originate_lookup`` what the database says of it,
``party_lookup`` whom else it rings, ``admission`` whether the account has room; ``plan`` and the other plans say whom
to dial, over what, showing what and for how long. ``placing`` has the protocols of those who place calls by themselves.
"""
