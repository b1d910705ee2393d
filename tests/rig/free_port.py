"""A port of one's own for longer than one listener: nobody else is given it while nobody listens on it."""

import socket


def reserve_port() -> socket.socket:
    """A bound TCP socket on a free port of 127.0.0.1, which never listens.

    As long as it is open the kernel gives the port to nobody who asks for a free one, refuses connections to it, and
    lets a listener bind it by its number with SO_REUSEADDR, as asyncio's servers do (socket(7)).
    """
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(("127.0.0.1", 0))
    return reserved
