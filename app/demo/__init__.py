"""``offhook demo``: one real call between two sandbox phones, seen through nothing but the public API.

``sink`` receives and verifies the webhooks, ``client`` speaks GraphQL, ``timeline`` shows it, ``run`` is the story.
"""
