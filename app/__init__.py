"""Offhook: call control for Asterisk as a GraphQL API.

::

    Asterisk ──> ari ──> calls (translate, machine, store) ──> events (log, feed) ──> api ──> dashboards
       ^                   │          ^                          └──> webhooks ──> CRM
       └───── ari <────────┘          └── calls.asking <── api <── CRM

The whole picture, and one fact followed through it, is in ``docs/explanation/architecture.md``.
"""
