"""S3 as a few lines on loopback, which answers what a test wants to hear; it judges no signatures."""

import hashlib
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, unquote
from xml.sax.saxutils import escape

Reply = tuple[int, Mapping[str, str], bytes]
Special = Callable[["Asked"], Reply | None]


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return unquote(self.target.partition("?")[0])

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    @property
    def lists(self) -> bool:
        return "list-type" in self.query


def refused(code: str, status: int = 403, **headers: str) -> Reply:
    """An error as S3 writes it."""
    body = f"<Error><Code>{code}</Code><Message>no</Message></Error>"
    return status, headers, body.encode()


@dataclass
class FakeS3:
    """One bucket of any name."""

    objects: dict[str, bytes] = field(default_factory=dict)
    origins: list[str] = field(default_factory=list)
    writable: bool = False
    """Whether whoever asks may write; without, it is denied."""
    knows_digests: bool = True
    deletable: bool = True
    special: Special | None = None
    """What is answered instead; None for what is answered anyway."""
    requests: list[Asked] = field(default_factory=list)
    sent: int = 0
    address: str = ""

    def asked(self, method: str) -> list[Asked]:
        return [one for one in self.requests if one.method == method]

    def fetched(self) -> list[Asked]:
        """The requests that were made with signed URLs."""
        return [one for one in self.asked("GET") if "X-Amz-Signature" in one.query]

    def answer(self, asked: Asked) -> Reply:
        self.requests.append(asked)
        special = self.special(asked) if self.special else None
        return special or self._usual(asked)

    def _usual(self, asked: Asked) -> Reply:
        key = asked.path.removeprefix("/").partition("/")[2]
        if asked.lists:
            return 200, {}, self._listing(asked.query)
        reply: Reply = getattr(self, f"_{asked.method.lower()}")(key, asked)
        return reply

    def _listing(self, query: Mapping[str, str]) -> bytes:
        encoded = query.get("encoding-type") == "url"
        prefix, most = query.get("prefix", ""), int(query["max-keys"])
        keys = [key for key in self.objects if key.startswith(prefix)][:most]
        rows = "".join(
            f"<Contents><Key>{quote(key) if encoded else escape(key)}</Key></Contents>" for key in keys
        )
        kind = "<EncodingType>url</EncodingType>" if encoded else ""
        return f"<ListBucketResult><Name>b</Name>{kind}{rows}</ListBucketResult>".encode()

    def _get(self, key: str, _asked: Asked) -> Reply:
        if key not in self.objects:
            return refused("NoSuchKey", 404)
        content = self.objects[key]
        return (206, {}, content[:1]) if content else refused("InvalidRange", 416)

    def _put(self, key: str, asked: Asked) -> Reply:
        if not self.writable:
            return refused("AccessDenied")
        digest = b64encode(hashlib.md5(asked.body, usedforsecurity=False).digest()).decode()
        if self.knows_digests and asked.headers["content-md5"] != digest:
            return refused("BadDigest", 400)
        self.objects[key] = asked.body
        return 200, {}, b""

    def _delete(self, key: str, _asked: Asked) -> Reply:
        if not self.deletable:
            return refused("AccessDenied")
        self.objects.pop(key, None)
        return 204, {}, b""

    def _options(self, _key: str, asked: Asked) -> Reply:
        origin = asked.headers["origin"]
        if origin not in self.origins:
            return refused("AccessForbidden")
        return 200, {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Methods": "GET, HEAD"}, b""


@contextmanager
def serving(storage: FakeS3) -> Iterator[FakeS3]:
    """The storage on a free port, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True

        def answer(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            status, more, content = storage.answer(Asked(self.command, self.path, headers, body))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **more}.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                for start in range(0, len(content), 65_536):
                    self.wfile.write(content[start : start + 65_536])
                    storage.sent += 65_536
            except OSError:
                self.close_connection = True

        def log_message(self, format: str, *_values: Any) -> None:
            pass

    for method in ("GET", "PUT", "HEAD", "DELETE", "OPTIONS"):
        setattr(Handler, f"do_{method}", Handler.answer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    storage.address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield storage
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
