"""What people and programs ask for: the use cases of calls.

``service`` places calls and acts on live ones, ``replays`` answers idempotency keys that were used before,
``supervision_audit`` writes down who listened to whom.
"""
