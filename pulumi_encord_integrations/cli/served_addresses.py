"""Where callers reach a served API: the hosts that it answers to, and what they sign."""

import ipaddress
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pulumi_encord_integrations.client.errors import ConfigurationError

if TYPE_CHECKING:
    from pulumi_encord_integrations.server.auth import Acceptance, Address

_THIS_MACHINE = ("localhost", "127.0.0.1", "[::1]")
_MAX_HOST = 260
_MAX_PORT = 65_535
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*\.?|\[[0-9a-f:.]+\])(?::\d{{1,5}})?")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def acceptance(
    listens_on: str, public_hosts: Sequence[str], public_urls: Sequence[str], *, strict: bool
) -> "Acceptance":
    """Which requests a server accepts that listens there; raises `ConfigurationError`."""
    from pulumi_encord_integrations.server.auth import Acceptance
    from pulumi_encord_integrations.server.deployment import SIGNATURE_WINDOW

    addresses = tuple(address_of(url) for url in public_urls)
    hosts = tuple(_host(host) for host in public_hosts)
    if not (is_loopback(listens_on) or hosts or addresses):
        raise ConfigurationError(
            f"whoever reaches {listens_on} could say any Host: name the one that callers use",
            hint="--public-host encord.example.com, or --public-url if the proxy changes Host or the path",
        )
    if not addresses:
        own = f"[{listens_on}]" if ":" in listens_on else listens_on
        hosts = (*hosts, *_THIS_MACHINE, own)
    return Acceptance(SIGNATURE_WINDOW, addresses, hosts, strict)


def address_of(url: str) -> "Address":
    """Spelled as clients sign it; raises `ConfigurationError`."""
    from pulumi_encord_integrations.client.client import as_sent
    from pulumi_encord_integrations.client.settings import http_address
    from pulumi_encord_integrations.server.auth import Address

    given = http_address(url, "--public-url", "Give it as callers do: https://encord.example.com")
    return Address(*as_sent(given), scheme=urlsplit(given).scheme)


def metrics_address(given: str) -> tuple[str, int]:
    """Host and port of `ADDRESS:PORT`; raises `ConfigurationError`."""
    host, _, port = given.rpartition(":")
    if not host or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > _MAX_PORT or host.count(":") == 1:
        raise ConfigurationError(
            "--metrics is not an address with a port", hint="Write 127.0.0.1:9464, or [::1]:9464"
        )
    return host.strip("[]"), int(port)


def _host(given: str) -> str:
    """As it stands in Host headers, in lower case."""
    host = given.lower()
    if host.isascii() and len(host) < _MAX_HOST and _HOST.fullmatch(host):
        return host
    raise ConfigurationError(
        "--public-host is not a host",
        hint="Give its name, with a port if callers write one: encord.example.com",
    )
