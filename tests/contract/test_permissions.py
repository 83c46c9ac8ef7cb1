"""Who may do what: every route, for everyone in the cast."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi import APIRouter, FastAPI

from pulumi_encord_integrations.server.store.tables import metadata
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

UNSIGNED = "a request without credentials"
COLUMNS = (CREATOR, MEMBER, BOSS, OUTSIDER, FOREIGNER, REMOVED, NOBODY, UNSIGNED)
"""Admin, User, organization Admin not joined, member not added, another organization's Admin, nobodies."""

OK = (200, "")
NO_KEY = (401, "not_authenticated")
NO_USER = (403, "not_in_organization")
NO_MEMBER = (403, "not_a_member")
NO_ADMIN = (403, "not_an_admin")
GONE = (404, "integration_not_found")

Verdict = tuple[int, str]
ONE = f"{INTEGRATIONS}/{{uuid}}"
ANYONE = (OK, OK, OK, OK, OK, NO_USER, NO_KEY, NO_KEY)
WHO_VIEWS = (OK, OK, OK, NO_MEMBER, GONE, NO_USER, NO_KEY, NO_KEY)
WHO_ADMINISTERS = (OK, NO_ADMIN, NO_ADMIN, NO_MEMBER, GONE, NO_USER, NO_KEY, NO_KEY)
WHOEVER = (OK,) * len(COLUMNS)

ROUTES: dict[tuple[str, str], tuple[Verdict, ...]] = {
    ("GET", INTEGRATIONS): ANYONE,
    ("GET", f"{INTEGRATIONS}/search"): ANYONE,
    ("POST", INTEGRATIONS): ANYONE,
    ("GET", ONE): WHO_VIEWS,
    ("PATCH", ONE): WHO_ADMINISTERS,
    ("DELETE", ONE): WHO_ADMINISTERS,
    ("GET", "/v2/public/integration-principals"): ANYONE,
    ("GET", "/v2/public/user/current-organisation"): ANYONE,
    ("GET", "/v2/public/user/bearer-token"): ANYONE,
    ("GET", "/healthz"): WHOEVER,
}
BODIES = {"POST": AWS, "PATCH": {"title": "Other"}}
CELLS = [
    (*route, who, verdict) for route, row in ROUTES.items() for who, verdict in zip(COLUMNS, row, strict=True)
]


def _routes(app: FastAPI) -> set[tuple[str, str]]:
    paths = app.openapi()["paths"]
    return {(method.upper(), path) for path, methods in paths.items() for method in methods}


def _hidden(routes: Iterable[Any]) -> Iterator[str]:
    """Paths that the schema does not name."""
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is not None:
            yield from _hidden(included.routes)
        elif not getattr(route, "include_in_schema", False):
            yield route.path


def _request(api: Api, who: str, method: str, path: str) -> httpx2.Request:
    body = BODIES.get(method)
    if who == UNSIGNED or path == "/healthz":
        return api.http().build_request(method, path, json=body)
    return api.request(who, method, path, body)


def _everything(api: Api) -> dict[str, Any]:
    return {table: api.rows(table) for table in metadata.tables}


@pytest.mark.parametrize(("method", "path", "who", "verdict"), CELLS)
def test_each_route_admits_whom_it_should_and_nobody_else_has_an_effect(
    local: Api, integration: Any, method: str, path: str, who: str, verdict: Verdict
) -> None:
    request = _request(local, who, method, path.format(uuid=integration["integrationUuid"]))
    before = _everything(local)
    answer = local.send(request)
    assert (answer.status, answer.body.get("code", "")) == verdict
    acts = method != "GET" and verdict == OK
    assert (_everything(local) != before) == acts


def test_the_table_holds_every_route_and_everybody(local: Api) -> None:
    assert _routes(local.app) == set(ROUTES)
    assert set(_hidden(local.app.routes)) == {"/openapi.json"}
    assert {*CAST, UNSIGNED} == set(COLUMNS)


@pytest.mark.parametrize("in_schema", [True, False])
def test_a_new_route_is_missed_in_the_table(local: Api, in_schema: bool) -> None:
    more = APIRouter()
    more.add_api_route("/new", lambda: None, methods=["PUT"], include_in_schema=in_schema)
    local.app.include_router(more, prefix="/v2/public")
    with pytest.raises(AssertionError, match="/new"):
        test_the_table_holds_every_route_and_everybody(local)


@pytest.mark.parametrize("who", [OUTSIDER, FOREIGNER, REMOVED, NOBODY])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_whoever_is_no_member_learns_nothing(local: Api, integration: Any, who: str, method: str) -> None:
    answer = local.send(who=who, method=method, path=f"{INTEGRATIONS}/{integration['integrationUuid']}")
    for word in (integration["title"], integration["externalId"], CREATOR):
        assert word not in str(answer.body)


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
