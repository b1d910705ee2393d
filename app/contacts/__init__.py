"""Who is to be called, and who must not be: contact lists and do-not-call lists, by hand and from files.

- ``words``, ``model``  what there is
- ``lists`` (of both kinds), ``contacts``, ``dnc_entries``  the use cases, put together by ``resources``; ``rows`` reads
  and writes what they keep, ``accounts`` what of an account it depends on
- ``number_ranges``, ``numbers``  many numbers quickly: what is known of a number's range is asked once
- ``csv_text``, ``csv_records``, ``csv_columns``  a file becomes text, the text records, a record a contact
- ``imports``, ``import_plan``  imports as they are asked for, and as jobs
- ``importing``, ``import_batches``  a file into a list, batch by batch, each with its checkpoint and its lines of the
  report, which says what became of each row
- ``setting_up``  all of it, as the composition root starts it
"""
