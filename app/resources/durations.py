"""How long something may last. Pure."""

import math

from app.errors import Problem


def check_seconds(value: float | None, field: str, *, least: float, most: float) -> list[Problem]:
    """What is wrong with a duration; nothing with one that is left out."""
    if value is None or (math.isfinite(value) and least <= value <= most):
        return []
    return [Problem("INVALID_INPUT", f"Use {least:g} to {most:g} seconds.", (field,))]
