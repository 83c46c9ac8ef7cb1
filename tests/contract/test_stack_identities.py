"""A stack's identity lets its holder declare in the stack's name: nobody reads one from the API."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.support.api import AWS, BOSS, CREATOR, INTEGRATIONS, MEMBER, Answer, Api
from tests.support.people import GROUPS, granted, group, newcomer, post

MINE, OTHER = "11111111-2222-4333-8444-555555555555", "99999999-aaaa-4bbb-8ccc-dddddddddddd"
LEADER = "lea@example.com"  # Admin by a group
READERS = (CREATOR, LEADER, MEMBER, BOSS)
LISTED = "/v2/public/user/current-organisation/groups"
ONE, ONE_GROUP = f"{INTEGRATIONS}/{{uuid}}", f"{GROUPS}/{{uuid}}"
PLACE = {"path": "encord:AwsIntegration::prod", "project": "data", "stack": "live"}
NEXT = {**PLACE, "path": "encord:AwsIntegration::next"}
DECLARED = {"declaredAs": {**PLACE, "stackId": MINE}}
AGAIN: dict[tuple[str, str], Any] = {
    ("POST", INTEGRATIONS): {**AWS, **DECLARED},
    ("PATCH", ONE): {"title": "Renamed"},
    ("POST", GROUPS): {"name": "Declared", **DECLARED},
    ("PATCH", ONE_GROUP): {"description": "Who labels"},
}
"""Writes that answer views."""
READ = {("GET", f"{INTEGRATIONS}/search"), ("GET", ONE), ("GET", LISTED), ("GET", ONE_GROUP)}


@pytest.fixture
def declared(local: Api) -> dict[str, str]:
    """An integration and a group that a stack declares, each by the path of its route."""
    made = post(local, INTEGRATIONS, {**AWS, **DECLARED}).body["integration"]["integrationUuid"]
    crew = post(local, GROUPS, {"name": "Declared", **DECLARED}).body["groupHash"]
    newcomer(local, LEADER)
    granted(local, made, {MEMBER: "user", f"group:{group(local, LEADER, name='Leaders')}": "admin"})
    return {ONE: made, ONE_GROUP: crew}


def _properties(schema: Mapping[str, Any], part: Any, seen: set[str]) -> Iterator[str]:
    """Names of all that an answer may hold."""
    if isinstance(part, list):
        for one in part:
            yield from _properties(schema, one, seen)
    elif isinstance(part, Mapping):
        yield from part.get("properties", {})
        name = str(part.get("$ref", "")).rpartition("/")[2]
        if name and name not in seen:
            yield from _properties(schema, schema["components"]["schemas"][name], seen | {name})
        for one in part.values():
            yield from _properties(schema, one, seen)


def _answers(api: Api) -> dict[tuple[str, str], set[str]]:
    """Each route, and the names in its answers."""
    schema = api.app.openapi()
    return {
        (method.upper(), path): set(_properties(schema, route["responses"], set()))
        for path, methods in schema["paths"].items()
        for method, route in methods.items()
    }


def test_no_answer_of_any_route_has_a_name_for_the_identity(on_sqlite: Api) -> None:
    answers = _answers(on_sqlite)
    assert [route for route, names in answers.items() if "stackId" in names] == []
    # What answers whole integrations embeds them without a schema of its own.
    shown = {route for route, names in answers.items() if "declaredHere" in names}
    assert shown | {("POST", INTEGRATIONS)} == READ | AGAIN.keys()


def _send(api: Api, declared: Mapping[str, str], who: str, route: tuple[str, str], **more: Any) -> Answer:
    method, path = route
    uuid = declared[ONE_GROUP if path.startswith(GROUPS) else ONE]
    query = {"includeOrgAccess": True, "userEmail": MEMBER, **more}
    place = path.format(uuid=uuid, email=MEMBER, name="nobody")
    return api.send(who=who, method=method, path=place, body=AGAIN.get(route), query=query)


@pytest.mark.parametrize("who", READERS)
def test_nobody_reads_an_identity(local: Api, declared: dict[str, str], who: str) -> None:
    routes = [route for route in _answers(local) if route[0] == "GET" or route in AGAIN]
    read = {route: _send(local, declared, who, route) for route in routes if "health" not in route[1]}
    texts = {route: json.dumps(answer.body) for route, answer in read.items()}
    assert [route for route, text in texts.items() if MINE in text or "stackId" in text] == []
    shown = {route for route, text in texts.items() if "declaredHere" in text}
    assert shown >= READ
    # Nor does a refusal to take it over tell one.
    adopting = {"declaredAs": {**NEXT, "stackId": OTHER, "stack": "dev"}, "adopt": True}
    for path, body in ((INTEGRATIONS, AWS), (GROUPS, {"name": "Declared"})):
        assert MINE not in json.dumps(post(local, path, {**body, **adopting}, who).body)


def test_with_all_that_a_user_reads_he_cannot_take_the_next_path(
    local: Api, declared: dict[str, str]
) -> None:
    seen = json.dumps([_send(local, declared, MEMBER, route).body for route in READ])
    guesses = {word for word in seen.split('"') if len(word) == len(MINE) and word.count("-") == 4}
    assert declared[ONE] in guesses
    for guess in guesses:
        post(local, INTEGRATIONS, {**AWS, "declaredAs": {**NEXT, "stackId": guess}}, MEMBER)
    made = post(local, INTEGRATIONS, {**AWS, "declaredAs": {**NEXT, "stackId": MINE}})
    assert (made.status, made.body.get("created")) == (200, True)


@pytest.mark.parametrize("route", sorted(READ))
@pytest.mark.parametrize(("stack", "here"), [(MINE, True), (OTHER, False), (None, False)])
def test_a_stack_is_told_what_is_declared_in_it(
    local: Api, declared: dict[str, str], route: tuple[str, str], stack: str | None, here: bool
) -> None:
    body = _send(local, declared, MEMBER, route, stackId=stack).body
    rows = body.get("results", [body])
    known = set(declared.values())
    [row] = [row for row in rows if known & {row.get("integrationUuid"), row.get("groupHash")}]
    assert (row["declaredAs"], row["declaredHere"]) == (PLACE, here)


@pytest.mark.parametrize("path", [ONE, ONE_GROUP])
def test_a_change_answers_for_the_stack_that_asks(local: Api, declared: dict[str, str], path: str) -> None:
    def changed(body: Any, by: str | None = None) -> bool:
        place = path.format(uuid=declared[path])
        answer = local.send(method="PATCH", path=place, body=body, query={"declaredBy": by})
        assert answer.status == 200, answer.body
        return bool(answer.body["declaredHere"])

    assert [changed({}, by) for by in (MINE, OTHER, None)] == [True, False, False]
    moved = {"declaredAs": {**NEXT, "stackId": OTHER}}
    assert changed(moved, MINE)
    assert changed({}, OTHER)


@pytest.mark.parametrize("path", [ONE, ONE_GROUP])
@pytest.mark.parametrize("body", [{"declaredAs": None}, {}])
def test_a_person_names_the_stack_that_was_shown(
    local: Api, declared: dict[str, str], path: str, body: Any
) -> None:
    place = path.format(uuid=declared[path])
    answer = local.send(method="PATCH", path=place, body=body, query={"declaredIn": "data/dev"})
    assert answer.refusal == (409, "declared_elsewhere")
    assert local.send(path=place).body["declaredAs"] == PLACE
    answer = local.send(method="PATCH", path=place, body=body, query={"declaredIn": "data/live"})
    assert (answer.status, answer.body["declaredAs"]) == (200, PLACE if not body else None)
