"""The gateway over https on loopback: who asks, what for, and whether it is up.

Every request to the JSON API is compared with Google's discovery document. One that Google does not know is
refused, and kept in `unknown`, so that the test which made it fails. So is one that only Google knows.
"""

import json
import socket
import ssl
import threading
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qsl, unquote

from tests.support.clouds.gcs_cors import exposed, preflight
from tests.support.clouds.gcs_json import GcsJson
from tests.support.clouds.gcs_messages import (
    GcsAnswer,
    GcsRefusal,
    GcsRequest,
    answered,
    bad_token,
    invalid,
    no_bucket,
    not_ours,
    unavailable,
)
from tests.support.clouds.gcs_policies import GcsAccess
from tests.support.clouds.gcs_principals import GcsPrincipals, NoToken
from tests.support.clouds.gcs_store import Document, GcsStore
from tests.support.clouds.google_schemas import google_api

HANG_SECONDS = 120


@dataclass(frozen=True)
class GcsCall:
    """A request that was answered: by whom, which method, of what, and with which status."""

    who: str | None
    method: str
    """As the discovery document calls it; of the XML API `GET`, and so on."""
    bucket: str
    key: str
    """The object's; of a list its prefix."""
    status: int


class GcsGateway:
    """What is between the network and the store."""

    def __init__(self, store: GcsStore, principals: GcsPrincipals) -> None:
        self._store, self._principals = store, principals
        self.access = GcsAccess(store, principals)
        self._json, self._api = GcsJson(store, self.access), google_api("storage.v1")
        # What is looked at and what is then done must be one: the next request waits.
        self._one = threading.Lock()
        self._up = threading.Event()
        self._up.set()
        self._hangs = False
        self.calls: list[GcsCall] = []
        self.unknown: list[str] = []

    def down(self, hang: bool) -> None:
        """Whoever asks is told of an outage, or nothing at all."""
        self._hangs = hang
        self._up.clear()

    def up(self) -> None:
        """The outage is over."""
        self._up.set()

    def answer(self, request: GcsRequest) -> GcsAnswer | None:
        """The answer; None if there is to be none."""
        found = self._api.method(request.method, request.path)
        is_json = found is not None or request.path.startswith(
            ("/storage/v1/", "/upload/", "/download/", "/token")
        )
        if not self._up.is_set() and self._hangs:
            self._up.wait(HANG_SECONDS)
            return None
        try:
            if not self._up.is_set():
                if request.path == "/token":
                    return answered({"error": "internal_failure"}, 503)
                raise unavailable()
            with self._one:
                return self._answer(request, is_json)
        except GcsRefusal as refusal:
            if request.query.get("alt") == "media":
                return refusal.as_text()
            return refusal.as_json() if is_json else refusal.as_xml()
        except Exception:  # noqa: BLE001  a mistake of ours must fail the test, and at once
            self.unknown.append(traceback.format_exc())
            return not_ours("what it has just failed to do").as_json()

    def _answer(self, request: GcsRequest, is_json: bool) -> GcsAnswer:
        if request.path == "/token":
            return self._token(request)
        answer = self._of_json if is_json else self._of_xml
        call: dict[str, Any] = {"who": None, "method": request.method, "bucket": "", "key": ""}
        status = 500
        try:
            found = answer(request, call)
            status = found.status
        except GcsRefusal as refusal:
            status = refusal.status
            if status == 501:
                self.unknown.append(refusal.message)
            raise
        finally:
            self.calls.append(GcsCall(**call, status=status))
        return found

    def _token(self, request: GcsRequest) -> GcsAnswer:
        try:
            token = self._principals.token(dict(parse_qsl(request.body.decode())))
        except NoToken as refusal:
            code, _, words = str(refusal).partition(": ")
            return answered({"error": code, "error_description": words}, 400)
        return answered({"access_token": token, "expires_in": 3599, "token_type": "Bearer"})

    def _of_json(self, request: GcsRequest, call: dict[str, Any]) -> GcsAnswer:
        found = self._api.method(request.method, request.path)
        if found is None:
            raise not_ours(f"{request.method} {request.path}")
        method, of = found
        call |= {"method": method.id, "bucket": of.get("bucket", "")}
        call["key"] = of.get("object") or request.query.get("prefix", "")
        call["who"] = who = self._bearer(request, method.id)
        body = _body(request, method.id)
        if method.id == "storage.objects.insert":
            call["key"] = request.object_name
        if problems := self._api.problems(method, request.query, body):
            self.unknown += problems
            raise invalid("; ".join(problems))
        return self._json.answer(method.id, request, of, who)

    def _of_xml(self, request: GcsRequest, call: dict[str, Any]) -> GcsAnswer:
        bucket, _, key = unquote(request.path.removeprefix("/"), errors="strict").partition("/")
        call |= {"bucket": bucket, "key": key}
        resource = self._store.bucket(bucket)
        rules = (resource or {}).get("cors", ())
        if request.method == "OPTIONS" and resource:
            return GcsAnswer(200, headers=preflight(rules, request.headers))
        allowed = exposed(rules, request.headers.get("Origin", ""), request.method)
        try:
            answer = self._by_signature(request, call, resource)
        except GcsRefusal as refusal:
            if refusal.status == 501:
                raise
            answer = refusal.as_xml()
        return GcsAnswer(answer.status, answer.body, {**answer.headers, **allowed})

    def _by_signature(
        self, request: GcsRequest, call: dict[str, Any], resource: Document | None
    ) -> GcsAnswer:
        signed = "X-Goog-Signature" in request.query
        call["who"] = who = (
            self._principals.of_signature(request) if signed else self._bearer(request, "storage.objects.get")
        )
        if resource is None:
            raise no_bucket()
        if request.method not in {"GET", "HEAD"} or not call["key"]:
            raise not_ours(f"{request.method} of {'an object' if call['key'] else 'a bucket'} by the XML API")
        return self._json.content(request, call["bucket"], call["key"], who)

    def _bearer(self, request: GcsRequest, method: str) -> str | None:
        given = request.headers.get("Authorization")
        if given is None:
            return None
        kind, _, token = given.partition(" ")
        who = self._principals.of_token(token, method) if kind == "Bearer" else None
        if who is None:
            raise bad_token()
        return who


