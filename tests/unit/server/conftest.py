"""Who is connected to."""

import socket
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest

from pulumi_encord_integrations.server.clouds import outbound
from tests.support.listener import Listener, listening


@pytest.fixture(autouse=True)
def _certificates() -> None:
    """Tests have authorities of their own, each of which is read anew."""
    outbound._tls.cache_clear()


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as found:
        yield found


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses to which connections are tried; none leaves this machine."""
    tried: list[str] = []
    connect = socket.socket.connect

    def recorded(stream: socket.socket, place: Any) -> None:
        tried.append(place[0])
        address = ip_address(place[0])
        if (getattr(address, "ipv4_mapped", None) or address).is_loopback:
            return connect(stream, place)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", recorded)
    return tried
