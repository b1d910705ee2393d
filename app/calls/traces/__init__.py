"""What led a call from state to state, kept to be told, and done again: see ``docs/how-to/diagnostics.md``."""
