"""An object is given back: by whom it is declared is looked at first, and may have changed since."""

from typing import Any

import pytest

from pulumi_encord_integrations.client import groups, integrations
from pulumi_encord_integrations.client.errors import Refused
from tests.support.api import AWS, INTEGRATIONS, Api
from tests.support.people import GROUPS, everything, refused

SHOWN, OTHER = "11111111-2222-4333-8444-555555555555", "99999999-aaaa-4bbb-8ccc-dddddddddddd"
NOUNS: dict[str, tuple[str, Any]] = {
    "integration": (INTEGRATIONS, AWS),
    "group": (GROUPS, {"name": "Team"}),
}


def _at(stack: str, **more: Any) -> dict[str, Any]:
    place = {"stackId": stack, "path": "encord:Object::one", "project": "data", "stack": stack[:4]}
    return {"declaredAs": place, **more}


@pytest.fixture(params=NOUNS)
def place(request: pytest.FixtureRequest, api: Api) -> str:
    """The path of an object that a stack declares."""
    path, body = NOUNS[request.param]
    made = api.send(method="POST", path=path, body={**body, **_at(SHOWN)}).body
    return f"{path}/{made.get('groupHash') or made['integration']['integrationUuid']}"


def _release(api: Api, place: str, by: str | None) -> Any:
    return api.send(method="PATCH", path=place, body={"declaredAs": None}, query={"declaredBy": by})


def _taken_over(api: Api, place: str) -> None:
    path, _, uuid = place.rpartition("/")
    body = {**dict(NOUNS.values())[path], **_at(OTHER, adopt=uuid, adoptFrom=SHOWN)}
    answer = api.send(method="POST", path=path, body=body)
    assert answer.status == 200, answer.body


@pytest.mark.parametrize("by", [SHOWN, None])
def test_it_is_released_from_the_stack_that_declares_it(api: Api, place: str, by: str | None) -> None:
    assert _release(api, place, by).body["declaredAs"] is None


def test_a_release_that_comes_again_finds_it_free(api: Api, place: str) -> None:
    assert [_release(api, place, SHOWN).status for _ in range(2)] == [200, 200]


def test_it_is_not_released_from_a_stack_that_took_it_over_since(api: Api, place: str) -> None:
    _taken_over(api, place)
    before = everything(api)
    answer = _release(api, place, SHOWN)
    assert refused(api, answer, before) == (409, "declared_elsewhere")
    assert answer.body["message"].endswith(f"is declared by data/{OTHER[:4]}, Object::one by now")
    assert _release(api, place, OTHER).body["declaredAs"] is None


def test_the_stack_that_let_it_go_can_no_longer_end_it(api: Api, place: str) -> None:
    _release(api, place, SHOWN)
    answer = api.send(method="DELETE", path=place, query={"declaredBy": SHOWN})
    assert answer.body == {"outcome": "kept"}


def test_the_client_says_for_which_stack(api: Api, place: str) -> None:
    _taken_over(api, place)
    update = groups.update if GROUPS in place else integrations.update
    with pytest.raises(Refused) as refusal:
        update(api.client(), place.rpartition("/")[2], {"declaredAs": None}, SHOWN)
    assert refusal.value.code == "declared_elsewhere"
