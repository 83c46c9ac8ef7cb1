"""What tests lend each other, a server and databases, comes to the next one as if it were new."""

import asyncio
import threading
from typing import Any

import httpx2
import psycopg
import pytest

from tests.contract.conftest import filled
from tests.support import postgres
from tests.support.api import served


def answering(text: str, begun: threading.Event | None = None, go_on: threading.Event | None = None) -> Any:
    """An application that answers with a text, when it may."""

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        if begun and go_on:
            begun.set()
            while not go_on.is_set():
                await asyncio.sleep(0.01)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": text.encode()})

    return app


def test_a_block_ends_after_what_was_asked_in_it() -> None:
    begun, go_on, answers = threading.Event(), threading.Event(), list[str]()
    with served(answering("first", begun, go_on)) as address:
        asking = threading.Thread(target=lambda: answers.append(httpx2.get(address, timeout=60).text))
        asking.start()
        assert begun.wait(60)
        threading.Timer(0.3, go_on.set).start()
    assert go_on.is_set()
    asking.join(60)
    assert answers == ["first"]


def test_a_connection_does_not_outlive_its_block() -> None:
    with httpx2.Client() as client:
        with served(answering("first")) as address:
            client.get(address)
            (before,) = client._transport._pool.connections  # type: ignore[attr-defined]
        assert before.is_available() is False or before.has_expired()
        with served(answering("second")) as again:
            assert (again, client.get(again).text) == (address, "second")


def test_a_database_comes_back_as_it_was_lent() -> None:
    server = postgres.server()
    if server is None:
        pytest.skip("there is no PostgreSQL on this machine")
    address = server.lend(filled)
    with psycopg.connect(address) as mine:
        before = mine.execute("SELECT * FROM organizations ORDER BY uuid").fetchall()
        number = mine.execute("SELECT nextval('audit_number_seq')").fetchone()
    late = psycopg.connect(address)
    late.execute("DELETE FROM organization_users")
    server.take_back(address)
    with pytest.raises(psycopg.OperationalError):
        late.execute("SELECT 1")
    late.close()
    assert server.lend(filled) == address
    with psycopg.connect(address) as mine:
        assert mine.execute("SELECT * FROM organizations ORDER BY uuid").fetchall() == before
        assert mine.execute("SELECT count(*) FROM organization_users").fetchone() != (0,)
        assert mine.execute("SELECT nextval('audit_number_seq')").fetchone() == number
    server.take_back(address)
