"""What the API does before it knows who calls, and what no caller can make it wait for."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pulumi_encord_integrations.client.auth import Signer
from pulumi_encord_integrations.model.registrations import MAX_ITEMS
from pulumi_encord_integrations.server import middleware, request_bodies
from pulumi_encord_integrations.server.errors import Overloaded
from pulumi_encord_integrations.server.services import access_checks
from pulumi_encord_integrations.server.services.unit_of_work import UnitOfWork
from pulumi_encord_integrations.server.traffic import CLOUD_CALLS_OF_ONE, WRITERS_OF_ONE, Lanes
from tests.support.api import BOSS, CREATOR, INTEGRATIONS, MEMBER, NOBODY, Api, served

BRACKETS = b"[[[[]]]]" * 100_000


def scope_of(request: httpx2.Request) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.url.path,
        "raw_path": request.url.raw_path.partition(b"?")[0],
        "query_string": request.url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
    }


def answered(api: Api, request: httpx2.Request, receive: Callable[[], Any]) -> tuple[int, dict[str, Any]]:
    """Status and body of a request whose body comes from `receive`."""
    messages: list[Any] = []

    async def received() -> Any:
        return await asyncio.to_thread(receive)

    async def send(message: Any) -> None:
        messages.append(message)

    asyncio.run(api.app(scope_of(request), received, send))
    return int(messages[0]["status"]), json.loads(messages[1]["body"])


def whole(content: bytes) -> Callable[[], Any]:
    return lambda: {"type": "http.request", "body": content, "more_body": False}


def signed(api: Api, key: Ed25519PrivateKey, content: bytes) -> httpx2.Request:
    request = api.http().build_request("POST", INTEGRATIONS, content=content)
    request.headers["Content-Type"] = "application/json"
    given = Signer(key).headers("POST", INTEGRATIONS, request.headers["Host"], content)
    request.headers.update(given)
    return request


@pytest.mark.parametrize("who", ["a self-made key", NOBODY])
def test_nothing_is_parsed_for_a_key_that_is_not_known(
    on_sqlite: Api, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    monkeypatch.setattr(request_bodies, "decoded", lambda _: pytest.fail("the body was parsed"))
    key = on_sqlite.keys.get(who) or Ed25519PrivateKey.generate()
    status, body = answered(on_sqlite, signed(on_sqlite, key, BRACKETS), whole(BRACKETS))
    assert (status, body["code"]) == (401, "not_authenticated")


def test_the_key_is_looked_up_before_the_body_is_read(
    on_sqlite: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = []
    identified = UnitOfWork.identified

    def looked_up(work: UnitOfWork) -> UnitOfWork:
        events.append("key")
        return identified(work)

    def receive() -> Any:
        events.append("body")
        return whole(b"{}")()

    monkeypatch.setattr(UnitOfWork, "identified", looked_up)
    answered(on_sqlite, signed(on_sqlite, on_sqlite.keys[CREATOR], b"{}"), receive)
    assert events == ["key", "body"]


def test_a_wrong_signature_is_refused_without_a_look_at_the_database(
    on_sqlite: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_sqlite.database, "read", lambda: pytest.fail("the database was asked"))
    request = signed(on_sqlite, on_sqlite.keys[CREATOR], b"{}")
    request.headers["Content-Digest"] = "sha-256=:AAAA:"
    assert answered(on_sqlite, request, whole(b"{}"))[0] == 401


def test_a_body_that_announces_too_much_is_refused_unread(on_sqlite: Api) -> None:
    request = signed(on_sqlite, on_sqlite.keys[CREATOR], b"{}")
    request.headers["Content-Length"] = str(request_bodies.MAX_BODY + 1)
    status, body = answered(on_sqlite, request, whole(b""))
    assert (status, body["code"]) == (413, "payload_too_large")


def test_a_body_that_does_not_arrive_is_given_up(on_sqlite: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_bodies, "BODY_SECONDS", 0.05)
    monkeypatch.setattr(middleware, "_PATIENT", 0.05)
    end = threading.Event()

    def receive() -> Any:
        end.wait(10)
        return {"type": "http.disconnect"}

    request = signed(on_sqlite, on_sqlite.keys[CREATOR], b"{}")
    timer = threading.Timer(0.3, end.set)
    timer.start()
    status, body = answered(on_sqlite, request, receive)
    timer.join()
    assert (status, body["code"]) == (408, "body_too_slow")


@pytest.mark.parametrize("depth", [51, 900, 50_000])
def test_no_route_takes_json_that_is_nested_too_deeply(local: Api, depth: int) -> None:
    uuid = local.create()["integrationUuid"]
    content = b'{"videos": [{"objectUrl": "x", "clientMetadata": ' + b"[" * depth + b"]" * depth + b"}]}"
    for path in (INTEGRATIONS, f"{INTEGRATIONS}/{uuid}/registrations", f"{INTEGRATIONS}/{uuid}/users"):
        request = local.http().build_request("POST", path, content=content)
        request.headers["Content-Type"] = "application/json"
        given = Signer(local.keys[CREATOR]).headers("POST", path, request.headers["Host"], content)
        request.headers.update(given)
        assert local.send(request).refusal == (400, "invalid_request")


def test_large_bodies_are_parsed_off_the_event_loop(on_sqlite: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []
    parse = request_bodies.decoded

    def noted(content: bytes) -> Any:
        threads.append(threading.current_thread().name)
        return parse(content)

    monkeypatch.setattr(request_bodies, "decoded", noted)
    uuid = on_sqlite.create()["integrationUuid"]
    threads.clear()
    members = [{"user": f"p{n}@example.com", "role": "user"} for n in range(MAX_ITEMS // 4)]
    with served(on_sqlite.app) as on_sqlite.endpoint:
        on_sqlite.transport = None
        on_sqlite.send(method="PUT", path=f"{INTEGRATIONS}/{uuid}/members", body={"members": members})
    assert threads == ["AnyIO worker thread"]


@dataclass
class HangingCloud:
    """A cloud that does not answer before it is told to; counts who asks."""

    asked: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    end: threading.Event = field(default_factory=threading.Event)

    def check(self, *_: Any) -> Any:
        self.asked.release()
        self.end.wait(30)
        raise Overloaded("test", "the cloud never answered")


@contextmanager
def hanging_cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[HangingCloud]:
    cloud = HangingCloud()
    monkeypatch.setattr(access_checks, "_adapter", lambda *_: cloud)
    try:
        yield cloud
    finally:
        cloud.end.set()


def test_a_cloud_that_never_answers_holds_up_nobody_else(
    on_sqlite: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"{INTEGRATIONS}/{on_sqlite.create()['integrationUuid']}"
    for who in (BOSS, MEMBER):
        on_sqlite.add_member(path.rpartition("/")[2], who, "admin")
    with (
        hanging_cloud(monkeypatch) as cloud,
        served(on_sqlite.app) as on_sqlite.endpoint,
        ThreadPoolExecutor(40) as pool,
    ):
        on_sqlite.transport = None
        people = (CREATOR, BOSS, MEMBER)
        calls = [
            pool.submit(on_sqlite.send, who=who, method="POST", path=f"{path}/access-check")
            for who in people
            for _ in range(CLOUD_CALLS_OF_ONE)
        ]
        for _ in calls:
            assert cloud.asked.acquire(timeout=20)
        for who in people:
            refused = on_sqlite.send(who=who, method="POST", path=f"{path}/access-check")
            assert refused.refusal == (429, "too_many_cloud_calls")
            assert refused.headers["Retry-After"] == "1"
        assert on_sqlite.send(path=path).status == 200
        assert on_sqlite.send(method="PATCH", path=path, body={"title": "Still here"}).status == 200
        assert on_sqlite.http().get("/readyz").status_code == 200
        cloud.end.set()


@pytest.mark.parametrize(("size", "refusal"), [(60_000, None), (200_000, "too_many_bodies")])
def test_bodies_that_are_not_small_are_counted_for_their_caller(
    on_sqlite: Api, monkeypatch: pytest.MonkeyPatch, size: int, refusal: str | None
) -> None:
    monkeypatch.setattr(request_bodies, "HELD_BYTES_OF_ONE", 100_000)
    content = b"[" + b" " * size + b"]"
    status, body = answered(on_sqlite, signed(on_sqlite, on_sqlite.keys[CREATOR], content), whole(content))
    assert (status, body["code"]) == ((429, refusal) if refusal else (400, "invalid_request"))


def test_writes_of_one_caller_that_wait_for_the_lock_leave_threads_to_others(
    on_sqlite: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, write = threading.Semaphore(0), UnitOfWork.write

    def noted(work: UnitOfWork, *how: Any) -> Any:
        entered.release()
        return write(work, *how)

    path = f"{INTEGRATIONS}/{on_sqlite.create()['integrationUuid']}"
    on_sqlite.add_member(path.rpartition("/")[2], BOSS, "admin")
    monkeypatch.setattr(UnitOfWork, "write", noted)
    with served(on_sqlite.app) as on_sqlite.endpoint, ThreadPoolExecutor(20) as pool:
        on_sqlite.transport = None

        def change(who: str) -> Any:
            return pool.submit(on_sqlite.send, who=who, method="PATCH", path=path, body={"title": "New"})

        with on_sqlite.database.write():
            mine = [change(CREATOR) for _ in range(2 * WRITERS_OF_ONE)]
            for _ in range(WRITERS_OF_ONE):
                assert entered.acquire(timeout=20)
            others = change(BOSS)
            assert entered.acquire(timeout=20)
            # The one that came in is not the first caller's next.
            assert not entered.acquire(timeout=0.2)
        assert {one.result(20).status for one in (*mine, others)} == {200}


def test_a_client_that_leaves_in_the_middle_of_a_body_is_no_failure(on_sqlite: Api) -> None:
    request = signed(on_sqlite, on_sqlite.keys[CREATOR], b"{}")
    messages: list[Any] = []

    async def gone() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        messages.append(message)

    asyncio.run(on_sqlite.app(scope_of(request), gone, send))
    assert messages[0]["status"] == 400


@pytest.mark.parametrize("path", ["", "/{uuid}/registrations", "/{uuid}/users", "/{uuid}/members"])
def test_half_a_character_in_a_key_is_refused_and_no_failure(on_sqlite: Api, path: str) -> None:
    uuid = on_sqlite.create()["integrationUuid"]
    method = "PUT" if path.endswith("members") else "POST"
    answer = on_sqlite.send(
        method=method, path=INTEGRATIONS + path.format(uuid=uuid), body={"\ud800": 1, "provider": "AWS"}
    )
    assert answer.status == 400


def test_one_callers_writes_leave_threads_for_those_of_others() -> None:
    async def entered() -> tuple[bool, bool]:
        lanes, inside, end = Lanes(), asyncio.Semaphore(0), asyncio.Event()

        async def write(caller: str) -> None:
            async with lanes.writer(caller):
                inside.release()
                await end.wait()

        tasks = [asyncio.create_task(write("ada")) for _ in range(WRITERS_OF_ONE)]
        for _ in tasks:
            await inside.acquire()
        more, other = asyncio.create_task(write("ada")), asyncio.create_task(write("mia"))
        await asyncio.wait_for(inside.acquire(), 10)
        await asyncio.sleep(0)
        found = inside.locked(), not more.done()
        end.set()
        await asyncio.gather(*tasks, more, other)
        return found

    assert asyncio.run(entered()) == (True, True)


def test_threads_of_all_kinds_together_are_fewer_than_a_databases_connections() -> None:
    lanes = asyncio.run(_lanes())
    assert sum(lanes) <= 40


async def _lanes() -> list[float]:
    lanes = Lanes()
    return [one.total_tokens for one in (lanes.reads, lanes.writes, lanes.clouds, lanes.health)]
