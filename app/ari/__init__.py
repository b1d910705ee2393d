"""The edge to Asterisk: a typed REST client and an event stream. Knows channels and bridges, nothing of calls.

client     `AriClient`: one method per operation, each noun in a module of its own
           (channels, bridges, playbacks, recordings, system, endpoints) on one transport
transport  one request and its outcome; requests: its bytes; connections: the keep-alive pool below it
stream     `EventStream`: events in order; event_socket: one connection of it, from handshake to end
news       what it says of the connection between the events: `Connected`, `Disconnected`, `Doubted`, `Replaced`
events     the closed union of events, and `decode_event`
signals    the events that move calls, with the few fields that do, and `decode_signal`
resources  channels, bridges, recordings and the rest, as Asterisk answers with them
errors     the tree of what can go wrong
safety     what may go on the wire
versions   the oldest Asterisk that is fit to face the world
"""
