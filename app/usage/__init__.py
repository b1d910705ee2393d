"""What accounts may use, and what they have used: caps that are reserved before dialling, prices, the ledger.

``rates`` and ``deciding`` are pure; ``caps`` reserves in the database, ``settling`` settles in the statement that
writes a leg's end, ``ledger`` reads what came of it, ``service`` changes limits and suspends.
"""
