"""The transport to an API in this process: whose thread answers, and what is left behind."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from pulumi_encord_integrations.client.in_process import in_process
from pulumi_encord_integrations.server import concurrency

THREADS = 4
Respond = Callable[[], Any]


def answering(respond: Respond) -> Any:
    """An application that answers 200 once `respond` is done, which it waits for if that is a coroutine."""

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        if asyncio.iscoroutine(found := respond()):
            await found
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    return app


@pytest.fixture
def calling() -> Iterator[Callable[[Any], httpx2.Client]]:
    """A client of an application, closed in the end."""
    clients: list[httpx2.Client] = []

    def made(app: Any) -> httpx2.Client:
        clients.append(httpx2.Client(base_url="http://embedded", transport=in_process(app)))
        return clients[-1]

    yield made
    for client in clients:
        client.close()


Calling = Callable[[Any], httpx2.Client]


def test_what_blocks_runs_in_the_thread_that_asks(calling: Calling) -> None:
    seen: list[int] = []
    app = answering(lambda: concurrency.call(lambda: seen.append(threading.get_ident())))
    assert calling(concurrency.inline(app)).get("/").status_code == 200
    assert calling(app).get("/").status_code == 200
    assert seen[0] == threading.get_ident() != seen[1]


def test_threads_do_not_wait_for_one_another(calling: Calling) -> None:
    together = threading.Barrier(THREADS, timeout=10)
    client = calling(concurrency.inline(answering(lambda: concurrency.call(together.wait))))
    with ThreadPoolExecutor(THREADS) as pool:
        assert {answer.status_code for answer in pool.map(client.get, ["/"] * THREADS)} == {200}


def test_threads_that_come_and_go_leave_one_event_loop(calling: Calling) -> None:
    loops: set[int] = set()
    client = calling(answering(lambda: loops.add(id(asyncio.get_running_loop()))))
    for _ in range(THREADS):
        thread = threading.Thread(target=client.get, args=("/",))
        thread.start()
        thread.join()
    assert len(loops) == 1


def test_a_caller_that_runs_an_event_loop_is_answered(calling: Calling) -> None:
    client = calling(answering(lambda: asyncio.sleep(0)))

    async def program() -> int:
        return client.get("/").status_code

    assert asyncio.run(program()) == 200


def test_an_answer_counts_although_the_application_fails_after_it(calling: Calling) -> None:
    whole = answering(lambda: None)

    async def failing(*asgi: Any) -> None:
        await whole(*asgi)
        raise LookupError

    assert calling(failing).get("/").status_code == 200


def test_an_application_that_does_not_answer_is_an_error(calling: Calling) -> None:
    async def silent(*_asgi: Any) -> None:
        pass

    with pytest.raises(httpx2.RemoteProtocolError, match="did not answer"):
        calling(silent).get("/")


def test_an_interrupted_request_spoils_no_other(calling: Calling) -> None:
    interruptions = [KeyboardInterrupt()]

    def respond() -> None:
        if interruptions:
            raise interruptions.pop()

    client = calling(answering(respond))
    with pytest.raises(KeyboardInterrupt):
        client.get("/")
    assert client.get("/").status_code == 200


def test_a_closed_client_leaves_no_event_loop(calling: Calling) -> None:
    loops: list[asyncio.AbstractEventLoop] = []
    client = calling(answering(lambda: loops.append(asyncio.get_running_loop())))
    client.get("/")
    client.close()
    assert all(loop.is_closed() for loop in loops)
