"""Microsoft Entra's sign-in of applications, on loopback.

`azure-identity` lets no environment point it at an authority that Microsoft does not know without asking
Microsoft about it. So this is a proxy that connects to one host alone, the authority that everyone uses, and
answers in its place: the library runs as it would, and needs nothing but the variables of `environment()`.
"""

import json
import ssl
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from pathlib import Path
from threading import Thread
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import jwt

LOGIN = "login.microsoftonline.com"
STORAGE = "https://storage.azure.com"
SECONDS = 3599
"""How long a token lives."""

_NO_TENANT = (
    "Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with "
    "your subscription administrator, this may happen if there are no active subscriptions for the tenant."
)
_NOT_INSTALLED = (
    "This can happen if the application has not been installed by the administrator of the tenant or "
    "consented to by any user in the tenant. You may have sent your authentication request to the wrong "
    "tenant."
)
_BAD_SECRET = (
    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
    "not the client secret ID, for a secret"
)


class Refusal(Exception):
    """What Entra answers instead of a token."""

    def __init__(self, status: int, error: str, number: int, words: str) -> None:
        self.status = status
        trace = (
            f"Trace ID: {uuid4()} Correlation ID: {uuid4()} Timestamp: {time.strftime('%Y-%m-%d %H:%M:%SZ')}"
        )
        self.body = {
            "error": error,
            "error_description": f"AADSTS{number}: {words} {trace}",
            "error_codes": [number],
        }
        super().__init__(self.body["error_description"])


class Entra:
    """Tenants, and one application that is in some of them; a test may change any of it at any time."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self.application_id, self.secret = str(uuid4()), f"canary-{uuid4().hex}"
        self.tenants: dict[str, str | None] = {}
        """The object id of the application's service principal in each tenant; None where it has none."""
        self._certificate = certificate
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate, key)
        self._server = _Server(self, tls)
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def environment(self) -> dict[str, str]:
        """What a process must have, beside the application's id and secret, to get tokens here."""
        return {
            "HTTPS_PROXY": f"http://127.0.0.1:{self._server.server_port}",
            "NO_PROXY": "127.0.0.1,localhost",
            "REQUESTS_CA_BUNDLE": str(self._certificate),
        }

    def discovered(self, tenant: str) -> dict[str, str]:
        """Where the tenant's tokens are."""
        self._must_exist(tenant)
        return {
            "authorization_endpoint": f"https://{LOGIN}/{tenant}/oauth2/v2.0/authorize",
            "issuer": f"https://{LOGIN}/{tenant}/v2.0",
            "token_endpoint": f"https://{LOGIN}/{tenant}/oauth2/v2.0/token",
        }

    def token(self, tenant: str, given: dict[str, str]) -> dict[str, Any]:
        """An application's token."""
        self._must_exist(tenant)
        application, principal = given.get("client_id", ""), self.tenants[tenant]
        if application != self.application_id or principal is None:
            words = f"Application with identifier '{application}' was not found in the directory '{tenant}'."
            raise Refusal(400, "unauthorized_client", 700016, f"{words} {_NOT_INSTALLED}")
        if given.get("client_secret") != self.secret:
            words = f"{_BAD_SECRET} added to app '{application}'."
            raise Refusal(401, "invalid_client", 7000215, words)
        if given.get("scope") != f"{STORAGE}/.default":
            raise Refusal(400, "invalid_scope", 70011, "The provided value for the scope is not valid.")
        token = self._signed(tenant, principal)
        return {"token_type": "Bearer", "expires_in": SECONDS, "access_token": token}

    def stop(self) -> None:
        """Ends it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _must_exist(self, tenant: str) -> None:
        if tenant not in self.tenants:
            raise Refusal(400, "invalid_tenant", 90002, f"Tenant '{tenant}' not found. {_NO_TENANT}")

    def _signed(self, tenant: str, principal: str) -> str:
        now = int(time.time())
        claims = {
            "aud": STORAGE,
            "iss": f"https://sts.windows.net/{tenant}/",
            "appid": self.application_id,
            "oid": principal,
            "tid": tenant,
            "nbf": now - 10,
            "iat": now,
            "exp": now + SECONDS,
        }
        # Azurite examines claims, not who signed them.
        return jwt.encode(claims, "x" * 32, algorithm="HS256")


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, entra: Entra, tls: ssl.SSLContext) -> None:
        self.entra, self.tls = entra, tls
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    """First a proxy, then, on the same connection, the authority behind it."""

    protocol_version = "HTTP/1.1"

    @property
    def entra(self) -> Entra:
        return cast(_Server, self.server).entra

    def do_CONNECT(self) -> None:
        if self.path != f"{LOGIN}:443":
            self.send_error(502, f"only {LOGIN} is here")
            return
        self.send_response(200)
        self.end_headers()
        try:
            self.connection = cast(_Server, self.server).tls.wrap_socket(self.connection, server_side=True)
        except OSError:
            # Who does not trust the certificate hangs up.
            return
        self.rfile = cast(Any, self.connection.makefile("rb"))
        self.wfile = cast(BufferedIOBase, self.connection.makefile("wb", 0))
        self.close_connection = False

    def finish(self) -> None:
        super().finish()
        # The server closes what it accepted, which is not what that became.
        self.connection.close()

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/common/discovery/instance":
            names = {"preferred_network": LOGIN, "preferred_cache": LOGIN, "aliases": [LOGIN]}
            self._answer(200, {"metadata": [names]})
        else:
            self._tenants(self.entra.discovered)

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        given = {name: values[0] for name, values in parse_qs(form).items()}
        self._tenants(lambda tenant: self.entra.token(tenant, given))

    def _tenants(self, answer: Any) -> None:
        try:
            self._answer(200, answer(self.path.split("/")[1]))
        except Refusal as refusal:
            self._answer(refusal.status, refusal.body)

    def _answer(self, status: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Tests say nothing."""
