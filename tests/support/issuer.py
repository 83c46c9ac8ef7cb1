"""An OpenID Connect issuer on loopback: discovery, keys, rotation, and whatever it may do wrong."""

import json
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

DISCOVERY = "/.well-known/openid-configuration"
JWKS = "/keys"
AUDIENCE = "https://encord.example.com"
SUBJECT = "repo:acme/data:ref:refs/heads/main"
Reply = tuple[int, Mapping[str, str], bytes]
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@cache
def private_key(algorithm: str, number: int) -> Any:
    """A private key for an algorithm, the same for the same number; RSA keys take long to make."""
    if algorithm.startswith(("RS", "PS")):
        return rsa.generate_private_key(65_537, 2048)
    if algorithm.startswith("ES"):
        return ec.generate_private_key(ec.SECP256R1() if algorithm == "ES256" else ec.SECP384R1())
    return ed25519.Ed25519PrivateKey.generate()


def public_jwk(algorithm: str, key: Any, kid: str, **more: Any) -> dict[str, Any]:
    """The public key as an issuer publishes it."""
    jwk: dict[str, Any] = get_default_algorithms()[algorithm].to_jwk(key.public_key(), as_dict=True)
    return {**jwk, "kid": kid, "use": "sig", "alg": algorithm, **more}


def part(value: Any) -> str:
    """A part of a token: base64url of JSON, or of bytes as they are."""
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(content).decode().rstrip("=")


class Issuer:
    """Signs tokens, and answers discovery and keys; `answers` replaces what it says at a path."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers: dict[str, Callable[[], Reply]] = {}
        self.kid, self.algorithm, self.number = "first", "RS256", 0
        self.jwks: list[dict[str, Any]] = [public_jwk("RS256", private_key("RS256", 0), "first")]
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def use(self, algorithm: str, kid: str, number: int = 0, *, publish: bool = True) -> None:
        """Signs with another key from now on, which is published beside the old ones."""
        self.kid, self.algorithm, self.number = kid, algorithm, number
        if publish:
            self.jwks.append(public_jwk(algorithm, private_key(algorithm, number), kid))

    def claims(self, **other: Any) -> dict[str, Any]:
        """Claims of a right token; None leaves one out."""
        now = int(time.time())
        right = {"iss": self.url, "aud": AUDIENCE, "sub": SUBJECT, "iat": now, "nbf": now, "exp": now + 300}
        return {name: value for name, value in {**right, **other}.items() if value is not None}

    def token(
        self,
        header: Mapping[str, Any] | None = None,
        *,
        key: Any = None,
        signed_as: str = "",
        payload: bytes | None = None,
        **claims: Any,
    ) -> str:
        """A signed token; what is given replaces the right values, and None leaves them out."""
        fields = {"typ": "JWT", "alg": self.algorithm, "kid": self.kid, **(header or {})}
        fields = {name: value for name, value in fields.items() if value is not None}
        said = f"{part(fields)}.{part(self.claims(**claims) if payload is None else payload)}"
        algorithm = get_default_algorithms()[signed_as or self.algorithm]
        key = key or private_key(self.algorithm, self.number)
        return f"{said}.{part(algorithm.sign(said.encode(), key))}"

    def reply(self, path: str) -> Reply:
        """What it answers at a path."""
        self.asked.append(path)
        if path in self.answers:
            return self.answers[path]()
        if path == DISCOVERY:
            return as_json({"issuer": self.url, "jwks_uri": f"{self.url}{JWKS}"})
        if path == JWKS:
            return as_json({"keys": self.jwks})
        return 404, {}, b""

    def close(self) -> None:
        """Stops listening, so that connections are refused."""
        self._server.shutdown()
        self._server.server_close()
        self.thread.join(5)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, headers, body = issuer.reply(self.path)
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                # Whoever asked may have had enough.
                with suppress(OSError):
                    self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler


def as_json(found: Any) -> Reply:
    """A document."""
    return 200, {"Content-Type": "application/json"}, json.dumps(found).encode()


@contextmanager
def running() -> Iterator[Issuer]:
    """An issuer, until the block ends."""
    issuer = Issuer()
    try:
        yield issuer
    finally:
        issuer.close()


def decoded(token: str) -> dict[str, Any]:
    """The claims of a token."""
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found