def _body(request: GcsRequest, method: str) -> Any:
    """The JSON in the body, if there is to be any: of an upload what it says of the object."""
    try:
        if method == "storage.objects.insert":
            return request.upload_metadata or None
        return json.loads(request.body) if request.body else None
    except (ValueError, IndexError, AttributeError):
        raise invalid("Parse Error") from None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # An answer leaves in one piece.
    wbufsize = -1
    timeout = HANG_SECONDS
    server: "GcsListener"

    def _handle(self) -> None:
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = cast(Mapping[str, str], self.headers)
        answer = self.server.gateway.answer(GcsRequest(self.command, path, query, headers, body))
        if answer is None:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _handle  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        pass


class GcsListener(ThreadingHTTPServer):
    """Listens on a free port of loopback until it is stopped."""

    daemon_threads = True
    gateway: GcsGateway

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.endpoint = f"https://127.0.0.1:{self.server_port}"
        self._tls: ssl.SSLContext

    def start(self, gateway: GcsGateway, tls: ssl.SSLContext) -> None:
        """Answers from now on."""
        self.gateway, self._tls = gateway, tls
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        """Ends it; what hangs is let go."""
        self.gateway.up()
        self.shutdown()
        self.server_close()

    def finish_request(self, request: Any, client_address: Any) -> None:
        request.settimeout(HANG_SECONDS)
        with self._tls.wrap_socket(request, server_side=True) as stream:
            super().finish_request(cast(socket.socket, stream), client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who asks may leave, or not trust the certificate: the test that cares sees it on its side."""
