"""Recordings, from Asterisk's disk to a listener's ear.

- ``model``      what a recording is to its readers
- ``audio``      the sides of a call made into one WAV file; pure, in pieces
- ``timeline``   where a recording's time lies in its file: pauses, absences, the map of both; pure
- ``collector``  fetches from Asterisk, assembles, stores, reports back; ``collecting`` what it is asked, and answers
- ``object_keys``  where a recording's file lies in the store (``app.files``)
- ``deletion``   deletes them, at somebody's word or when their time is over
- ``queries``    reads the recording rows
- ``serve``      ``/recordings/{id}``: the file behind a signed address, whole or in ranges
"""
