"""Write .env.example from the settings, or with --check say whether it is up to date (exit status 1 when not)."""

import argparse
import sys
from pathlib import Path
from typing import Final

import annotated_types
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from app.config import Settings

TARGET: Final = Path(__file__).resolve().parents[1] / ".env.example"

_HEADER: Final = """\
# Every setting of Offhook with its default. Copy this file to .env and remove the # before what you change.
# `offhook doctor` says whether the result will do. Written by scripts/make_env_example.py; do not edit.
"""

#: Defaults that depend on the machine, in words.
COMPUTED: Final = {
    "data_dir": "/var/lib/offhook for root, else $XDG_DATA_HOME/offhook or ~/.local/share/offhook",
}


def render() -> str:
    """The whole file."""
    return _HEADER + "".join(_render_field(name, field) for name, field in Settings.model_fields.items())


def _render_field(name: str, field: FieldInfo) -> str:
    lines = ["", f"# {field.description}"]
    limits = describe_limits(field)
    if limits:
        lines.append(f"# {limits}")
    if name in COMPUTED:
        lines.append(f"# Default: {COMPUTED[name]}.")
    lines.append(f"#{Settings.model_config['env_prefix']}{name.upper()}={_tell_default(field)}")
    return "\n".join(lines) + "\n"


def describe_limits(field: FieldInfo) -> str:
    """The values that a setting takes, in a sentence; empty when it says nothing."""
    parts = []
    for limit in field.metadata:
        match limit:
            case annotated_types.Ge(ge=bound):
                parts.append(f"at least {bound}")
            case annotated_types.Gt(gt=bound):
                parts.append(f"more than {bound}")
            case annotated_types.Le(le=bound):
                parts.append(f"at most {bound}")
            case annotated_types.Lt(lt=bound):
                parts.append(f"less than {bound}")
            case _:
                pass  # what the description tells already
    choices = getattr(field.annotation, "__args__", ())
    if choices and all(isinstance(choice, str) for choice in choices):
        parts.append("one of " + ", ".join(choices))
    text = ", ".join(parts)
    return text[:1].upper() + text[1:] + "." if text else ""


def describe_default(name: str, field: FieldInfo) -> str:
    """A setting's default for people; empty when it has none."""
    return COMPUTED.get(name) or _tell_default(field)


def _tell_default(field: FieldInfo) -> str:
    default = field.default
    if default is None or default is PydanticUndefined:
        return ""
    if isinstance(default, tuple | list):
        return ",".join(_tell_value(item) for item in default)
    return _tell_value(default)


def _tell_value(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def main() -> int:
    """Write or check; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 when the file is out of date")
    wanted = render()
    if parser.parse_args().check:
        if not TARGET.exists() or TARGET.read_text(encoding="utf-8") != wanted:
            print(f"{TARGET.name} is out of date: run scripts/make_env_example.py", file=sys.stderr)
            return 1
        return 0
    TARGET.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
