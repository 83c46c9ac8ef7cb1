"""What may be declared and sent of user groups."""

from typing import Any

import pytest

from pulumi_encord_integrations.model.base import Sent
from pulumi_encord_integrations.model.groups import (
    MAX_DESCRIPTION,
    GroupChange,
    GroupCreate,
    GroupSpec,
    GroupUsersSpec,
    GroupView,
)

TEAM = "0f5e0b1e-7a51-4d1c-9d0c-2f4f6c1b2a3d"
ADA = "ada@example.com"


def _problems(model: type[Sent], value: Any) -> list[str]:
    return [str(problem) for problem in model.examine(value)[1]]


@pytest.mark.parametrize("name", ["Team", "Zoë & Söhne", "日本", "x" * 255])
@pytest.mark.parametrize("description", ["", "one\ntwo", "x" * MAX_DESCRIPTION])
def test_names_and_descriptions_stay_as_they_are(name: str, description: str) -> None:
    spec = GroupSpec(name=name, description=description)
    assert (spec.name, spec.description) == (name, description)


def test_letters_have_one_form() -> None:
    spec = GroupSpec(name="Zu\u0308rich", description="Zu\u0308rich")
    assert spec.name == spec.description == "Z\u00fcrich"


WRONG = [
    ({}, "name: is required"),
    ({"name": ""}, "name: must not be empty"),
    ({"name": "x "}, "name: must not be empty or begin or end with a blank"),
    ({"name": "x" * 256}, "name: has 256 characters; at most 255"),
    ({"name": "x\u202e"}, "name: must not hold control or invisible"),
    ({"name": 7}, "name: must be a string"),
    ({"name": "x", "description": None}, "description: must be a string"),
    ({"name": "x", "description": "x" * 4097}, "description: has 4097 characters; at most 4096"),
    ({"name": "x", "description": "a\tb"}, "description: must not hold control or invisible"),
    ({"name": "x", "description": "\ud800"}, "description: must"),
    ({"name": "x", "title": "x"}, "title: groups have a name"),
    ({"name": "x", "descripton": ""}, 'descripton: unknown key "descripton"; did you mean "description"?'),
]


@pytest.mark.parametrize(("value", "said"), WRONG)
def test_what_is_wrong_is_told(value: Any, said: str) -> None:
    (problem,) = _problems(GroupSpec, value)
    assert problem.startswith(said)


def test_a_group_changes_in_place() -> None:
    assert GroupSpec(name="x").immutable() == {}


@pytest.mark.parametrize("value", [{}, {"name": None}, {"description": None}, {"description": ""}])
def test_what_is_absent_or_null_in_a_change_stays(value: dict[str, Any]) -> None:
    made, problems = GroupChange.examine(value)
    assert (problems, made and made.name) == ([], None)


def test_a_create_is_encords_own_or_a_declaration() -> None:
    assert not _problems(GroupCreate, {"name": "x", "description": ""})
    declared = {"stackId": TEAM, "path": "a"}
    assert not _problems(GroupCreate, {"name": "x", "declaredAs": declared, "adopt": True, "nonce": "n" * 16})
    assert _problems(GroupCreate, {"name": "x", "nonce": "n" * 15})


def test_an_answer_of_encords_is_read() -> None:
    view = GroupView.from_wire(
        {"groupHash": TEAM, "name": "x", "description": "", "createdAt": "2026-01-02T03:04:05Z", "more": 1}
    )
    assert (view.group_hash, view.created_at.year) == (TEAM, 2026)


def test_declared_users_read_from_a_list_and_from_a_state() -> None:
    given = (["BEN@example.com", ADA], {"ben@example.com": True, ADA: True})
    listed, kept = (GroupUsersSpec.model_validate({"group": TEAM.upper(), "users": users}) for users in given)
    assert listed == kept
    assert (listed.group, listed.users) == (TEAM, ["ben@example.com", ADA])


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"users": [ADA, "ADA@example.com"]}, f"users[1]: {ADA} stands there already, at 0"),
        ({"users": None}, "users: must be a list"),
        ({"users": [7]}, "users[0]: must be a string"),
        ({"users": [ADA], "group": "team"}, "group: must be the uuid of a user group"),
        ({"users": [ADA], "exclusive": "yes"}, "exclusive: must be true or false"),
    ],
)
def test_wrong_users_of_a_group_are_told(value: dict[str, Any], problem: str) -> None:
    assert _problems(GroupUsersSpec, {"group": TEAM, **value}) == [problem]
