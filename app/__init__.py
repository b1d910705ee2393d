"""Offhook: call control for Asterisk as a GraphQL API."""
