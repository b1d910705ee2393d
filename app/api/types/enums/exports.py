"""Exports."""

from app.api.types.enums.describing import OPEN, describe
from app.exports.plan import ExportFormat

describe(
    ExportFormat,
    "The form of an export's file. " + OPEN,
    {
        "CSV": "Comma-separated values in UTF-8 with a heading. A text that a spreadsheet would take for a formula has "
        "a `'` before it; plain numbers and telephone numbers stay as they are.",
        "NDJSON": "A JSON object on each line.",
    },
)
