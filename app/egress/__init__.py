"""What goes out of the house: requests and connections that cannot be led to where they must not go.

- ``addresses``   which hosts, ports and networks may be reached at all; pure
- ``requests``    HTTP requests, each to a permitted address by number; ``connection`` is one of HTTP/1.1
- ``streams``     connected sockets, for websockets that stay open
- ``signing``     Standard Webhooks: the headers by which a receiver knows that it was us
"""
