"""A wrong body never takes the lock that writers wait for, and little of it is looked at."""

import inspect
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest

from pulumi_encord_integrations.server.lazy_routes import LazyRoute
from tests.support.accounts import ACCOUNTS
from tests.support.api import AWS, INTEGRATIONS, MEMBER, OUTSIDER, Answer, Api
from tests.support.people import GROUPS, USERS, group, post
from tests.support.sas import OVER, formerly
from tests.support.types import CASES

ONE = f"{INTEGRATIONS}/{{uuid}}"
ELSEWHERE = {"videos": [{"objectUrl": "s3://other/x"}]}
WRONG: list[tuple[str, str, Any]] = [
    ("POST", INTEGRATIONS, {**AWS, "roleArn": "x"}),
    ("POST", INTEGRATIONS, {**AWS, "buckets": []}),
    ("PATCH", ONE, {"roleArn": "x"}),
    ("PATCH", ONE, {"overVpn": True}),
    ("PATCH", ONE, {"declaredAs": {}}),
    ("PUT", f"{ONE}/signed-url-expiry", {"duration": "soon"}),
    ("PUT", f"{ONE}/members", {"members": [{"user": "x", "role": "user"}]}),
    ("PATCH", f"{ONE}/members", {"remove": [{}]}),
    ("POST", f"{ONE}/users", {"userEmails": [], "userRole": "user"}),
    ("POST", f"{ONE}/users/bulk-delete", {"userEmails": ["x"]}),
    ("POST", f"{ONE}/groups", {"groupHashList": ["x"], "userRole": "user"}),
    ("POST", f"{ONE}/registrations", ELSEWHERE),
    ("POST", f"{ONE}/registrations", {"videos": [], "batch": "x"}),
    ("POST", f"{ONE}/registrations/known-batches", {"batches": ["x"]}),
    ("POST", f"{ONE}/access-check", {"urls": ["https://app.test/a"]}),
    ("POST", f"{ONE}/signed-urls", {"objectUrls": ["s3://other/x"]}),
    ("POST", GROUPS, {"name": ""}),
    ("PATCH", f"{GROUPS}/{{group}}", {"name": ""}),
    ("POST", f"{GROUPS}/{{group}}/users", {"userEmails": ["x"]}),
    ("POST", f"{GROUPS}/{{group}}/users/bulk-delete", {"userEmails": ["x"]}),
    ("POST", USERS, {"email": "x"}),
    ("PATCH", f"{USERS}/{{email}}", {"roleMnemonicName": "x"}),
    ("PATCH", f"{USERS}/{{email}}", {"memberType": "external", "roleMnemonicName": "ADMIN"}),
    ("POST", f"{USERS}/{{email}}/keys", {"publicKey": "x"}),
    ("POST", f"{USERS}/{{email}}/invitations", {"scope": "x"}),
    ("POST", "/v2/public/user/keys", {"publicKey": "x"}),
    ("POST", "/v2/public/user/accept-invitation", {"token": ""}),
    ("POST", ACCOUNTS, {"name": "X"}),
    ("PATCH", f"{ACCOUNTS}/{{name}}", {"roleMnemonicName": "TASKER"}),
]
IDS = [f"{method} {path} {list(body)[-1]}" for method, path, body in WRONG]
HALF = "a\ud800b"
PLACE = {"project": "p", "stack": "s", "path": "r", "stackId": str(uuid4())}
HALF_PLACES: list[Any] = [{**PLACE, key: HALF} for key in PLACE]
ITEM: dict[str, Any] = {"objectUrl": "s3://acme-training/1.mp4"}
HALVES: list[tuple[str, str, Any]] = [
    ("POST", INTEGRATIONS, {**AWS, "title": HALF}),
    *(("POST", INTEGRATIONS, {**AWS, "declaredAs": place}) for place in HALF_PLACES),
    ("POST", INTEGRATIONS, {**AWS, "nonce": HALF}),
    ("POST", INTEGRATIONS, {**AWS, "buckets": [{"name": "acme-training", "prefixes": [HALF]}]}),
    ("POST", INTEGRATIONS, {**AWS, HALF: 1}),
    ("PATCH", ONE, {"title": HALF}),
    ("PATCH", f"{ONE}/members", {"set": [{"user": f"{HALF}@example.com", "role": "user"}]}),
    ("POST", f"{ONE}/registrations", {"videos": [{**ITEM, "title": HALF}]}),
    ("POST", f"{ONE}/registrations", {"videos": [{**ITEM, "clientMetadata": {HALF: 1}}]}),
    ("POST", f"{ONE}/registrations", {"videos": [{**ITEM, "clientMetadata": {"x": [HALF]}}]}),
    ("POST", f"{ONE}/registrations", {"videos": [{"objectUrl": f"s3://acme-training/{HALF}"}]}),
    ("POST", f"{ONE}/registrations", {"videos": [ITEM], "batch": HALF}),
    ("POST", f"{ONE}/signed-urls", {"objectUrls": [f"s3://acme-training/{HALF}"]}),
    ("POST", GROUPS, {"name": HALF}),
    ("POST", GROUPS, {"name": "Team", "description": HALF}),
    ("POST", USERS, {"email": f"{HALF}@example.com"}),
]
MANY = 2_000


