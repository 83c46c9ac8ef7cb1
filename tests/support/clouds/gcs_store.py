"""What is kept: by gcp-storage-emulator, in its memory, under names that it does not mangle.

The emulator takes a name for a path in a file system: it loses double slashes, dots that stand alone and
slashes at the end, and confuses names that differ in nothing else. So the objects have other names there: all
bytes but letters, digits and hyphens are written as `_` and two hexadecimal digits. What begins a name begins
its other name, so that prefixes stay prefixes. What the emulator answers is translated back.

Bodies of uploads, resources of objects, generations, checksums, ranges and the bytes are the emulator's work.
"""

import json
import re
import sys
from collections.abc import Mapping
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlencode

from tests.support.clouds.gcs_messages import GcsAnswer
from tools.clouds.process import Processes, answers_http, free_ports

Document = dict[str, Any]
_API = "/storage/v1/b"
_CLEARED: Mapping[str, Any] = {"cors": [], "labels": {}, "encryption": {}, "lifecycle": {}, "website": {}}
"""What the emulator must be told instead of null, which it does not hear."""
_KEPT = ("Content-Type", "Content-Range", "Content-Disposition", "X-Goog-Hash")


class GcsStore:
    """The emulator, spoken to by the gateway alone."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._processes = Processes("gcs")
        (self._port,) = free_ports(1)
        words = [sys.executable, "-m", "gcp_storage_emulator", "start", "--in-memory", "--quiet"]
        self._processes.start([*words, "--host", "127.0.0.1", "--port", str(self._port)])
        self._processes.await_answer(lambda: answers_http(f"http://127.0.0.1:{self._port}/"))
        self.folder = self._processes.folder

    def stop(self) -> None:
        """Ends it."""
        self._processes.stop()

    def bucket(self, name: str) -> Document | None:
        """The resource of a bucket; None if there is none."""
        found = self._document("GET", f"{_API}/{quote(name)}")
        return found and {key: value for key, value in found.items() if value not in ([], {}, None)}

    def buckets(self) -> list[Document]:
        """The resources of all buckets."""
        found = self._document("GET", _API) or {}
        return [bucket for one in found["items"] if (bucket := self.bucket(one["name"]))]

    def make_bucket(self, name: str) -> None:
        """A new bucket, without any of its settings."""
        self._document("POST", _API, {"name": name})

    def change_bucket(self, name: str, changes: Document) -> None:
        """Changes settings of a bucket: what is null goes away, and objects are merged."""
        there = self.bucket(name) or {}
        merged = {key: _merged(there.get(key), value) for key, value in changes.items()}
        cleared = {key: _CLEARED.get(key) if value is None else value for key, value in merged.items()}
        self._document("PATCH", f"{_API}/{quote(name)}", cleared)

    def delete_bucket(self, name: str) -> bool:
        """Ends a bucket; whether it could be, which one with objects cannot."""
        return self._ask("DELETE", f"{_API}/{quote(name)}").status < 300

    def policy(self, bucket: str) -> Document:
        """The IAM policy of a bucket."""
        return self._document("GET", f"{_API}/{quote(bucket)}/iam") or {}

    def set_policy(self, bucket: str, policy: Document) -> None:
        """Replaces the IAM policy of a bucket."""
        self._document("PUT", f"{_API}/{quote(bucket)}/iam", policy)

    def objects(self, bucket: str, prefix: str, delimiter: str) -> tuple[list[Document], list[str]]:
        """The resources of objects in the order of their names, and the prefixes that stand for others."""
        asked = {key: _other(value) for key, value in (("prefix", prefix), ("delimiter", delimiter)) if value}
        found = self._document("GET", f"{_API}/{quote(bucket)}/o?{urlencode(asked)}") or {}
        items = [self._resource(one) for one in found.get("items", ())]
        return sorted(items, key=lambda one: one["name"].encode()), sorted(
            map(_own, found.get("prefixes", ()))
        )

    def object(self, bucket: str, key: str) -> Document | None:
        """The resource of an object; None if there is none."""
        found = self._document("GET", _path(bucket, key))
        return found and self._resource(found)

    def content(self, bucket: str, key: str, range_: str | None) -> GcsAnswer:
        """The bytes of an object that is there, or a range of them."""
        answer = self._ask(
            "GET", f"{_path(bucket, key)}?alt=media", headers={"Range": range_} if range_ else {}
        )
        return GcsAnswer(
            answer.status, answer.body, {key: answer.headers[key] for key in _KEPT if key in answer.headers}
        )

    def upload(
        self, bucket: str, key: str, kind: str, content_type: str, body: bytes
    ) -> tuple[int, Document]:
        """Makes an object of the body of an upload; answers what the emulator does."""
        query = urlencode({"uploadType": kind, "name": _other(key)})
        headers = {"Content-Type": content_type}
        answer = self._ask("POST", f"/upload{_API}/{quote(bucket)}/o?{query}", body, headers)
        document = json.loads(answer.body)
        return answer.status, self._resource(document) if answer.status < 300 else document

    def delete(self, bucket: str, key: str) -> None:
        """Ends an object."""
        self._ask("DELETE", _path(bucket, key))

    def _resource(self, document: Document) -> Document:
        """The resource of an object by its own name, with the links that lead to the gateway."""
        bucket, name, generation = document["bucket"], _own(document["name"]), document["generation"]
        path = f"{_API}/{bucket}/o/{quote(name, safe='')}"
        return {
            **{key: value for key, value in document.items() if value not in ([], None)},
            "name": name,
            "id": f"{bucket}/{name}/{generation}",
            "size": str(document["size"]),
            "selfLink": f"{self._endpoint}{path}",
            "mediaLink": f"{self._endpoint}/download{path}?generation={generation}&alt=media",
        }

    def _document(self, method: str, target: str, body: Document | None = None) -> Document | None:
        given = (
            (json.dumps(body).encode(), {"Content-Type": "application/json"})
            if body is not None
            else (None, {})
        )
        answer = self._ask(method, target, *given)
        if answer.status == 404:
            return None
        if answer.status >= 300:
            raise AssertionError(
                f"the emulator answers {answer.status} to {method} {target}: {answer.body!r}"
            )
        found: Document = json.loads(answer.body)
        return found

    def _ask(
        self, method: str, target: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> GcsAnswer:
        try:
            return self._once(method, target, body, headers)
        except ConnectionResetError:
            # The emulator loses connections on a busy machine.
            if method != "GET":
                raise
            return self._once(method, target, body, headers)

    def _once(
        self, method: str, target: str, body: bytes | None, headers: Mapping[str, str] | None
    ) -> GcsAnswer:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=20)
        try:
            connection.request(method, target, body, dict(headers or {}))
            answer = connection.getresponse()
            return GcsAnswer(answer.status, answer.read(), {k.title(): v for k, v in answer.getheaders()})
        finally:
            connection.close()


def _path(bucket: str, key: str) -> str:
    return f"{_API}/{quote(bucket)}/o/{_other(key)}"


def _other(key: str) -> str:
    return re.sub(rb"[^A-Za-z0-9-]", lambda found: b"_%02x" % ord(found[0]), key.encode()).decode()


def _own(other: str) -> str:
    return re.sub(rb"_(..)", lambda found: bytes.fromhex(found[1].decode()), other.encode()).decode()


def _merged(there: Any, change: Any) -> Any:
    if not isinstance(change, dict) or not isinstance(there, dict):
        return change if not isinstance(change, dict) else {k: v for k, v in change.items() if v is not None}
    found = {**there, **{key: _merged(there.get(key), value) for key, value in change.items()}}
    return {key: value for key, value in found.items() if value is not None}
