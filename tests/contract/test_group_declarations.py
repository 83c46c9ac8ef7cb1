"""Which group a declaration means: ownership keys, nonces, adoption, letting go."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from pulumi_encord_integrations.server.store import database, declarations
from tests.support.api import CREATOR, FOREIGNER, OUTSIDER, Answer, Api
from tests.support.people import (
    GROUPS,
    everything,
    granted,
    group,
    post,
    refused,
    role_of,
)

DEV, PROD = str(uuid4()), str(uuid4())


def _post(api: Api, who: str = CREATOR, **more: Any) -> Answer:
    return post(api, GROUPS, {"name": "Team", **more}, who)


def _uuid(answer: Answer) -> str:
    assert answer.status == 200, answer.body
    return str(answer.body["groupHash"])


def _delete(api: Api, uuid: str, stack: str | None = None) -> Answer:
    return api.send(method="DELETE", path=f"{GROUPS}/{uuid}", query={"declaredBy": stack})


def _read(api: Api, uuid: str, who: str = CREATOR) -> Answer:
    return api.send(who=who, path=f"{GROUPS}/{uuid}")


def _change(api: Api, uuid: str, **body: Any) -> Answer:
    return api.send(method="PATCH", path=f"{GROUPS}/{uuid}", body=body)


def _people(answer: Answer) -> list[str]:
    assert (answer.status, answer.body.get("nextPageToken")) == (200, None), answer.body
    return [row["userEmail"] for row in answer.body["results"]]


def _at(stack: str = DEV, path: str = "encord:UserGroup::team", **more: Any) -> dict[str, Any]:
    return {"declaredAs": {"stackId": stack, "path": path, "project": "p", "stack": "s"}, **more}


def test_one_declaration_is_one_group_with_the_new_settings(api: Api) -> None:
    first, again = _post(api, **_at()), _post(api, **_at(), name="New", description="d")
    assert _uuid(again) == _uuid(first)
    assert (first.body["created"], again.body["created"]) == (True, False)
    assert (again.body["name"], again.body["description"], again.body["adopted"]) == ("New", "d", False)
    assert again.body["declaredAs"]["path"] == _at()["declaredAs"]["path"]


@pytest.mark.parametrize("other", [_at(PROD), _at(path="encord:UserGroup::other")])
def test_another_stack_or_place_is_another_group(api: Api, other: Any) -> None:
    assert _uuid(_post(api, **_at())) != _uuid(_post(api, **other))


def test_the_same_declaration_in_another_organization_is_another_group(api: Api) -> None:
    assert _uuid(_post(api, **_at())) != _uuid(_post(api, FOREIGNER, **_at()))


def test_creates_without_a_declaration_are_always_new(api: Api) -> None:
    assert _uuid(_post(api)) != _uuid(_post(api))


def test_sixteen_creates_at_once_make_one_group(api: Api) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda i: _post(api, **_at(nonce=f"{i:016}")), range(16)))
    assert len({_uuid(answer) for answer in answers}) == len(api.rows("groups")) == 1
    assert sum(answer.body["created"] for answer in answers) == 1


def test_a_duplicate_while_alive_reverts_nothing(api: Api) -> None:
    uuid = _uuid(_post(api, **_at(nonce="n" * 16)))
    _change(api, uuid, name="Later")
    again = _post(api, **_at(nonce="n" * 16))
    assert (_uuid(again), again.body["created"], again.body["name"]) == (uuid, False, "Later")


def test_a_late_duplicate_does_not_revive(api: Api) -> None:
    _delete(api, _uuid(_post(api, **_at(nonce="n" * 16))))
    assert _post(api, **_at(nonce="n" * 16)).refusal == (409, "created_before")
    assert not api.rows("groups")


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


def test_a_nonce_of_an_integration_makes_no_group(local: Api) -> None:
    local.create(nonce="n" * 16)
    assert _post(local, nonce="n" * 16).refusal == (409, "created_before")


def test_adoption_takes_the_one_of_that_name_with_its_people(api: Api) -> None:
    group(api, name="team")
    made = group(api, OUTSIDER)
    adopted = _post(api, **_at(adopt=True), description="d")
    assert (_uuid(adopted), adopted.body["created"], adopted.body["adopted"]) == (made, False, True)
    assert adopted.body["description"] == "d"
    assert _people(api.send(path=f"{GROUPS}/{made}/users")) == [OUTSIDER]
    assert _uuid(_post(api, **_at(adopt=True), name="Renamed")) == made


def test_adoption_of_none_says_what_to_do(api: Api) -> None:
    group(api, who=FOREIGNER)
    before = everything(api)
    answer = _post(api, **_at(adopt=True))
    assert refused(api, answer, before) == (409, "nothing_to_adopt")
    assert (answer.body["message"], answer.body["hint"]) == (
        'there is no user group "Team"',
        "Drop adopt to create it",
    )


def test_adoption_of_several_names_them(api: Api) -> None:
    made = [group(api) for _ in range(2)]
    answer = _post(api, **_at(adopt=True))
    assert answer.refusal == (409, "several_to_adopt")
    assert all(uuid in answer.body["message"] for uuid in made)
    assert '2 user groups are named "Team"' in answer.body["message"]


def test_adoption_of_what_the_same_stack_declares_elsewhere_is_refused(api: Api) -> None:
    _post(api, **_at())
    answer = _post(api, **_at(path="encord:UserGroup::copy", adopt=True))
    assert answer.refusal == (409, "declared_twice")
    assert "UserGroup::team" in answer.body["message"]


def test_adoption_without_a_declaration_is_refused(api: Api) -> None:
    assert _post(api, adopt=True).refusal == (400, "invalid_request")


def test_what_was_made_here_is_deleted(api: Api) -> None:
    assert _delete(api, _uuid(_post(api, **_at())), DEV).body == {"outcome": "deleted"}
    assert not api.rows("groups")


def test_what_was_adopted_is_released_with_its_people_and_access(api: Api, integration: Any) -> None:
    made, uuid = group(api, OUTSIDER), integration["integrationUuid"]
    granted(api, uuid, {f"group:{made}": "user"})
    _post(api, **_at(adopt=True), description="d")
    assert _delete(api, made, DEV).body == {"outcome": "released"}
    left = _read(api, made).body
    assert (left["description"], left["adopted"], left["declaredAs"]) == ("d", False, None)
    assert role_of(api, uuid, OUTSIDER) == "user"


def test_what_another_stack_took_over_is_kept(api: Api) -> None:
    uuid = _uuid(_post(api, **_at(DEV)))
    assert _uuid(_post(api, **_at(PROD, adopt=True))) == uuid
    assert _delete(api, uuid, DEV).body == {"outcome": "kept"}
    assert _delete(api, uuid, PROD).body == {"outcome": "released"}


def test_a_person_deletes_whoever_declares_it(api: Api) -> None:
    assert _delete(api, _uuid(_post(api, **_at()))).body == {"outcome": "deleted"}


def test_a_change_may_move_the_declaration_but_not_take_anothers(api: Api) -> None:
    uuid, moved = _uuid(_post(api, **_at())), _at(path="encord:UserGroup::moved")
    assert _change(api, uuid, **moved).status == 200
    other = _uuid(_post(api, **_at()))
    assert _uuid(_post(api, **moved)) == uuid != other
    before = everything(api)
    answer = _change(api, other, **moved, name="Lost")
    assert refused(api, answer, before) == (409, "declaration_taken")


def test_a_stack_that_lost_its_state_is_told_of_the_living(api: Api) -> None:
    old = _uuid(_post(api, **_at(DEV)))
    assert _post(api, **_at(PROD)).body["lookalikes"] == [old]
    assert _post(api, **_at(str(uuid4())), name="Else").body["lookalikes"] == []
    assert _post(api, FOREIGNER, **_at(str(uuid4()))).body["lookalikes"] == []


def test_a_name_to_adopt_is_one_however_its_letters_are_composed(api: Api) -> None:
    made = _uuid(_post(api, name="Zu\u0308rich"))
    assert _uuid(_post(api, name="Z\u00fcrich", **_at(adopt=True))) == made
