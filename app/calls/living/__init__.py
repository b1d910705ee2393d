"""The calls that are alive: one writer each.

``registry`` knows them, ``actor`` takes a call's inputs one by one through the machine, ``call_time`` minds its clocks.
"""
