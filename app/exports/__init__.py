"""Records, contacts, recordings and events as files: long work, done by jobs.

- ``plan``  what an export is asked for
- ``columns``  what a row of each kind says
- ``pages``  the rows, page by page, as the lists of the API have them
- ``exporting``  the use case, and the job's runner
"""
