"""A gateway before Azurite that enforces what Azurite does not: role assignments, and network rules.

Who comes with a token must be of the account's tenant, and have a role that allows what is asked. So must
whoever signed a user delegation SAS, when it is used. A change is heeded at once; Azure takes up to ten
minutes. Keys, account SAS tokens, signatures, ends of life and CORS are Azurite's to judge. Not enforced by
either: conditions of assignments, deny assignments, IP ranges of SAS tokens, and that shared keys may be
forbidden.
"""

import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http.client import HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

import jwt

from tests.support.clouds.azure_roles import allowed, asked

_OF_A_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}
_WORDS = {
    "AuthorizationFailure": "This request is not authorized to perform this operation.",
    "AuthorizationPermissionMismatch": (
        "This request is not authorized to perform this operation using this permission."
    ),
    "InvalidAuthenticationInfo": "Issuer validation failed. Issuer did not match.",
}


@dataclass
class Rules:
    """What the gateway goes by; a test may change it at any time."""

    tenant_id: str
    account_ids: Callable[[], Mapping[str, str]]
    """The resource manager's id of each account that is there, by name."""
    assignments: Callable[[], Iterable[Mapping[str, Any]]]
    closed: bool = False
    """Whether the accounts' network rules keep everybody out."""

    def refusal(self, method: str, path: str, query: Mapping[str, str], token: str) -> tuple[int, str] | None:
        """The status and the code of a request that must not pass."""
        if self.closed:
            return 403, "AuthorizationFailure"
        principal = query.get("skoid", "")
        if token:
            claims = jwt.decode(token, options={"verify_signature": False})
            if claims.get("tid") != self.tenant_id:
                return 401, "InvalidAuthenticationInfo"
            principal = claims.get("oid", "")
        account_id = self.account_ids().get(path.split("/")[1])
        if not principal or account_id is None:
            return None
        one = asked(method, path, query, account_id)
        if allowed(self.assignments(), principal, one):
            return None
        return 403, "AuthorizationPermissionMismatch"


class Gateway:
    """One gateway, behind the certificate of Azurite."""

    def __init__(self, azurite: str, certificate: Path, key: Path, rules: Rules) -> None:
        self.rules = rules
        self.upstream = urlsplit(azurite).netloc
        self.trusted = ssl.create_default_context(cafile=certificate)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate, key)
        self._server = _Server(self, tls)
        self.root = f"https://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, gateway: Gateway, tls: ssl.SSLContext) -> None:
        self.gateway, self.tls = gateway, tls
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who hangs up, or does not trust the certificate, is no failure of a test."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        # In the thread of the connection: a handshake may take as long as the other side likes.
        self.request = cast(_Server, self.server).tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def answer(self) -> None:
        """Passes the request on, or refuses it."""
        gateway = cast(_Server, self.server).gateway
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url = urlsplit(self.path)
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        bearer = token if scheme.lower() == "bearer" else ""
        refusal = None
        if self.command != "OPTIONS":
            query = dict(parse_qsl(url.query, keep_blank_values=True))
            refusal = gateway.rules.refusal(self.command, url.path, query, bearer)
        if refusal:
            status, code = refusal
            text = f"<Error><Code>{code}</Code><Message>{_WORDS[code]}</Message></Error>"
            kind = {"Content-Type": "application/xml", "x-ms-error-code": code}
            self._send(status, kind.items(), f'<?xml version="1.0" encoding="utf-8"?>{text}'.encode())
        else:
            self._pass_on(gateway, body)

    def __getattr__(self, name: str) -> Any:
        """Every method is answered alike."""
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def _pass_on(self, gateway: Gateway, body: bytes) -> None:
        there = HTTPSConnection(gateway.upstream, timeout=30, context=gateway.trusted)
        try:
            there.request(self.command, self.path, body or None, dict(self.headers.items()))
            answer = there.getresponse()
            self._send(answer.status, answer.getheaders(), answer.read(), answer.getheader("Content-Length"))
        finally:
            there.close()

    def _send(
        self, status: int, headers: Iterable[tuple[str, str]], body: bytes, length: str | None = None
    ) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _OF_A_CONNECTION:
                self.send_header(name, value)
        head = self.command == "HEAD"
        self.send_header("Content-Length", (length or "0") if head else str(len(body)))
        self.end_headers()
        if not head:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Tests say nothing."""
