"""Doing. Each resolver turns its input into one use case's request and what comes back into a payload."""
