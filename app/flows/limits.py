"""How large a flow and its parts may be."""

from typing import Final

MOST_STEPS: Final = 100
MOST_FIELDS: Final = 50
MOST_SOUNDS: Final = 16
MOST_OPTIONS: Final = 50
MOST_CASES: Final = 50
MOST_VALUES: Final = 100
LONGEST_NAME: Final = 64
LONGEST_TEXT: Final = 1500
#: An announcement is all that is said in a call, and no part of a larger flow.
LONGEST_ANNOUNCEMENT: Final = 3000
LONGEST_VALUE: Final = 100
LONGEST_DIGITS: Final = 32
MOST_RETRIES: Final = 10
SHORTEST_WAIT_SECONDS: Final = 0.5
LONGEST_WAIT_SECONDS: Final = 60.0
LONGEST_TONE_SECONDS: Final = 60.0
SHORTEST_MESSAGE_SECONDS: Final = 1.0
LONGEST_MESSAGE_SECONDS: Final = 3600.0
SHORTEST_SILENCE_SECONDS: Final = 1.0
LONGEST_SILENCE_SECONDS: Final = 60.0
MOST_REPEATS: Final = 10
SHORTEST_PAUSE_SECONDS: Final = 0.1
LONGEST_PAUSE_SECONDS: Final = 10.0
SHORTEST_RING_SECONDS: Final = 1.0
LONGEST_RING_SECONDS: Final = 600.0
HIGHEST_PRIORITY: Final = 1000
MOST_PARAMETERS: Final = 20
LONGEST_PARAMETER_NAME: Final = 64
LONGEST_PARAMETER: Final = 1000
LONGEST_URL: Final = 2048
SAMPLE_RATES: Final = (8000, 16000)
#: All of a flow, as stored: a call keeps it with itself, and is written at every turn.
LARGEST_FLOW_BYTES: Final = 65_536
