"""Who may do what: every route, for everyone in the cast."""

from typing import Any
from uuid import uuid4

import pytest

from tests.support.api import (
    AWS,
    BOSS,
    CAST,
    CREATOR,
    FOREIGNER,
    INTEGRATIONS,
    MEMBER,
    NOBODY,
    OUTSIDER,
    REMOVED,
    Api,
)

OK = (200, "")
NO_KEY = (401, "not_authenticated")
NO_USER = (403, "not_in_organization")
NO_MEMBER = (403, "not_a_member")
NO_ADMIN = (403, "not_an_admin")
GONE = (404, "integration_not_found")
STRANGERS = {REMOVED: NO_USER, NOBODY: NO_KEY}

ONE = f"{INTEGRATIONS}/{{uuid}}"
ANYONE = dict.fromkeys(CAST, OK) | STRANGERS
VIEW = {CREATOR: OK, MEMBER: OK, OUTSIDER: NO_MEMBER, BOSS: OK, FOREIGNER: GONE} | STRANGERS
ADMIN = VIEW | {MEMBER: NO_ADMIN, BOSS: NO_ADMIN}

ROUTES: dict[tuple[str, str], tuple[dict[str, tuple[int, str]], Any]] = {
    ("GET", INTEGRATIONS): (ANYONE, None),
    ("GET", f"{INTEGRATIONS}/search"): (ANYONE, None),
    ("POST", INTEGRATIONS): (ANYONE, AWS),
    ("GET", ONE): (VIEW, None),
    ("PATCH", ONE): (ADMIN, {"title": "Other"}),
    ("DELETE", ONE): (ADMIN, None),
    ("GET", "/v2/public/integration-principals"): (ANYONE, None),
    ("GET", "/v2/public/user/current-organisation"): (ANYONE, None),
    ("GET", "/v2/public/user/bearer-token"): (ANYONE, None),
}
CELLS = [(*route, who, expected[who], body) for route, (expected, body) in ROUTES.items() for who in CAST]


@pytest.mark.parametrize(("method", "path", "who", "expected", "body"), CELLS)
def test_each_route_admits_whom_it_should(
    local: Api, integration: Any, method: str, path: str, who: str, expected: tuple[int, str], body: Any
) -> None:
    path = path.format(uuid=integration["integrationUuid"])
    answer = local.send(who=who, method=method, path=path, body=body)
    assert (answer.status, answer.body.get("code", "")) == expected


@pytest.mark.parametrize("who", [OUTSIDER, FOREIGNER, REMOVED, NOBODY])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_whoever_is_no_member_learns_nothing(local: Api, integration: Any, who: str, method: str) -> None:
    answer = local.send(who=who, method=method, path=f"{INTEGRATIONS}/{integration['integrationUuid']}")
    for word in (integration["title"], integration["externalId"], CREATOR):
        assert word not in str(answer.body)


def test_the_table_holds_every_route_of_the_schema(local: Api) -> None:
    paths = local.app.openapi()["paths"]
    routes = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert routes - {("GET", "/healthz")} == set(ROUTES)


@pytest.mark.parametrize("path", ["", "/search"])
@pytest.mark.parametrize(
    ("who", "all_", "seen"),
    [
        (CREATOR, False, 1),
        (MEMBER, True, 1),
        (OUTSIDER, True, 0),
        (BOSS, False, 0),
        (BOSS, True, 1),
        (FOREIGNER, True, 0),
    ],
)
def test_listings_show_what_one_may_view(
    local: Api, integration: Any, path: str, who: str, all_: bool, seen: int
) -> None:
    answer = local.send(who=who, path=INTEGRATIONS + path, query={"includeOrgAccess": all_})
    assert len(answer.body.get("result", answer.body.get("results"))) == seen


def test_an_organization_admin_who_has_not_joined_has_no_role(local: Api, integration: Any) -> None:
    answer = local.send(who=BOSS, path=f"{INTEGRATIONS}/{integration['integrationUuid']}")
    assert answer.body["role"] is None


def test_another_organizations_object_looks_like_none(local: Api, integration: Any) -> None:
    theirs = local.send(who=FOREIGNER, path=f"{INTEGRATIONS}/{integration['integrationUuid']}")
    none = local.send(who=FOREIGNER, path=f"{INTEGRATIONS}/{uuid4()}")
    assert theirs.refusal == none.refusal == GONE


def test_credentials_are_proven_before_the_body_is_read(local: Api) -> None:
    request = local.request(method="POST", body={})
    del request.headers["Signature"]
    assert local.send(request).refusal == NO_KEY
