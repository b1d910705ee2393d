"""The event log and its readers: ``log`` appends and reads, ``feed`` follows it for subscribers."""
