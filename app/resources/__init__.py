"""What everything has in common that an account saves, lists, changes and deletes.

- ``shelf``         one table's living rows, always one account's
- ``resource``      the use cases over it, and the audit log that hears of each change
- ``field_checks``  what may stand in fields that many of them have; ``durations`` how long something may last
- ``shown_names``   what telephones may show beside a number
"""
