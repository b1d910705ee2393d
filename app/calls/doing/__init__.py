"""Commands, carried out at Asterisk, and their answers as inputs.

``executor`` gives the commands, ``answers`` reads what came of them, ``leg_lookup`` finds out what nobody answered;
``recording_parts``, ``streaming``, ``supervising`` and ``booth`` do what takes more than one request.
"""
