"""What Asterisk says, become inputs: the one place where its words are known.

``controller`` takes each frame of the socket, ``translate`` makes inputs of it, ``inbound`` makes calls of channels
that came, ``intruders`` sends away what is not ours, ``missed`` writes down calls that came while nobody was there.
"""
