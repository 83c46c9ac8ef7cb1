"""Requests to addresses that customers typed, which must not reach what only this machine can reach.

A host is resolved once, each of its addresses is judged, and the connection goes to a judged one. Standard
library alone: urllib3 resolves again, respells paths, and waits for ever where headers come byte by byte.
"""

import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Self

from pulumi_encord_integrations.model.principals import Network
from pulumi_encord_integrations.server.clouds.addresses import Address, standing
from pulumi_encord_integrations.server.clouds.deadlines import Deadline, Wire

_URL = re.compile(r"(?P<scheme>https?)://(?P<place>[^/?#]*)(?P<target>[^#]*)(#.*)?", re.IGNORECASE)
_SENDABLE = re.compile(r"[!-\[\]-~]+")
"""ASCII that shows, without blanks and without backslashes, which some take for slashes."""
_PLACE = re.compile(r"(?P<host>\[[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*\]|[^\[\]:]+)(:(?P<port>[0-9]{1,5}))?")
_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
_PORTS = {"https": 443, "http": 80}
_CHUNK = 16_384
_WRITE = "Write it as https://files.example.com/a.mp4, percent-encoded"


class NotReached(Exception):
    """An address was not asked, or did not answer.

    The message names host and port alone: paths hold names of objects, queries hold signatures, and what a
    name resolves to inside this network is nobody's business.
    """

    def __init__(self, message: str, refused: bool = False, remedy: str = "") -> None:
        super().__init__(message)
        self.refused = refused
        """True if the address may not be asked, False if it did not answer."""
        self.remedy = remedy
        """What to do about it, where that follows from what was asked."""


@dataclass(frozen=True)
class Answer:
    """What an address answered, a redirect included."""

    status: int
    headers: Mapping[str, str]
    """By names in lower case."""
    body: bytes
    """As it was sent, cut off at the limit."""


