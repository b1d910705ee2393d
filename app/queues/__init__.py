"""Queues: who waits, who is free, and who is rung for whom.

``strategy`` decides and knows nothing but values; ``agents`` keeps what agents do, ``waiting`` reads who waits, and
``dispatcher`` rings agents for those who wait at one node.
"""
