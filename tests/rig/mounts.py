"""Small file systems, to be filled. They need root."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

_SECONDS = 60.0
_BLOCK = 65536


@contextlib.asynccontextmanager
async def small_file_system(directory: Path, *, size_bytes: int) -> AsyncIterator[Path]:
    """Mount one of so many bytes, in memory, over an existing directory for the length of the block."""
    owner = directory.stat()
    options = f"size={size_bytes},mode=0777,uid={owner.st_uid},gid={owner.st_gid}"
    await _run("mount", "-t", "tmpfs", "-o", options, "offhook-fault", str(directory))
    try:
        yield directory
    finally:
        await _run("umount", "--lazy", str(directory))


@contextlib.contextmanager
def filled(directory: Path) -> Iterator[None]:
    """Not a byte is free there for the length of the block."""
    filler = directory / "filler"
    try:
        with filler.open("wb", buffering=0) as file:
            for size in (_BLOCK, 1):  # the last bytes one by one
                with contextlib.suppress(OSError):  # full, which is what we want
                    while True:
                        file.write(b"x" * size)
        yield
    finally:
        filler.unlink(missing_ok=True)


async def _run(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    async with asyncio.timeout(_SECONDS):
        _, said = await process.communicate()
    if process.returncode != 0:
        raise OSError(f"{' '.join(command)}: {said.decode(errors='replace').strip()}")
