"""The edge to Asterisk: a typed REST client and an event stream. Knows channels and bridges, nothing of calls.

client     `AriClient`: one method per operation, each noun in a module of its own
           (channels, bridges, playbacks, recordings, system, endpoints) on one transport
transport  one request and its outcome; connections: the keep-alive pool below it
stream     `EventStream`: events in order, `Connected`, `Disconnected`, `Replaced`
events     the closed union of events, and `decode_event`
resources  channels, bridges, recordings and the rest, as Asterisk answers with them
errors     the tree of what can go wrong
safety     what may go on the wire
versions   the oldest Asterisk that is fit to face the world
"""
