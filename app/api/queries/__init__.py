"""Reading. Each resolver turns its arguments into one query and what comes back into types."""
