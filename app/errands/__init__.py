"""What callbacks and one-time passwords share: each is a call that Offhook places by itself, at its time, once.

``news`` wakes those who place them; ``rows`` reads what they need to know of accounts and calls. The calls of campaigns
are errands too (`app.facts.vocabulary.Errand`), but are claimed from lists, in batches: see ``app.campaigns``.
"""
