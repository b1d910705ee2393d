"""As much of S3 as a recording store uses, on a port of its own: objects, ranges, multipart uploads, and outages."""

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit


class S3Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.uploads: dict[str, dict[int, bytes]] = {}
        self.failures = 0  # so many requests answer 503 from now on
        self.requests: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: S3Server

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        key, query = unquote(parts.path), parse_qs(parts.query, keep_blank_values=True)
        server = self.server
        server.requests.append(f"{self.command} {key}")
        if server.failures:
            server.failures -= 1
            self._answer(503, b"<Error><Code>SlowDown</Code></Error>")
            return
        match self.command:
            case "POST" if "uploads" in query:
                upload = f"upload{len(server.uploads)}"
                server.uploads[upload] = {}
                xml = f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId></InitiateMultipartUploadResult>"
                self._answer(200, xml.encode())
            case "POST" if "delete" in query:
                names = re.findall(r"<Key>(.*?)</Key>", body.decode())
                for name in names:  # those that are not there are answered alike
                    server.objects.pop(f"{key.rstrip('/')}/{name}", None)
                deleted = "".join(f"<Deleted><Key>{name}</Key></Deleted>" for name in names)
                self._answer(200, f"<DeleteResult>{deleted}</DeleteResult>".encode())
            case "POST":
                pieces = server.uploads.pop(query["uploadId"][0])
                server.objects[key] = b"".join(pieces[number] for number in sorted(pieces))
                xml = '<CompleteMultipartUploadResult><ETag>"x"</ETag></CompleteMultipartUploadResult>'
                self._answer(200, xml.encode())
            case "PUT" if "partNumber" in query:
                server.uploads[query["uploadId"][0]][int(query["partNumber"][0])] = body
                self._answer(200, ETag=f'"{hashlib.md5(body).hexdigest()}"')  # noqa: S324 - S3's own etag
            case "PUT":
                server.objects[key] = body
                self._answer(200, ETag='"x"')
            case "GET" if "list-type" in query:
                self._answer(200, _listing(server.objects, key, query.get("prefix", [""])[0]).encode())
            case _ if key not in server.objects:
                self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
            case _:
                self._send_object(server.objects[key])

    do_GET = do_HEAD = do_PUT = do_POST = _handle  # noqa: N815 - the base class's names

    def _send_object(self, data: bytes) -> None:
        tag = f'"{hashlib.md5(data).hexdigest()}"'  # noqa: S324 - as above
        if self.headers.get("If-Match") not in {None, tag}:
            self._answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")
            return
        common = {"ETag": tag, "Last_Modified": "Fri, 01 May 2026 12:00:00 GMT"}
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range") or "")
        if asked is None:
            self._answer(200, data, Content_Length=str(len(data)), **common)
            return
        start, end = int(asked[1]), min(int(asked[2]) + 1, len(data))
        if start >= len(data):
            self._answer(416, b"<Error><Code>InvalidRange</Code></Error>")
            return
        self._answer(206, data[start:end], Content_Range=f"bytes {start}-{end - 1}/{len(data)}", **common)


def _listing(objects: dict[str, bytes], bucket: str, prefix: str) -> str:
    folder = bucket.rstrip("/") + "/"
    contents = "".join(
        f"<Contents><Key>{path.removeprefix(folder)}</Key><Size>{len(data)}</Size>"
        "<LastModified>2026-05-01T12:00:00.000Z</LastModified></Contents>"
        for path, data in sorted(objects.items())
        if path.startswith(folder + prefix)
    )
    return f"<ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>"


@contextmanager
def running_s3() -> Iterator[S3Server]:
    with S3Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
