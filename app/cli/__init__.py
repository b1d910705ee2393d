"""The command ``offhook``."""

from app.cli.program import main

__all__ = ["main"]
