"""One recorded stream of real ARI events, a server that replays it, and a client program for each side."""
