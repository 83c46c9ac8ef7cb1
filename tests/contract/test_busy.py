"""What callers see of a database in trouble."""

import sqlite3
from typing import Any

import pytest

from pulumi_encord_integrations.client.errors import ServerFailed, Unavailable
from pulumi_encord_integrations.client.in_process import in_process
from pulumi_encord_integrations.server.app import create_app
from pulumi_encord_integrations.server.deployment import Deployment
from pulumi_encord_integrations.server.store.sqlite import SqliteDatabase
from tests.support.api import AWS, PRINCIPALS, Api


def _on(api: Api, **how: Any) -> Api:
    api.app = create_app(Deployment(api.vault, PRINCIPALS), api.use(SqliteDatabase(api.path, **how)))
    api.transport = in_process(api.app)
    return api


def test_a_database_locked_for_long_is_busy_and_says_when_to_come_back(on_sqlite: Api) -> None:
    other = sqlite3.connect(on_sqlite.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answer = _on(on_sqlite, busy_seconds=0.1).send(method="POST", body=AWS)
    assert answer.refusal == (503, "database_busy")
    assert answer.headers["Retry-After"] == "1"
    other.close()


def test_the_client_waits_for_a_busy_database(on_sqlite: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    other = sqlite3.connect(on_sqlite.path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _seconds: other.close())
    answer = _on(on_sqlite, busy_seconds=0.1).client().call("POST", "cloud-integrations", body=AWS)
    assert answer["created"]
    assert len(on_sqlite.rows("integrations")) == 1


def test_a_read_only_api_writes_nothing(on_sqlite: Api) -> None:
    api = _on(on_sqlite, read_only=True)
    assert api.send().status == 200
    with pytest.raises(ServerFailed, match="readonly"):
        api.client().call("POST", "cloud-integrations", body=AWS)


def test_a_database_that_broke_is_an_error_of_the_api(on_sqlite: Api) -> None:
    with on_sqlite.database.write() as connection:
        connection.exec_driver_sql("DROP TABLE answers")
    with pytest.raises(Unavailable, match="no such table") as failure:
        on_sqlite.client().call("POST", "cloud-integrations", body=AWS)
    assert failure.value.code == "database_error"
