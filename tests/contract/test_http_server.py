"""Connections that send no whole request, and how a server ends; on real sockets."""

import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from pulumi_encord_integrations.server import connections, http_protocol, http_server, readiness
from pulumi_encord_integrations.server.http_server import DrainingServer
from tests.contract.test_front import HangingCloud, hanging_cloud
from tests.support.api import CREATOR, INTEGRATIONS, Api
from tests.support.command import found, run, serving

GET = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n"


@dataclass
class Running:
    server: DrainingServer
    thread: threading.Thread
    port: int

    def connected(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), 20)

    def alive(self) -> bool:
        return httpx2.get(f"http://127.0.0.1:{self.port}/livez", timeout=20).status_code == 200

    def end(self) -> None:
        self.server.should_exit = True
        self.thread.join(30)
        assert not self.thread.is_alive()


@contextmanager
def running(app: Any) -> Iterator[Running]:
    listener = socket.create_server(("127.0.0.1", 0))
    started = threading.Event()
    server = DrainingServer(app, started.set)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    assert started.wait(20)
    one = Running(server, thread, listener.getsockname()[1])
    try:
        yield one
    finally:
        one.end()


def closed(stream: socket.socket) -> bool:
    try:
        return stream.recv(1) == b""
    except ConnectionResetError:
        return True


def given_up(stream: socket.socket, sent: bytes, pause: float) -> bool:
    """Whether the server ends the connection while this is sent, a byte or a piece at a time."""
    piece = 1 if pause else 10_000
    try:
        for at in range(0, len(sent), piece):
            stream.sendall(sent[at : at + piece])
            time.sleep(pause)
        return False
    except (ConnectionResetError, BrokenPipeError):
        return True


