"""Nobody chooses or copies an external id: it is the API's own, one for each integration, for its life."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.support.api import AWS, CREATOR, FOREIGNER, INTEGRATIONS, MEMBER, Api

MINE = "11111111-2222-4333-8444-555555555555"
STACK = str(uuid4())


def declared(stack: str = STACK, path: str = "a::b") -> dict[str, str]:
    return {"stackId": stack, "path": path, "project": "p", "stack": "s"}


def post(api: Api, who: str = CREATOR, **more: Any) -> Any:
    return api.send(who=who, method="POST", body={**AWS, **more})


def patch(api: Api, uuid: str, who: str = CREATOR, **changes: Any) -> Any:
    return api.send(who=who, method="PATCH", path=f"{INTEGRATIONS}/{uuid}", body=changes)


def refused(answer: Any) -> list[str]:
    assert answer.status == 400
    assert "external" in answer.body["message"]
    return []


def id_of(answer: Any) -> list[str]:
    assert answer.status == 200, answer.body
    return [(answer.body.get("integration") or answer.body)["externalId"]]


def _twin(api: Api, victim: Any) -> list[str]:
    return id_of(post(api, title=victim["title"], roleArn=victim["roleArn"]))


def _adopt(api: Api, victim: Any) -> list[str]:
    patch(api, victim["integrationUuid"], title="for adoption")
    same = id_of(post(api, title="for adoption", adopt=True, declaredAs=declared()))
    assert same == [victim["externalId"]], "adoption takes the object over, with its id"
    return refused(post(api, title="for adoption", adopt=True, declaredAs=declared(), externalId=MINE))


def _replay(api: Api, victim: Any) -> list[str]:
    nonce = "n" * 32
    first = id_of(post(api, title="once", nonce=nonce))
    assert id_of(post(api, title="once", nonce=nonce)) == first
    return first


def _after_delete(api: Api, victim: Any) -> list[str]:
    one = post(api, title="gone", declaredAs=declared(path="x::y")).body["integration"]
    api.send(method="DELETE", path=f"{INTEGRATIONS}/{one['integrationUuid']}")
    again = id_of(post(api, title="gone", declaredAs=declared(path="x::y")))
    assert again != [one["externalId"]]
    return again


def _foreign_adopt(api: Api, victim: Any) -> list[str]:
    answer = post(api, FOREIGNER, title=victim["title"], adopt=True, declaredAs=declared(str(uuid4())))
    assert answer.refusal == (409, "nothing_to_adopt")
    return []


def _kept(api: Api, victim: Any, **changes: Any) -> list[str]:
    assert id_of(patch(api, victim["integrationUuid"], **changes)) == [victim["externalId"]]
    return []


ATTEMPTS: dict[str, Callable[[Api, Any], list[str]]] = {
    "POST externalId": lambda api, victim: refused(post(api, externalId=victim["externalId"])),
    "POST external_id": lambda api, victim: refused(post(api, external_id=victim["externalId"])),
    "POST a new one": lambda api, victim: refused(post(api, externalId=MINE)),
    "POST null": lambda api, victim: refused(post(api, externalId=None)),
    "PATCH externalId": lambda api, v: refused(patch(api, v["integrationUuid"], externalId=MINE)),
    "PATCH external_id": lambda api, v: refused(patch(api, v["integrationUuid"], external_id=MINE)),
    "PATCH null": lambda api, v: refused(patch(api, v["integrationUuid"], externalId=None)),
    "the same role and title": _twin,
    "adopt": _adopt,
    "adopt from another organization": _foreign_adopt,
    "the same declaration from another organization": lambda api, victim: id_of(
        post(api, FOREIGNER, declaredAs=declared())
    ),
    "the same declaration of somebody else": lambda api, victim: id_of(
        post(api, MEMBER, declaredAs=declared(str(uuid4())))
    ),
    "replay of a create": _replay,
    "the same declaration after a delete": _after_delete,
    "another role": lambda api, v: _kept(api, v, roleArn="arn:aws:iam::999999999999:role/x"),
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_no_attempt_chooses_or_copies_one(local: Api, attempt: str) -> None:
    victim = post(local, declaredAs=declared()).body["integration"]
    got = ATTEMPTS[attempt](local, victim)
    assert not {victim["externalId"], MINE} & set(got)
    assert all(UUID(one).version == 4 for one in got)
    rows = [row.external_id for row in local.rows("integrations")]
    assert MINE not in rows
    assert len(set(rows)) == len(rows)
