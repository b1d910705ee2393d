"""What a dialect refuses by itself, in its own words. Pure."""


class DialectRefusedError(Exception):
    """Nothing came of the request, and that is known: an equal one soon afterwards is a new one."""