@pytest.fixture
def ids(on_sqlite: Api) -> dict[str, str]:
    return {
        "uuid": on_sqlite.create()["integrationUuid"],
        "group": group(on_sqlite, MEMBER),
        "email": OUTSIDER,
        "name": post(on_sqlite, ACCOUNTS, {"name": "ci-deploy"}).body["name"],
    }


class Locks:
    """How often a transaction for writing was begun."""

    def __init__(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        self.taken, self._write = 0, api.database.write
        monkeypatch.setattr(api.database, "write", self.write)

    @contextmanager
    def write(self) -> Iterator[Any]:
        self.taken += 1
        with self._write() as connection:
            yield connection


@pytest.mark.parametrize(("method", "path", "body"), WRONG, ids=IDS)
def test_a_wrong_body_takes_the_lock_for_its_audit_entry_alone(
    on_sqlite: Api,
    ids: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    path: str,
    body: Any,
) -> None:
    locks = Locks(on_sqlite, monkeypatch)
    answer = on_sqlite.send(method=method, path=path.format(**ids), body=body)
    assert (answer.status, locks.taken) == (400, 1), answer.body
    assert on_sqlite.rows("audit")[-1].outcome == "refused"


def test_every_route_that_takes_a_body_is_among_them(on_sqlite: Api) -> None:
    def shape(path: str) -> str:
        names = ("{group}", "{email}", "{uuid:uuid}", "{email:path}", "{email:email}", "{name}")
        for name in names:
            path = path.replace(name, "{uuid}")
        return path

    routes = [route for route in on_sqlite.app.router.routes if isinstance(route, LazyRoute)]
    taking = {
        (method, shape(route.path))
        for route in routes
        if "body" in inspect.signature(route.endpoint).parameters
        for method in route.methods or ()
    }
    assert taking == {(method, shape(path)) for method, path, _ in WRONG}


ANYBODY = {INTEGRATIONS, "/v2/public/user/keys", "/v2/public/user/accept-invitation"}
"""Whoever is known may create an integration, and register keys of their own."""


@pytest.mark.parametrize(("method", "path", "body"), [one for one in WRONG if one[1] not in ANYBODY])
def test_whoever_may_not_write_is_told_that_rather_than_what_is_wrong(
    on_sqlite: Api, ids: dict[str, str], method: str, path: str, body: Any
) -> None:
    answer = on_sqlite.send(who=OUTSIDER, method=method, path=path.format(**ids), body=body)
    assert answer.status == 403, answer.body
    other = path.format(
        **{**ids, "uuid": uuid4(), "group": uuid4(), "email": "nobody@example.com", "name": "nobody"}
    )
    if other != path:
        assert on_sqlite.send(method=method, path=other, body=body).status == 404


def test_a_change_is_judged_by_the_settings_that_it_changes(
    on_sqlite: Api, ids: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ONE.format(**ids)
    write, told = on_sqlite.database.write, []

    @contextmanager
    def first_another(*_: Any) -> Iterator[Any]:
        monkeypatch.setattr(on_sqlite.database, "write", write)
        told.append(on_sqlite.send(method="PATCH", path=path, body={"title": "Other", "region": "eu-west-1"}))
        with write() as connection:
            yield connection

    monkeypatch.setattr(on_sqlite.database, "write", first_another)
    answer = on_sqlite.send(method="PATCH", path=path, body={"title": "New"})
    assert [one.status for one in (*told, answer)] == [200, 200]
    assert (answer.body["title"], answer.body["region"]) == ("New", "eu-west-1")


def test_a_registration_is_judged_by_the_buckets_that_it_is_written_beside(
    on_sqlite: Api, ids: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ONE.format(**ids)
    write = on_sqlite.database.write

    @contextmanager
    def first_another(*_: Any) -> Iterator[Any]:
        monkeypatch.setattr(on_sqlite.database, "write", write)
        changed = on_sqlite.send(method="PATCH", path=path, body={"buckets": ["other"]})
        assert changed.status == 200
        with write() as connection:
            yield connection

    monkeypatch.setattr(on_sqlite.database, "write", first_another)
    body = {"videos": [{"objectUrl": "s3://acme-training/x"}]}
    answer = on_sqlite.send(method="POST", path=f"{path}/registrations", body=body)
    assert answer.refusal == (400, "invalid_request")
    assert on_sqlite.rows("registrations") == []


REPEATED: list[tuple[str, str, Any, Any]] = [
    ("PATCH", ONE, {"title": "New"}, ("DELETE", ONE, None)),
    (
        "POST",
        f"{ONE}/registrations",
        {"videos": [{"objectUrl": "s3://acme-training/x"}]},
        ("PATCH", ONE, {"buckets": ["other"]}),
    ),
    ("PATCH", f"{USERS}/{{email}}", {"memberType": "external"}, ("DELETE", f"{USERS}/{{email}}", None)),
]


@pytest.mark.parametrize(("method", "path", "body", "after"), REPEATED, ids=["change", "register", "user"])
def test_a_repeat_gets_the_first_answer_although_it_would_be_refused_now(
    on_sqlite: Api, ids: dict[str, str], method: str, path: str, body: Any, after: Any
) -> None:
    request = on_sqlite.request(method=method, path=path.format(**ids), body=body)
    first = on_sqlite.send(request)
    later, where, what = after
    assert on_sqlite.send(method=later, path=where.format(**ids), body=what).status == 200
    again = on_sqlite.send(request)
    assert (first.status, again.status, again.body) == (200, 200, first.body)


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_repeat_gets_the_first_answer_although_its_credential_has_ended(
    on_sqlite: Api, method: str
) -> None:
    azure = CASES["AZURE"].body()
    made = on_sqlite.send(method="POST", body=azure).body["integration"]["integrationUuid"]
    path, body = (INTEGRATIONS, azure) if method == "POST" else (f"{INTEGRATIONS}/{made}", {})
    asked = {**body, "sasToken": OVER}
    assert on_sqlite.send(method=method, path=path, body=asked).refusal == (400, "invalid_request")
    request = on_sqlite.request(method=method, path=path, body=asked)
    with formerly():
        first = on_sqlite.send(request)
    again = on_sqlite.send(request)
    assert (first.status, again.status, again.body) == (200, 200, first.body)


def _unknown(count: int) -> dict[str, int]:
    return {f"key{number}": 0 for number in range(count)}


FLOODS: dict[str, tuple[str, str, Any]] = {
    "e-mails": ("POST", f"{ONE}/users", {"userEmails": ["x"] * MANY, "userRole": "user"}),
    "members": ("PATCH", f"{ONE}/members", {"set": [{"user": "x", "role": "x"}] * MANY}),
    "members twice": ("PATCH", f"{ONE}/members", {"set": [{"user": MEMBER, "role": "user"}] * MANY}),
    "keys of a member": ("PUT", f"{ONE}/members", {"members": [_unknown(MANY)] * 5}),
    "keys of a body": ("POST", f"{GROUPS}/{{group}}/users", _unknown(MANY)),
    "keys of an integration": ("POST", INTEGRATIONS, {**AWS, **_unknown(MANY)}),
    "keys of a change": ("PATCH", ONE, _unknown(MANY)),
    "prefixes": ("PATCH", ONE, {"buckets": [{"name": "acme", "prefixes": ["/"] * 1_000}]}),
    "keys of a registration": ("POST", f"{ONE}/registrations", _unknown(MANY)),
    "keys of an item": ("POST", f"{ONE}/registrations", {"videos": [_unknown(MANY)]}),
    "keys of items": ("POST", f"{ONE}/registrations", {"videos": [_unknown(5)] * MANY}),
    "items": ("POST", f"{ONE}/registrations", {"videos": [{}] * MANY}),
    "urls": ("POST", f"{ONE}/signed-urls", {"objectUrls": ["s3://other/x"] * MANY}),
    "batches": ("POST", f"{ONE}/registrations/known-batches", {"batches": ["x"] * MANY}),
}


@pytest.mark.parametrize("case", FLOODS)
def test_of_many_problems_the_first_are_told_and_the_rest_is_not_looked_at(
    on_sqlite: Api, ids: dict[str, str], monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    method, path, body = FLOODS[case]
    compared: list[str] = []

    def none_near(key: str, *_: Any, **__: Any) -> list[str]:
        compared.append(key)
        return []

    monkeypatch.setattr("pulumi_encord_integrations.model.problems.get_close_matches", none_near)
    answer = on_sqlite.send(method=method, path=path.format(**ids), body=body)
    assert answer.status == 400
    assert "; and more than " in answer.body["message"], answer.body["message"][-200:]
    assert len(answer.body.get("errors", ())) <= 100
    assert len(answer.body["message"]) < 4_000
    assert len(compared) <= 100


def test_entries_far_behind_are_told_by_their_own_places(on_sqlite: Api, ids: dict[str, str]) -> None:
    emails = [f"p{number}@example.com" for number in range(950)]
    emails[333] = emails[777] = "x"
    body = {"userEmails": emails, "userRole": "user"}
    answer: Answer = on_sqlite.send(method="POST", path=f"{ONE.format(**ids)}/users", body=body)
    places = [part.partition(":")[0] for part in answer.body["message"].split("; ")]
    assert places == ["userEmails[333]", "userEmails[777]"]


def test_a_long_unknown_key_is_not_answered_whole(on_sqlite: Api, ids: dict[str, str]) -> None:
    path = f"{ONE.format(**ids)}/registrations"
    for body in ({"k" * 100_000: 1}, {"videos": [{"objectUrl": "a", "k" * 100_000: 1}]}):
        answer = on_sqlite.send(method="POST", path=path, body=body)
        assert answer.status == 400
        assert len(json.dumps(answer.body)) < 1_000


def test_half_characters_are_refused_in_every_text(on_sqlite: Api, ids: dict[str, str]) -> None:
    for method, path, body in HALVES:
        answer = on_sqlite.send(method=method, path=path.format(**ids), body=body)
        assert answer.status == 400, (path, body, answer.body)
