"""Campaigns: who is called, when, how fast, and why not."""
