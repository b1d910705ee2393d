"""Tenants, their keys and scopes, and the audit log."""
