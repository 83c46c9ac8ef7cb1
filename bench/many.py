"""Fifty clients for half a minute, each an identity of its own, on either database and while a server dies.

Requests are signed before the clock starts. Each client sends its next one when its last was answered, and
every fifth writes. What breaks off is sent again, as it was, to the other server.
`python -m bench.many SECONDS` runs this alone.
"""

import os
import selectors
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx2
from sqlalchemy import func, select

from pulumi_encord_integrations.client.auth import Signer
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.postgresql import PostgresqlDatabase
from pulumi_encord_integrations.server.store.sqlite import SqliteDatabase
from tests.support import postgres
from tests.support.load.clients import percentile
from tests.support.load.deployment import Deployment
from tests.support.served import free_port

CLIENTS = 50
SECONDS = 30.0
PAUSE = 0.7
"""Seconds after an answer, in the measurement of a server that is not saturated."""
RATIO = 10
"""The most that p99 should be of p50, of reads and of writes."""
_WRITES = 5
"""One request of so many writes."""
_A_SECOND = 6
"""Writes of one client that are signed for each second; with those spent it reads on."""
_ENDPOINT = "http://localhost"
"""The one name of all servers, whatever their ports."""
_AWS = {
    "provider": "AWS",
    "roleArn": "arn:aws:iam::123456789012:role/encord",
    "buckets": [{"name": "acme-training"}],
}


@dataclass
class Caller:
    """One client: its requests, and what was acknowledged."""

    uuid: str
    reading: bytes
    writing: list[bytes]
    ports: Sequence[int]
    """Of the servers, the one to begin with first."""
    connection: socket.socket | None = None
    received: bytearray = field(default_factory=bytearray)
    asked: bytes = b""
    asked_at: float = 0.0
    count: int = 0
    written: int = 0
    due: float | None = None
    """When it sends its next request; None while it waits for an answer."""

    def ask(self) -> None:
        """Sends the next request."""
        self.count += 1
        writes = self.count % _WRITES == 0 and bool(self.writing)
        self.asked = self.writing.pop() if writes else self.reading
        self.asked_at = time.perf_counter()
        self.send()

    def send(self) -> None:
        """Sends the request at hand, anew if need be, to a server that takes it."""
        while self.connection is None:
            with suppress(ConnectionRefusedError):
                self.connection = socket.create_connection(("127.0.0.1", self.ports[0]))
                break
            self.ports = (*self.ports[1:], self.ports[0])
        with suppress(OSError):
            self.connection.sendall(self.asked)

    def receive(self) -> int | None:
        """The status of an answer that is whole, 0 if the connection broke off, None if more is to come."""
        assert self.connection
        try:
            data = self.connection.recv(65536)
        except OSError:
            data = b""
        self.received += data
        head, end, body = bytes(self.received).partition(b"\r\n\r\n")
        if data and (not end or len(body) < int(head.lower().partition(b"content-length: ")[2].split()[0])):
            return None
        self.received.clear()
        if not data:
            self.connection.close()
            self.connection = None
            return 0
        return int(head.split()[1])


@dataclass
class Run:
    """What came of one measurement."""

    reads: list[float] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    """Seconds of each answer."""
    statuses: Counter[int] = field(default_factory=Counter)
    taken: float = 0.0

    @property
    def told(self) -> str:
        errors = sum(count for status, count in self.statuses.items() if status not in (0, 200))
        count = len(self.reads) + len(self.writes)
        both = self.reads + self.writes
        # One writer serves all who write in turn, so that writes are of another kind than reads.
        return (
            f"p99/p50 of reads {_ratio(self.reads):.1f}, of writes {_ratio(self.writes):.1f} "
            f"(aim: under {RATIO} each), of both {_ratio(both):.1f}; "
            f"{count / self.taken:,.0f} requests a second, {_spread('reads', self.reads)}, "
            f"{_spread('writes', self.writes)}, {_spread('both', both)}, {errors} errors (aim: 0)"
        )


def _spread(what: str, seconds: Sequence[float]) -> str:
    p50, p99 = (1000 * percentile(seconds, share) for share in (0.5, 0.99))
    return f"{what} p50 {p50:.0f} ms p99 {p99:.0f} ms"


def _ratio(seconds: Sequence[float]) -> float:
    middle = percentile(seconds, 0.5)
    return percentile(seconds, 0.99) / middle if middle else 0.0


def run(callers: Sequence[Caller], seconds: float, halfway: Callable[[], None], pause: float = 0.0) -> Run:
    """Lets all of them ask until the time is over, with a pause after each answer; waits for the last."""
    done, began = Run(), time.perf_counter()
    with selectors.DefaultSelector() as selector:
        for caller in callers:
            caller.ask()
            _register(selector, caller)
        while selector.get_map():
            now = time.perf_counter() - began
            if now > seconds / 2 and not done.taken:
                halfway()
                done.taken = seconds
            for key, _ in selector.select(0.005 if pause else 1):
                _turn(selector, key, done, pause)
            for key in list(selector.get_map().values()):
                _go_on(selector, key, now < seconds)
    return done


def _turn(selector: selectors.BaseSelector, key: selectors.SelectorKey, done: Run, pause: float) -> None:
    caller: Caller = key.data
    status = caller.receive()
    if status is None:
        return
    done.statuses[status] += 1
    if status != 200:
        # Sent again as it was, until it is answered.
        selector.unregister(key.fileobj)
        caller.send()
        _register(selector, caller)
        return
    wrote = caller.asked is not caller.reading
    (done.writes if wrote else done.reads).append(time.perf_counter() - caller.asked_at)
    caller.written += wrote
    caller.due = time.perf_counter() + pause


