"""How many statements the routes take, so that no number grows unseen; a lower one is written down here."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event

from pulumi_encord_integrations.client.in_process import in_process
from pulumi_encord_integrations.server.concurrency import inline
from tests.support.api import AWS, INTEGRATIONS, MEMBER, OUTSIDER, Api
from tests.support.people import GROUPS, group, patch

KEYS = {"accessKeyId": "ACMEKEY", "secretAccessKey": "canary"}
MINIO = {
    "provider": "S3_COMPATIBLE",
    "title": "MinIO",
    "preset": "MINIO",
    "endpoint": "https://minio.example.com",
    "buckets": [{"name": "acme-training"}],
    **KEYS,
}
ADMITTED = 2
"""Begin and look the caller up, before the body of a write is read."""


@contextmanager
def counted(api: Api) -> Iterator[list[str]]:
    """The statements meanwhile."""
    said: list[str] = []
    listening = (api.database._engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    event.listen(*listening)
    try:
        yield said
    finally:
        event.remove(*listening)


def statements(api: Api, method: str, path: str, body: Any = None) -> int:
    """How many one request takes that is answered with 200."""
    request = api.request(method=method, path=path, body=body)
    with counted(api) as said:
        answer = api.send(request)
    assert answer.status == 200, answer.body
    return len(said)


def declaration(name: str) -> dict[str, Any]:
    """What a stack sends with a create."""
    where = {"path": f"pulumi-python:dynamic/encord:X::{name}", "project": "bench", "stack": "test"}
    return {"declaredAs": {"stackId": str(uuid4()), **where}, "nonce": str(uuid4())}


def made(api: Api) -> str:
    """An integration with a secret."""
    return str(api.send(method="POST", body=MINIO).body["integration"]["integrationUuid"])


@pytest.fixture
def warm(on_sqlite: Api) -> Api:
    """An API that has done what it does now and then, such as purging, as its first write."""
    on_sqlite.send(method="POST", body={**AWS, **declaration("warm")})
    return on_sqlite


@pytest.fixture
def uuid(warm: Api) -> str:
    return made(warm)


@pytest.mark.parametrize(("body", "most"), [(AWS, 15), (MINIO, 17)], ids=["without", "with a secret"])
def test_a_create_of_a_stack(warm: Api, body: dict[str, Any], most: int) -> None:
    asked = {**body, **declaration("one")}
    assert statements(warm, "POST", INTEGRATIONS, asked) == ADMITTED + most


def test_an_embedded_create_looks_its_caller_up_once(warm: Api) -> None:
    warm.transport, warm._http = in_process(inline(warm.app)), {}
    assert statements(warm, "POST", INTEGRATIONS, {**AWS, **declaration("one")}) == 15


def test_a_create_takes_as_many_among_many(warm: Api) -> None:
    for number in range(20):
        warm.create(title=str(number))
    assert statements(warm, "POST", INTEGRATIONS, {**AWS, **declaration("one")}) == ADMITTED + 15


def test_reads_take_one_statement_more_for_secrets_however_many_they_are(warm: Api, uuid: str) -> None:
    assert statements(warm, "GET", f"{INTEGRATIONS}/{warm.create()['integrationUuid']}") == 3
    assert statements(warm, "GET", f"{INTEGRATIONS}/{uuid}") == 4
    made(warm)
    assert statements(warm, "GET", f"{INTEGRATIONS}/search") == 4


CHANGES = [({"title": "Other"}, 12), ({"secretAccessKey": "another"}, 15), ({"title": "MinIO"}, 11)]


@pytest.mark.parametrize(("body", "most"), CHANGES, ids=["title", "secret", "nothing"])
def test_a_change(warm: Api, uuid: str, body: dict[str, Any], most: int) -> None:
    judged = 4
    assert statements(warm, "PATCH", f"{INTEGRATIONS}/{uuid}", body) == ADMITTED + judged + most


def test_a_delete(warm: Api, uuid: str) -> None:
    assert statements(warm, "DELETE", f"{INTEGRATIONS}/{uuid}") == ADMITTED + 9


def test_members(warm: Api, uuid: str) -> None:
    with counted(warm) as said:
        assert patch(warm, uuid, {MEMBER: "user", OUTSIDER: "user"}).status == 200
    assert len(said) == ADMITTED + 12


def test_groups(warm: Api) -> None:
    assert statements(warm, "POST", GROUPS, {"name": "Team", **declaration("team")}) == ADMITTED + 15
    team = group(warm, name="Other")
    assert statements(warm, "PATCH", f"{GROUPS}/{team}", {"name": "Third"}) == ADMITTED + 11
    assert statements(warm, "DELETE", f"{GROUPS}/{team}") == ADMITTED + 9


def test_a_refused_write(warm: Api) -> None:
    request = warm.request(who=OUTSIDER, method="POST", path=GROUPS, body={"name": "Team"})
    with counted(warm) as said:
        assert warm.send(request).status == 403
    asked, noted = 3, 5
    assert len(said) == ADMITTED + asked + noted


def test_a_page_of_the_audit_trail(warm: Api) -> None:
    assert statements(warm, "GET", "/v2/public/organisation/audit") == 6
