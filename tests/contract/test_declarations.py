"""Which object a declaration means: ownership keys, nonces, adoption, letting go."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from pulumi_encord_integrations.server.store import database, declarations
from tests.support.api import AWS, BOSS, CREATOR, INTEGRATIONS, MEMBER, OUTSIDER, Api

DEV, PROD = str(uuid4()), str(uuid4())


def _at(stack: str = DEV, path: str = "encord:AwsIntegration::prod", **more: Any) -> dict[str, Any]:
    return {"declaredAs": {"stackId": stack, "path": path, "project": "p", "stack": "s"}, **more}


def _post(api: Api, who: str = CREATOR, **more: Any) -> Any:
    return api.send(who=who, method="POST", body={**AWS, **more})


def _uuid(answer: Any) -> str:
    return str(answer.body["integration"]["integrationUuid"])


def _delete(api: Api, uuid: str, stack: str | None = None, who: str = CREATOR) -> Any:
    query = {"declaredBy": stack}
    return api.send(who=who, method="DELETE", path=f"{INTEGRATIONS}/{uuid}", query=query)


def _refused(answer: Any, code: str) -> str:
    assert answer.refusal == (409, code)
    return str(answer.body["message"])


def test_one_declaration_is_one_object_with_the_new_settings(api: Api) -> None:
    first, again = _post(api, **_at()), _post(api, **_at(), title="New", region="eu-west-1")
    assert _uuid(again) == _uuid(first)
    assert (first.body["created"], again.body["created"]) == (True, False)
    assert again.body["integration"]["title"] == "New"
    assert again.body["integration"]["externalId"] == first.body["integration"]["externalId"]


@pytest.mark.parametrize(
    "other", [_at(PROD), _at(path="encord:AwsIntegration::other"), _at(strictClientOnly=True)]
)
def test_another_stack_place_or_immutable_setting_is_another_object(api: Api, other: Any) -> None:
    assert _uuid(_post(api, **_at())) != _uuid(_post(api, **other))


def test_creates_without_a_declaration_are_always_new(api: Api) -> None:
    assert _uuid(_post(api)) != _uuid(_post(api))


def test_whoever_does_not_administer_the_declared_object_learns_nothing(api: Api) -> None:
    first = _post(api, **_at())
    api.add_member(_uuid(first), MEMBER)
    for who in (MEMBER, OUTSIDER, BOSS):
        answer = _post(api, who, **_at(), title="Mine")
        message = _refused(answer, "declaration_taken")
        assert _uuid(first) not in message
        assert str(AWS["title"]) not in message


def test_sixteen_creates_at_once_make_one_row(api: Api) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda i: _post(api, **_at(nonce=f"{i:016}")), range(16)))
    assert {answer.status for answer in answers} == {200}
    assert len({_uuid(answer) for answer in answers}) == 1
    assert sum(answer.body["created"] for answer in answers) == 1
    assert len(api.rows("integrations")) == 1


def test_a_duplicate_while_alive_reverts_nothing(api: Api) -> None:
    first = _post(api, **_at(nonce="n" * 16))
    api.send(method="PATCH", path=f"{INTEGRATIONS}/{_uuid(first)}", body={"title": "Later"})
    again = _post(api, **_at(nonce="n" * 16))
    assert (_uuid(again), again.body["created"]) == (_uuid(first), False)
    assert again.body["integration"]["title"] == "Later"


def test_a_late_duplicate_does_not_revive(api: Api) -> None:
    first = _post(api, **_at(nonce="n" * 16))
    _delete(api, _uuid(first))
    _refused(_post(api, **_at(nonce="n" * 16)), "created_before")
    assert not api.rows("integrations")


def test_a_nonce_tells_nothing_to_whoever_does_not_administer(local: Api) -> None:
    first = _post(local, nonce="n" * 16)
    message = _refused(_post(local, OUTSIDER, nonce="n" * 16), "created_before")
    assert _uuid(first) not in message


@pytest.mark.parametrize(("days", "status"), [(29.9, 409), (30.1, 200)])
def test_a_nonce_is_kept_for_thirty_days(
    local: Api, monkeypatch: pytest.MonkeyPatch, days: float, status: int
) -> None:
    _delete(local, _uuid(_post(local, **_at(nonce="n" * 16))))
    monkeypatch.setattr(declarations, "now", lambda: database.now() + timedelta(days=days))
    monkeypatch.setattr(declarations, "NONCES_SPARED", 0)
    monkeypatch.setattr(declarations, "_FORGET_SECONDS", 0)
    _post(local, nonce="another" * 3)
    assert _post(local, **_at(nonce="n" * 16)).status == status


def test_adoption_takes_the_one_of_that_title(api: Api) -> None:
    made = api.create()
    adopted = _post(api, **_at(adopt=True), region="eu-west-1")
    assert (_uuid(adopted), adopted.body["created"]) == (made["integrationUuid"], False)
    assert adopted.body["integration"]["adopted"]
    assert adopted.body["integration"]["region"] == "eu-west-1"
    assert adopted.body["integration"]["externalId"] == made["externalId"]


def test_adoption_again_finds_the_same(api: Api) -> None:
    api.create()
    assert _uuid(_post(api, **_at(adopt=True))) == _uuid(_post(api, **_at(adopt=True), title="Renamed"))


def test_adoption_of_none_says_what_to_do(api: Api) -> None:
    answer = _post(api, **_at(adopt=True))
    _refused(answer, "nothing_to_adopt")
    assert answer.body["hint"] == "Drop adopt to create it"


def test_adoption_of_several_names_them(api: Api) -> None:
    made = [api.create()["integrationUuid"] for _ in range(2)]
    message = _refused(_post(api, **_at(adopt=True)), "several_to_adopt")
    assert all(uuid in message for uuid in made)


def test_adoption_of_an_unequal_one_names_what_differs(api: Api) -> None:
    api.create(strictClientOnly=True, overVpn=True)
    unequal: dict[str, Any] = {"strictClientOnly": False, "overVpn": False}
    message = _refused(_post(api, **_at(adopt=True, **unequal)), "immutable")
    assert "strict_client_only, over_vpn" in message


def test_adoption_needs_an_admin(api: Api) -> None:
    api.add_member(api.create()["integrationUuid"], MEMBER)
    refusals = [_post(api, who, **_at(adopt=True)).code for who in (MEMBER, BOSS, OUTSIDER)]
    assert refusals == ["not_an_admin", "not_an_admin", "nothing_to_adopt"]


def test_adoption_of_what_the_same_stack_declares_elsewhere_is_refused(api: Api) -> None:
    _post(api, **_at())
    message = _refused(_post(api, **_at(path="encord:AwsIntegration::copy", adopt=True)), "declared_twice")
    assert "AwsIntegration::prod" in message


def test_adoption_without_a_declaration_is_refused(api: Api) -> None:
    assert _post(api, adopt=True).status == 400


def test_what_was_made_here_is_deleted(api: Api) -> None:
    assert _delete(api, _uuid(_post(api, **_at())), DEV).body == {"outcome": "deleted"}
    assert not api.rows("members")


def test_what_was_adopted_is_released_with_its_settings(api: Api) -> None:
    made = api.create()
    _post(api, **_at(adopt=True), region="eu-west-1")
    assert _delete(api, made["integrationUuid"], DEV).body == {"outcome": "released"}
    left = api.send(path=f"{INTEGRATIONS}/{made['integrationUuid']}").body
    assert (left["region"], left["adopted"], left["declaredAs"]) == ("eu-west-1", False, None)


def test_what_another_stack_took_over_is_kept(api: Api) -> None:
    uuid = _uuid(_post(api, **_at(DEV)))
    assert _uuid(_post(api, **_at(PROD, adopt=True))) == uuid
    assert _delete(api, uuid, DEV).body == {"outcome": "kept"}
    assert _delete(api, uuid, PROD).body == {"outcome": "released"}


def test_a_person_deletes_whoever_declares_it(api: Api) -> None:
    assert _delete(api, _uuid(_post(api, **_at()))).body == {"outcome": "deleted"}


def test_a_change_may_move_the_declaration(api: Api) -> None:
    uuid, moved = _uuid(_post(api, **_at())), _at(path="encord:AwsIntegration::moved")
    assert api.send(method="PATCH", path=f"{INTEGRATIONS}/{uuid}", body=moved).status == 200
    assert _uuid(_post(api, **moved)) == uuid != _uuid(_post(api, **_at()))


def test_a_change_may_free_the_declaration(api: Api) -> None:
    uuid = _uuid(_post(api, **_at()))
    freed = api.send(method="PATCH", path=f"{INTEGRATIONS}/{uuid}", body={"declaredAs": None})
    assert freed.body["declaredAs"] is None
    assert _uuid(_post(api, **_at())) != uuid


def test_a_change_may_not_take_anothers_declaration(api: Api) -> None:
    _post(api, **_at())
    uuid = api.create()["integrationUuid"]
    answer = api.send(method="PATCH", path=f"{INTEGRATIONS}/{uuid}", body={**_at(), "title": "Lost"})
    _refused(answer, "declaration_taken")
    assert api.send(path=f"{INTEGRATIONS}/{uuid}").body["title"] == AWS["title"]


def test_a_stack_that_lost_its_state_is_told_of_the_living(api: Api) -> None:
    old = _uuid(_post(api, **_at(DEV)))
    assert _post(api, **_at(PROD)).body["lookalikes"] == [old]
    assert _post(api, **_at(str(uuid4())), title="Else").body["lookalikes"] == []
    assert _post(api, OUTSIDER, **_at(str(uuid4()))).body["lookalikes"] == []
