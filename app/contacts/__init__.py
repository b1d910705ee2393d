"""Who is to be called, and who must not be: contact lists and do-not-call lists, by hand and from files.

- ``words``, ``model``  what there is
- ``lists``, ``contacts``, ``dnc_lists``, ``dnc_entries``  the use cases; ``rows`` reads what they keep
- ``number_ranges``, ``numbers``  many numbers quickly: what is known of a number's range is asked once
- ``csv_text``, ``csv_records``, ``csv_columns``  a file becomes text, the text records, a record a contact
- ``importing``, ``import_batches``  a file into a list, batch by batch, each with its checkpoint; ``reports`` says what
  became of each row
"""
