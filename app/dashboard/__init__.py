"""The dashboard at ``/``: files that a browser runs, which speak the public GraphQL API and nothing else.

``source`` is TypeScript; ``make dashboard`` makes ``built`` of it, which is what is served: Node is needed to change
the dashboard, not to run it. It knows nothing of the rest of the service (see the import rules).
"""
