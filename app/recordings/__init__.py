"""Recordings, from Asterisk's disk to a listener's ear.

- ``model``      what a recording is to its readers
- ``audio``      the sides of a call made into one WAV file; pure, in pieces
- ``store``      where the files live: a folder, S3 or Google Cloud Storage
- ``collector``  fetches from Asterisk, assembles, stores, reports back
- ``queries``    reads the recording rows
- ``urls``       signed addresses that expire
- ``serve``      ``/recordings/{id}``: the file behind a signed address, whole or in ranges
"""
