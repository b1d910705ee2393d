"""Words of our insides, which nobody outside has to read: of programs, paths, tables and places in memory."""

import re
from pathlib import Path
from typing import Final

INSIDES: Final = re.compile(
    rf"Traceback|{re.escape(str(Path(__file__).parents[2]))}|site-packages|asyncpg|strawberry|File \\?\""
    r"|\bSELECT\b|\.py\b|<class |\b0x[0-9a-f]{8}"
)
