"""Wall clocks: pure but for the zones' rules, which come with the installation.

- ``zones``       zones by the names that mean the same on every machine
- ``week``        days of the week, minutes of the day
- ``local_time``  what a wall clock shows, and the instant that it stands for
- ``windows``     when windows of the day are open in several zones at once
"""
