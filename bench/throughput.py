"""Requests a second of the served API beside a bare FastAPI application, one after the other on one machine.

Requests are signed before the clock starts, and sent over sockets by hand: no HTTP client takes part.
"""

import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from math import isnan, nan
from pathlib import Path
from statistics import median

from bench.project import ROOT
from bench.serving import serving
from pulumi_encord_integrations.client.client import Client

SECONDS = 3.0
ROUNDS = 3
CLIENTS = (1, 200)
_SIGNED = 3_000
"""Changes that are signed beforehand: each must have a signature of its own."""
_AWS = {
    "provider": "AWS",
    "title": "bench",
    "roleArn": "arn:aws:iam::123456789012:role/encord",
    "buckets": [{"name": "acme-training"}],
}


@dataclass
class Load:
    """Requests to one server, each client's next one sent when its last one was answered."""

    port: int
    pid: int
    requests: Iterator[bytes]

    def run(self, clients: int) -> tuple[float, float]:
        """Requests a second, and the server's milliseconds of CPU for each."""
        with selectors.DefaultSelector() as selector:
            for _ in range(clients):
                one = socket.create_connection(("127.0.0.1", self.port))
                selector.register(one, selectors.EVENT_READ, bytearray())
                one.sendall(next(self.requests))
            answered, began, cpu = 0, time.perf_counter(), _cpu_seconds(self.pid)
            while (taken := time.perf_counter() - began) < SECONDS:
                answered += sum(self._turn(key) for key, _ in selector.select(1))
            spent = _cpu_seconds(self.pid) - cpu
            for key in selector.get_map().values():
                _socket(key).close()
        return answered / taken, 1000 * spent / max(answered, 1)

    def _turn(self, key: selectors.SelectorKey) -> bool:
        """Whether a whole answer has arrived; the next request is sent then."""
        received: bytearray = key.data
        received += _socket(key).recv(65536)
        head, end, body = received.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return False
        assert head.startswith(b"HTTP/1.1 200"), bytes(received[:2000])
        received.clear()
        _socket(key).sendall(next(self.requests))
        return True


def measure_throughput(folder: Path) -> None:
    """The two in turns, reading and writing, with one client and with many."""
    folder.mkdir(parents=True, exist_ok=True)
    with serving(folder / "throughput") as api, _bare(folder / "bare.sqlite") as (port, pid):
        client, host = api.client(), int(api.address.rpartition(":")[2])
        made = client.call("POST", "cloud-integrations", body=_AWS)
        path = f"cloud-integrations/{made['integration']['integrationUuid']}"
        for method in ("GET", "PATCH"):
            count = 1 if method == "GET" else _SIGNED * ROUNDS * len(CLIENTS)
            ours = Load(host, api.pid, cycle(_signed(client, method, path, count)))
            floor = Load(port, pid, cycle([_plain(method, port)]))
            for clients in CLIENTS:
                _compare(method, clients, ours, floor)


def _compare(method: str, clients: int, ours: Load, floor: Load) -> None:
    mine, theirs = zip(*((ours.run(clients), floor.run(clients)) for _ in range(ROUNDS)), strict=True)
    (rate, cpu), (bare, bare_cpu) = (
        [median(values) for values in zip(*side, strict=True)] for side in (mine, theirs)
    )
    used = "" if isnan(cpu + bare_cpu) else f"; {cpu:.2f} and {bare_cpu:.2f} ms of CPU each"
    print(
        f"{method} by {clients} clients: {rate / bare:.2f} times a bare FastAPI application on SQLite "
        f"({rate:,.0f} and {bare:,.0f} a second{used})",
        flush=True,
    )


def _signed(client: Client, method: str, path: str, count: int) -> Sequence[bytes]:
    bodies = [None if method == "GET" else {"title": f"bench {n}"} for n in range(count)]
    requests = [client._request(method, path, None, body) for body in bodies]
    return [
        b"\r\n".join(
            [
                f"{method} {request.url.raw_path.decode()} HTTP/1.1".encode(),
                *(name + b": " + value for name, value in request.headers.raw),
                b"",
                request.read(),
            ]
        )
        for request in requests
    ]


def _plain(method: str, port: int) -> bytes:
    body = b'{"title": "bench"}' if method == "PATCH" else b""
    head = f"{method} /things/1 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@contextmanager
def _bare(path: Path) -> Iterator[tuple[int, int]]:
    """Port and process of the floor."""
    command = [sys.executable, "-m", "bench.bare", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield int(process.stdout.readline()), process.pid
        finally:
            process.terminate()


def _socket(key: selectors.SelectorKey) -> socket.socket:
    assert isinstance(key.fileobj, socket.socket)
    return key.fileobj


def _length(head: bytes | bytearray) -> int:
    _, _, rest = bytes(head).lower().partition(b"content-length: ")
    return int(rest.partition(b"\r")[0])


def _cpu_seconds(pid: int) -> float:
    """What a process has used; no number where the system has no /proc."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return nan
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
