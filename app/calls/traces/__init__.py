"""What led a call from state to state, kept so that it can be told, and done again: see ``docs/diagnostics.md``."""
