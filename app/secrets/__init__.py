"""What the service keeps to itself.

- ``service_secret``  the one secret, and a key for each purpose derived from it
- ``sealing``         short secrets that must be used again (webhooks', trunks', codes), encrypted at rest
"""
