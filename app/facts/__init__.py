"""What happened, in the only words the outside ever hears.

The log, CDRs, subscriptions, webhooks and statistics all read these facts, in the same order. This package is the
bottom of the tree: everybody may import it, and it imports nothing of Offhook but ids.

- ``vocabulary``  the enums and small values that facts and the call model share
- ``calls``  ``recordings``  ``lines``  ``webhooks``  one struct per kind of fact
- ``event``  the envelope around a fact, as it stands in the log
- ``catalogue``  every fact type by its public name, with its JSON Schema
"""