@dataclass(frozen=True)
class _Url:
    """A URL in its parts; they are never put together and read again."""

    scheme: str
    host: str
    """As it was written; IPv6 without brackets."""
    port: int
    target: str
    """Path and query, byte for byte."""

    @classmethod
    def read(cls, url: str) -> Self:
        """Raises `NotReached` where two readers might see two hosts."""
        whole = _URL.fullmatch(url) if _SENDABLE.fullmatch(url) else None
        if not whole:
            raise NotReached("no http(s) URL in ASCII was given", refused=True, remedy=_WRITE)
        scheme, place, target = whole["scheme"].lower(), whole["place"], whole["target"]
        if "@" in place:
            raise NotReached("a URL with a user or a password is not called", refused=True, remedy=_WRITE)
        parts = _PLACE.fullmatch(place)
        host, port = (parts["host"], int(parts["port"] or _PORTS[scheme])) if parts else ("", 0)
        return cls.of(scheme, host.strip("[]"), port, target if target.startswith("/") else f"/{target}")

    @classmethod
    def of(cls, scheme: str, host: str, port: int, target: str = "/") -> Self:
        """Raises `NotReached` if host or port are none, or not in their one common form."""
        if not _is_host(host) or not 1 <= port <= 65_535:
            raise NotReached("the URL names no host, or it writes host or port unusually", refused=True)
        return cls(scheme, host, port, target)

    @property
    def authority(self) -> str:
        """Host and port as requests name them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def _is_host(text: str) -> bool:
    """Whether it is a name, or an IP address in its one common form: not 127.1, 0x7f.1 or 2130706433."""
    try:
        if ":" in text:
            return IPv6Address(text).scope_id is None
        last = text.removesuffix(".").rpartition(".")[2]
        return bool(IPv4Address(text) if _NUMBER.fullmatch(last) else _NAME.fullmatch(text))
    except AddressValueError:
        return False


@dataclass(frozen=True)
class Outbound:
    """Calls addresses of the public internet, and of the networks that a deployment lists beside it."""

    allowed: tuple[Network, ...] = ()

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        *,
        seconds: float = 10,
        limit: int = 65_536,
    ) -> Answer:
        """The answer, at the latest after so many seconds; redirects are not followed.

        Raises `NotReached`.
        """
        parts, deadline = _Url.read(url), Deadline(seconds)
        try:
            addresses = self._addresses(parts, deadline)
            sent = {name: value for name, value in (headers or {}).items() if name.lower() != "host"}
            with _connected(parts, addresses, deadline) as stream:
                connection = HTTPConnection(parts.host, parts.port)
                connection.sock = Wire(stream, deadline)
                connection.request(method, parts.target, body, {"Host": parts.authority, **sent})
                return _answer(connection.getresponse(), limit)
        except (OSError, HTTPException) as error:
            raise NotReached(f"{parts.authority} {_what_happened(error, seconds)}") from None
        except ValueError:  # the library quotes the header that it refuses
            raise NotReached(f"a header of the request to {parts.authority} cannot be sent", True) from None

    def addresses(self, host: str, port: int, *, seconds: float = 10) -> list[Address]:
        """The addresses of a host, each of which may be called; raises `NotReached`."""
        parts = _Url.of("https", host, port)
        try:
            return self._addresses(parts, Deadline(seconds))
        except OSError as error:
            raise NotReached(f"{parts.authority} {_what_happened(error, seconds)}") from None

    def _addresses(self, url: _Url, deadline: Deadline) -> list[Address]:
        found = _resolved(url.host, url.port, deadline)
        standings = {standing(address, self.allowed) for address in found}
        if "refused" in standings:
            raise NotReached(
                f"{url.authority} is not called: it is, in whole or in part, neither on the public internet "
                "nor in a network that this deployment lists",
                refused=True,
            )
        if url.scheme == "http" and standings != {"listed"}:
            raise NotReached(f"{url.authority} is not called over http", refused=True, remedy="Use https")
        return found


def _resolved(host: str, port: int, deadline: Deadline) -> list[Address]:
    """In a thread of its own: the resolver knows no time limit, and whoever owns the name may let it wait."""
    answers: SimpleQueue[list[Any] | OSError] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answers.put(error if isinstance(error, OSError) else socket.gaierror())

    Thread(target=ask, daemon=True, name="resolve").start()
    try:
        found = answers.get(timeout=deadline.left())
    except Empty:
        raise TimeoutError from None
    if isinstance(found, OSError):
        raise found
    return list(dict.fromkeys(_address(place) for *_, place in found))


def _address(place: tuple[Any, ...]) -> Address:
    scoped = len(place) == 4 and place[3] and "%" not in place[0]
    return ip_address(f"{place[0]}%{place[3]}" if scoped else place[0])


def _connected(url: _Url, addresses: list[Address], deadline: Deadline) -> socket.socket:
    """A connection to one of the addresses, over TLS with the host that the URL names."""
    stream = _opened(addresses, url.port, deadline)
    if url.scheme == "http":
        return stream
    try:
        stream.settimeout(deadline.left())
        return _tls().wrap_socket(stream, server_hostname=url.host.removesuffix("."))
    except BaseException:
        stream.close()
        raise


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """Made once: it reads all certificates of the machine."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _opened(addresses: list[Address], port: int, deadline: Deadline) -> socket.socket:
    """A connection to the first that takes one; each gets its share of the time."""
    failure: OSError = socket.gaierror()
    for count, address in enumerate(addresses):
        stream = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6)
        try:
            stream.settimeout(deadline.left() / (len(addresses) - count))
            stream.connect((str(address), port))
        except OSError as error:
            stream.close()
            failure = error
        else:
            return stream
    raise failure


def _answer(response: HTTPResponse, limit: int) -> Answer:
    body = b""
    while len(body) < limit and (piece := response.read(min(_CHUNK, limit - len(body)))):
        body += piece
    headers: dict[str, str] = {}
    for name, value in response.getheaders():
        known = headers.get(name.lower())
        headers[name.lower()] = value if known is None else f"{known}, {value}"
    return Answer(response.status, headers, body)


def _what_happened(error: OSError | HTTPException, seconds: float) -> str:
    match error:
        case socket.gaierror():
            return f"could not be looked up: {error.strerror or 'its name is not known'}"
        case TimeoutError():
            return f"did not answer within {seconds:g} seconds"
        case ConnectionRefusedError():
            return "refused the connection"
        case ConnectionError():
            return "closed the connection without an answer"
        case ssl.SSLCertVerificationError():
            return f"has no valid certificate: {error.verify_message}"
        case ssl.SSLError():
            return "does not speak TLS as it should"
        case HTTPException():
            return "does not speak HTTP as it should"
    return f"cannot be reached: {error.strerror or 'the connection was closed'}"
