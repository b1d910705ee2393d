"""Telephone numbers: how they are read, who may dial which, what is known about them, and where it is what time."""
