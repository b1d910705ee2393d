"""Audio files of the account, uploaded as its CRM would."""

from pathlib import Path

import httpx

from tests.rig.desk import PATIENCE_SECONDS
from tests.rig.service import RunningOffhook

_UPLOAD = (
    "mutation($input: CreateUploadInput!) { createUpload(input: $input) { upload { id url } userErrors { code } } }"
)
_FILE = (
    "mutation($input: CreateAudioFileInput!) { createAudioFile(input: $input) "
    "{ audioFile { id } userErrors { code message } } }"
)


async def upload_sound(offhook: RunningOffhook, path: Path) -> str:
    """An audio file with what is in this WAV file; gives its id."""
    content = path.read_bytes()
    upload = (await offhook.change(_UPLOAD, contentType="audio/wav", sizeBytes=len(content)))["upload"]
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
        answer = await client.put(upload["url"], content=content, headers={"Content-Type": "audio/wav"})
    assert answer.status_code == 201
    payload = await offhook.change(_FILE, uploadId=upload["id"], name=path.stem)
    return str(payload["audioFile"]["id"])