def closed_by_now(stream: socket.socket) -> bool:
    stream.setblocking(False)
    try:
        while stream.recv(4096):
            pass
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True
    return True


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("sent", [b"", b"GET", GET])
def test_headers_that_do_not_end_are_given_up(
    on_sqlite: Api, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(http_protocol, "HEADER_SECONDS", 0.1)
    with running(on_sqlite.app) as one, one.connected() as stream:
        stream.sendall(sent)
        assert closed(stream)


def test_headers_that_trickle_are_given_up(on_sqlite: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "HEADER_SECONDS", 0.2)
    with running(on_sqlite.app) as one, one.connected() as stream:
        assert given_up(stream, b"X" * 100, pause=0.02)


def test_a_second_request_on_a_connection_has_its_own_time(
    on_sqlite: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "HEADER_SECONDS", 0.2)
    with running(on_sqlite.app) as one, one.connected() as stream:
        for _ in range(3):
            stream.sendall(GET + b"\r\n")
            stream.settimeout(20)
            received = b""
            while b"ok" not in received:
                piece = stream.recv(4096)
                assert piece
                received += piece
            time.sleep(0.25)
        stream.sendall(b"GET")
        assert closed(stream)


def test_headers_without_an_end_are_refused(on_sqlite: Api) -> None:
    with running(on_sqlite.app) as one, one.connected() as stream:
        stream.sendall(GET)
        assert given_up(stream, b"X-Long: x\r\n" * 100_000, pause=0)
        assert one.alive()


def test_connections_that_ask_nothing_leave_room_for_those_that_do(
    on_sqlite: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "COMFORTABLE", 10)
    monkeypatch.setattr(connections, "PATIENCE", 0.05)
    with running(on_sqlite.app) as one, ExitStack() as streams:
        opened = [streams.enter_context(one.connected()) for _ in range(30)]
        # Before a request, and after one.
        for stream in opened[::2]:
            stream.sendall(GET + b"\r\n")
        until(lambda: sum(closed_by_now(stream) for stream in opened) >= 20)
        assert one.alive()


def test_a_request_that_is_on_the_way_is_answered_however_many_come_at_once(
    on_sqlite: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "COMFORTABLE", 5)
    with running(on_sqlite.app) as one, ExitStack() as streams:
        opened = [streams.enter_context(one.connected()) for _ in range(60)]
        for stream in opened:
            stream.sendall(GET + b"Connection: close\r\n\r\n")
        answers = [stream.makefile("rb").read() for stream in opened]
        assert [answer[9:12] for answer in answers] == [b"200"] * 60


def test_more_connections_than_there_is_room_for_are_told_so(
    on_sqlite: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 0)
    with running(on_sqlite.app) as one:
        answer = httpx2.get(f"http://127.0.0.1:{one.port}/livez")
    assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
    assert answer.headers["Retry-After"] == "1"


def test_headers_that_are_too_large_are_refused_however_few_packets_they_take(on_sqlite: Api) -> None:
    for fields in (b"X-Long: " + b"x" * 70_000 + b"\r\n", b"X-Short: x\r\n" * 7_000):
        with running(on_sqlite.app) as one, one.connected() as stream:
            stream.sendall(GET + fields + b"\r\n")
            assert stream.recv(13) == b"HTTP/1.1 431 "


def test_trailers_without_an_end_are_refused(on_sqlite: Api) -> None:
    begun = b"POST /livez HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    with running(on_sqlite.app) as one, one.connected() as stream:
        stream.sendall(begun)
        assert given_up(stream, b"a:\r\n" * 1_000_000, pause=0)


def test_a_trailer_adds_no_header_to_a_request_that_was_read(on_sqlite: Api) -> None:
    begun = b"POST /livez HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    with running(on_sqlite.app) as one, one.connected() as stream:
        stream.sendall(begun + b"If-Match: x\r\n\r\n")
        assert closed(stream)


def test_headers_behind_a_request_that_runs_are_bounded_too(
    on_sqlite: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    with being_checked(on_sqlite, monkeypatch) as (one, _, _, cloud), one.connected() as stream:
        path = f"{INTEGRATIONS}/{on_sqlite.create()['integrationUuid']}/access-check"
        request = on_sqlite.request(method="POST", path=path)
        lines = [b"POST %s HTTP/1.1" % path.encode(), *(b"%s: %s" % line for line in request.headers.raw)]
        stream.sendall(b"\r\n".join([*lines, b"", b""]) + request.read() + GET)
        assert given_up(stream, b"X-Long: x\r\n" * 100_000, pause=0)
        cloud.end.set()


def test_requests_that_pile_up_on_a_connection_are_bounded(
    on_sqlite: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "MAX_PIPELINED", 3)
    with running(on_sqlite.app) as one, one.connected() as stream:
        stream.sendall((b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n") * 50)
        assert given_up(stream, b"X" * 100, pause=0.02)


def test_a_client_that_takes_no_answers_is_given_up(on_sqlite: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "STALLED_SECONDS", 0.1)
    monkeypatch.setattr(http_protocol, "MAX_PIPELINED", 1_000)
    with running(on_sqlite.app) as one, socket.socket() as stream:
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        stream.connect(("127.0.0.1", one.port))
        stream.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200)
        until(lambda: one.server.room.count == 0)
        assert one.alive()


@contextmanager
def being_checked(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Running, "Future[httpx2.Response]", httpx2.Client, HangingCloud]]:
    """A server with a request in a cloud that does not answer, and a client with a kept connection."""
    path = f"{INTEGRATIONS}/{api.create()['integrationUuid']}/access-check"
    with hanging_cloud(monkeypatch) as cloud, running(api.app) as one, ThreadPoolExecutor(1) as pool:
        api.endpoint, api.transport = f"http://127.0.0.1:{one.port}", None
        with httpx2.Client(base_url=api.endpoint, timeout=30) as other:
            assert other.get("/livez").status_code == 200
            future = pool.submit(api.http().send, api.request(method="POST", path=path))
            assert cloud.asked.acquire(timeout=20)
            yield one, future, other, cloud


def test_a_server_that_ends_refuses_what_is_new_and_gives_up_what_hangs(
    on_sqlite: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_server, "REFUSING_SECONDS", 0.1)
    monkeypatch.setattr(http_server, "DRAIN_SECONDS", 3)
    with being_checked(on_sqlite, monkeypatch) as (one, hanging, other, _):
        one.server.should_exit = True
        until(lambda: on_sqlite.app.state.traffic.draining)
        refused = other.send(on_sqlite.request())
        assert (refused.status_code, refused.json()["code"]) == (503, "ending")
        assert refused.headers["Retry-After"] == "1"
        assert other.get("/readyz").status_code == 503
        given_up = hanging.result(20)
        assert (given_up.status_code, given_up.json()["code"]) == (503, "ending")
        one.end()


def test_what_runs_when_a_server_ends_is_answered(on_sqlite: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    with being_checked(on_sqlite, monkeypatch) as (one, hanging, _, cloud):
        one.server.should_exit = True
        until(lambda: on_sqlite.app.state.traffic.draining)
        assert not hanging.done()
        cloud.end.set()
        assert hanging.result(20).json()["code"] == "test"


def test_last_uses_are_written_when_a_server_ends(on_sqlite: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "USES_SECONDS", 3600)
    with running(on_sqlite.app) as one:
        on_sqlite.endpoint, on_sqlite.transport = f"http://127.0.0.1:{one.port}", None
        assert on_sqlite.send().status == 200
    assert [row.email for row in on_sqlite.rows("user_keys") if row.last_used_at] == [CREATOR]


def test_last_uses_do_not_put_off_the_end(on_sqlite: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    held = threading.Event()
    monkeypatch.setattr(http_server, "_LAST_SECONDS", 0)
    with running(on_sqlite.app) as one:
        monkeypatch.setattr(on_sqlite.app.state.traffic.uses, "write", lambda _: held.wait(60))
        one.server.should_exit = True
        one.thread.join(30)
        ended = not one.thread.is_alive()
        held.set()
    assert ended


def test_a_real_server_ends_on_a_signal_though_a_client_holds_a_connection(tmp_path: Path) -> None:
    assert found(tmp_path).code == 0
    with serving(tmp_path) as server:
        address = urlsplit(server.address)
        with socket.create_connection((address.hostname, address.port)) as stream:
            stream.sendall(GET)
            server.process.send_signal(signal.SIGTERM)
            assert server.ended() == (0, "")


def test_a_database_that_takes_no_writes_is_refused_at_the_start(tmp_path: Path) -> None:
    assert found(tmp_path).code == 0
    with closing(sqlite3.connect(tmp_path / "served.sqlite")) as database, database:
        database.execute(
            "CREATE TRIGGER full BEFORE UPDATE ON health BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
        database.execute("INSERT INTO health VALUES (1, '2026-01-01 00:00:00')")
    ran = run(tmp_path, "serve", "--database", "served.sqlite", "--port", "0")
    assert ran.code != 0
    assert "is full" in ran.err
    assert "hint: Free some space" in ran.err


def test_a_half_sent_body_does_not_put_off_the_end(on_sqlite: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "DRAIN_SECONDS", 0.2)
    with running(on_sqlite.app) as one, one.connected() as stream:
        on_sqlite.endpoint, on_sqlite.transport = f"http://127.0.0.1:{one.port}", None
        request = on_sqlite.request(method="POST", body={"title": "x" * 1000})
        lines = [
            b"POST %s HTTP/1.1" % INTEGRATIONS.encode(),
            *(b"%s: %s" % line for line in request.headers.raw),
        ]
        stream.sendall(b"\r\n".join([*lines, b"", request.read()[:10]]))
        until(lambda: not on_sqlite.app.state.traffic.idle)
        one.server.should_exit = True
        answer = stream.makefile("rb").read()
        assert b'"code": "ending"' in answer


def test_health_says_whether_the_database_takes_writes(on_sqlite: Api) -> None:
    http = on_sqlite.http()
    assert [http.get(f"/{name}").status_code for name in ("livez", "readyz", "healthz")] == [200] * 3
    with on_sqlite.database.write() as connection:
        connection.exec_driver_sql("DROP TABLE health")
    on_sqlite.app.state.readiness = None
    assert http.get("/livez").json() == {"status": "ok"}
    for name in ("readyz", "healthz"):
        answer = http.get(f"/{name}")
        assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
        # Anybody may ask, so nobody is told where the database is.
        assert str(on_sqlite.path.parent) not in answer.text


def test_a_database_that_is_busy_is_ready(on_sqlite: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "WAITING_SECONDS", 0.05)
    http = on_sqlite.http()
    assert http.get("/readyz").status_code == 200
    on_sqlite.app.state.readiness = None
    with on_sqlite.database.write():
        assert http.get("/readyz").status_code == 200
