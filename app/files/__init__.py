"""Files: recordings, sound files, imports, reports of jobs. Where they lie, and the addresses that lead there.

- ``store``       a folder, S3 or Google Cloud Storage behind one small interface; ``keys`` which keys it encrypts with,
                  ``sealed_format`` (pure) and ``sealed_files`` how; ``errors`` what goes wrong
- ``resealing``   all of a store brought under one key
- ``urls``        signed addresses that expire
- ``uploads``     a signed address is given out, a file is put there once, and then used once; ``upload_files`` is
                  ``PUT /uploads/{id}``
"""
