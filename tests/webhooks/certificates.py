"""A certificate that nobody vouches for."""

import subprocess
from pathlib import Path

from tests.webhooks.sink import DEADLINE_SECONDS


def make_certificate(directory: Path, name: str = "hook.example") -> Path:
    """A certificate for this name and its key, in one file; the certificate alone is beside it, as .crt."""
    path = directory / "hook.pem"
    subprocess.run(
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={name} "
        f"-addext subjectAltName=DNS:{name} -keyout {path} -out {path.with_suffix('.crt')}".split(),
        check=True,
        capture_output=True,
        timeout=DEADLINE_SECONDS,
    )
    path.write_bytes(path.read_bytes() + path.with_suffix(".crt").read_bytes())
    return path