def _go_on(selector: selectors.BaseSelector, key: selectors.SelectorKey, more: bool) -> None:
    caller: Caller = key.data
    if caller.due is None or (more and time.perf_counter() < caller.due):
        return
    caller.due = None
    if more:
        caller.ask()
        return
    selector.unregister(key.fileobj)
    assert caller.connection
    caller.connection.close()


def _register(selector: selectors.BaseSelector, caller: Caller) -> None:
    assert caller.connection
    selector.register(caller.connection, selectors.EVENT_READ, caller)


def _callers(deployment: Deployment, ports: Sequence[int], seconds: float) -> list[Caller]:
    """One for each of the people, with an integration of its own."""
    made = []
    for number, who in enumerate(deployment.keys):
        signer = Signer(deployment.keys[who])
        with closing(Client(deployment.address, signer)) as client:
            body = {**_AWS, "title": f"of {who}"}
            uuid = client.call("POST", "cloud-integrations", body=body)["integration"]["integrationUuid"]
        with closing(Client(_ENDPOINT, signer)) as client:
            path = f"cloud-integrations/{uuid}"
            titles = [{"title": f"{who} {count}"} for count in range(int(_A_SECOND * seconds))]
            writing = [_bytes(client._request("PATCH", path, None, title)) for title in titles]
            reading = _bytes(client._request("GET", path, None, None))
        turned = number % len(ports)
        made.append(Caller(uuid, reading, writing, (*ports[turned:], *ports[:turned])))
    return made


def _bytes(request: httpx2.Request) -> bytes:
    lines = [name + b": " + value for name, value in request.headers.raw]
    first = f"{request.method} {request.url.raw_path.decode()} HTTP/1.1".encode()
    return b"\r\n".join([first, *lines, b"", request.read()])


def _missing(deployment: Deployment, callers: Sequence[Caller]) -> tuple[int, int]:
    """How many acknowledged writes the trail lacks, and how many it has twice."""
    c = t.audit.c
    query = select(c.object, func.count()).where(c.action == "integration.update").group_by(c.object)
    with deployment.database.read() as connection:
        found = {row[0]: int(row[1]) for row in connection.execute(query)}
    more = [caller.written - found.get(caller.uuid, 0) for caller in callers]
    return sum(max(0, one) for one in more), sum(max(0, -one) for one in more)


def _memory(deployment: Deployment) -> float:
    """MiB that the server holds now."""
    assert deployment._process
    status = Path(f"/proc/{deployment._process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


@contextmanager
def _deployed(folder: Path, server: postgres.Server | None) -> Iterator[Deployment]:
    folder.mkdir(mode=0o700, parents=True)
    key = folder / "encryption-key"
    if server is None:
        file = folder / "served.sqlite"
        made = Deployment(folder, SqliteDatabase(file, create=True), ("--database", str(file)))
    else:
        address = server.new(template="template0")
        database = PostgresqlDatabase(postgres.address_of(address), key, create=True)
        made = Deployment(folder, database, ("--database", address, "--encryption-key", str(key)), server)
    made.fill([f"client{number}@example.com" for number in range(CLIENTS - 1)])
    made.start()
    try:
        yield made
    finally:
        made.kill()
        made.database.close()


def measure_many(folder: Path, seconds: float = SECONDS) -> None:
    """SQLite, PostgreSQL, and a kill."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _one(folder / "many-sqlite", None, "SQLite", seconds)
    programs = postgres.programs()
    if programs is None:
        print("there is no PostgreSQL on this machine", flush=True)
        return
    server = postgres.Server(programs)
    try:
        _one(folder / "many-postgresql", server, "PostgreSQL", seconds)
        _killed(folder / "many-killed", server, seconds)
    finally:
        server.stop()


def _one(folder: Path, server: postgres.Server | None, kind: str, seconds: float) -> None:
    with _deployed(folder, server) as deployment:
        # Lazily built routes and caches come with the first requests.
        run(_callers(deployment, [deployment.port], 2), 2, lambda: None)
        callers, before = _callers(deployment, [deployment.port], seconds), _memory(deployment)
        done = run(callers, seconds, lambda: None)
        lost, doubled = _missing(deployment, callers)
        paced = run(_callers(deployment, [deployment.port], seconds / 4), seconds / 4, lambda: None, PAUSE)
        print(f"{CLIENTS} clients that pause {PAUSE} s, on {kind}: {paced.told}", flush=True)
        print(
            f"{CLIENTS} clients for {seconds:.0f} s on {kind}: {done.told}; server {before:.0f} MiB before, "
            f"{_memory(deployment):.0f} MiB after; acknowledged writes lost: {lost}, done twice: {doubled}",
            flush=True,
        )


def _killed(folder: Path, server: postgres.Server, seconds: float) -> None:
    with _deployed(folder, server) as deployment:
        second = replace(deployment, folder=folder / "second", port=free_port(), _process=None)
        second.folder.mkdir(mode=0o700)
        second.start()
        callers = _callers(deployment, [deployment.port, second.port], seconds)
        done = run(callers, seconds, second.kill)
        lost, doubled = _missing(deployment, callers)
        print(
            f"{CLIENTS} clients for {seconds:.0f} s on two servers on PostgreSQL, one killed at half time: "
            f"{done.told}; {done.statuses[0]} connections broke off; acknowledged writes lost: {lost} of "
            f"{sum(caller.written for caller in callers):,} (aim: 0), done twice: {doubled}",
            flush=True,
        )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="encord-bench-") as temporary:
        os.chdir(temporary)
        measure_many(Path(temporary), float(sys.argv[1]) if sys.argv[1:] else SECONDS)
