"""A person asks to be forgotten: all that an account holds about a number goes, and what was counted stays right.

- ``person``     who it is: the ways in which a number is written, the names that go with it; pure
- ``wiping``     what is left of a text, of a JSON document, of a row's columns; pure
- ``inventory``  every table of the database, by what it says of itself, and the few that need a word
- ``rows``       finds a person's rows piece by piece, and rewrites them
- ``halting``    what would still call the person is called off, and what is under way is waited for
- ``files``      recordings, reports, uploads
- ``runner``     all of it as a job that goes on where it was
- ``service``    who may ask for it, and of which number

See ``docs/reference/erasure.md``, and ``docs/decisions/0030-erasure.md`` for the reasons.
"""
