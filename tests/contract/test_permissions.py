"""Who may do what: every route, for everyone in the cast."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi import APIRouter, FastAPI

from pulumi_encord_integrations.model.token_exchange import GRANT_TYPE, JWT
from pulumi_encord_integrations.server.clouds import aws_trust, bucket_checks
from pulumi_encord_integrations.server.clouds.adapter import AccessFinding, SignedObjects, Trust
from pulumi_encord_integrations.server.clouds.aws_sessions import RoleSessions
from tests.support.accounts import ACCOUNTS, CI_EMAIL, account, auditor
from tests.support.accounts import CI as PIPELINE_NAME
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
from tests.support.people import ALL_GROUPS, GROUPS, USERS, everything, granted, group, newcomer
from tests.support.spare_keys import TOKEN, spare, spare_keys

LEADER = "lea@example.com"  # Admin by a group
READER = "roy@example.com"  # User by a group
UNSIGNED = "a request without credentials"
COLUMNS: tuple[str, ...] = (
    CREATOR,
    LEADER,
    MEMBER,
    READER,
    BOSS,
    OUTSIDER,
    FOREIGNER,
    REMOVED,
    NOBODY,
    UNSIGNED,
)
"""Admin (and organization Admin), Admin by group, User, User by group, organization Admin not joined,
member of the organization not added, another organization's Admin, nobodies."""

OK = (200, "")
NO_KEY = (401, "not_authenticated")
NO_USER = (403, "not_in_organization")
NO_MEMBER = (403, "not_a_member")
NO_ADMIN = (403, "not_an_admin")
NO_BOSS = (403, "not_an_organization_admin")
GONE = (404, "integration_not_found")
NO_GROUP = (404, "group_not_found")
NO_PERSON = (404, "user_not_found")
NO_ACCOUNT = (404, "service_account_not_found")
EXCHANGE = "/v2/public/oauth/token"
NO_GRANT = (400, "invalid_grant")
"""Whoever calls: only a token of an issuer counts there."""
HEALTH = ("/healthz", "/livez", "/readyz")

Verdict = tuple[int, str]
ONE = f"{INTEGRATIONS}/{{uuid}}"
TEAM = f"{GROUPS}/{{uuid}}"
PERSON = f"{USERS}/{{email}}"
ACCOUNT = f"{ACCOUNTS}/{{name}}"
OWN_KEYS = "/v2/public/user/keys"
KEYS = f"{PERSON}/keys"
AUDIT = "/v2/public/organisation/audit"
INVITATIONS = f"{PERSON}/invitations"
ACCEPT = "/v2/public/user/accept-invitation"
NOBODIES = (NO_USER, NO_KEY, NO_KEY)
# Admin, Admin by group, User, User by group, organization Admin, not added, foreigner
ANYONE = (OK, OK, OK, OK, OK, OK, OK, *NOBODIES)
WHO_VIEWS = (OK, OK, OK, OK, OK, NO_MEMBER, GONE, *NOBODIES)
WHO_READS = (OK, OK, OK, OK, NO_MEMBER, NO_MEMBER, GONE, *NOBODIES)
WHO_ADMINISTERS = (OK, OK, NO_ADMIN, NO_ADMIN, NO_ADMIN, NO_MEMBER, GONE, *NOBODIES)
WHO_JOINS = (OK, NO_BOSS, NO_BOSS, NO_BOSS, OK, NO_MEMBER, GONE, *NOBODIES)
WHO_SEES_PEOPLE = (OK, OK, OK, OK, OK, OK, NO_PERSON, *NOBODIES)
WHO_SEES_GROUPS = (OK, OK, OK, OK, OK, OK, NO_GROUP, *NOBODIES)
WHO_MAKES_GROUPS = (OK, NO_BOSS, NO_BOSS, NO_BOSS, OK, NO_BOSS, OK, *NOBODIES)
WHO_CHANGES_GROUPS = (OK, NO_BOSS, NO_BOSS, NO_BOSS, OK, NO_BOSS, NO_GROUP, *NOBODIES)
WHO_ADDS_PEOPLE = WHO_MAKES_GROUPS
WHO_CHANGES_PEOPLE = (OK, NO_BOSS, NO_BOSS, NO_BOSS, OK, NO_BOSS, NO_PERSON, *NOBODIES)
WHO_CHANGES_ACCOUNTS = (OK, NO_BOSS, NO_BOSS, NO_BOSS, OK, NO_BOSS, NO_ACCOUNT, *NOBODIES)
WHO_ACCEPTS = (*[(409, "key_exists")] * 7, NO_USER, OK, NO_KEY)
"""Keys that are registered accept no invitation."""
WHOEVER = (OK,) * len(COLUMNS)

ROUTES: dict[tuple[str, str], tuple[Verdict, ...]] = {
    ("GET", INTEGRATIONS): ANYONE,
    ("GET", f"{INTEGRATIONS}/search"): ANYONE,
    ("POST", INTEGRATIONS): ANYONE,
    ("GET", ONE): WHO_VIEWS,
    ("PATCH", ONE): WHO_ADMINISTERS,
    ("DELETE", ONE): WHO_ADMINISTERS,
    ("GET", f"{INTEGRATIONS}/last-writes"): ANYONE,
    ("GET", f"{ONE}/last-write"): WHO_ADMINISTERS,
    ("GET", f"{ONE}/signed-url-expiry"): WHO_READS,
    ("PUT", f"{ONE}/signed-url-expiry"): WHO_ADMINISTERS,
    ("DELETE", f"{ONE}/signed-url-expiry"): WHO_ADMINISTERS,
    ("POST", f"{ONE}/access-check"): WHO_ADMINISTERS,
    ("POST", f"{ONE}/signed-urls"): WHO_READS,
    ("GET", f"{ONE}/registrations"): WHO_READS,
    ("POST", f"{ONE}/registrations"): WHO_ADMINISTERS,
    ("DELETE", f"{ONE}/registrations"): WHO_ADMINISTERS,
    ("POST", f"{ONE}/registrations/known-batches"): WHO_ADMINISTERS,
    ("GET", f"{INTEGRATIONS}/members"): ANYONE,
    ("GET", f"{INTEGRATIONS}/access"): WHO_SEES_PEOPLE,
    ("GET", f"{ONE}/members"): WHO_ADMINISTERS,
    ("PUT", f"{ONE}/members"): WHO_ADMINISTERS,
    ("PATCH", f"{ONE}/members"): WHO_ADMINISTERS,
    ("POST", f"{ONE}/join"): WHO_JOINS,
    ("GET", f"{ONE}/users"): WHO_ADMINISTERS,
    ("POST", f"{ONE}/users"): WHO_ADMINISTERS,
    ("POST", f"{ONE}/users/bulk-delete"): WHO_ADMINISTERS,
    ("GET", f"{ONE}/groups"): WHO_ADMINISTERS,
    ("POST", f"{ONE}/groups"): WHO_ADMINISTERS,
    ("DELETE", f"{ONE}/groups"): WHO_ADMINISTERS,
    ("GET", ALL_GROUPS): ANYONE,
    ("POST", GROUPS): WHO_MAKES_GROUPS,
    ("GET", TEAM): WHO_SEES_GROUPS,
    ("GET", f"{GROUPS}/last-writes"): WHO_MAKES_GROUPS,
    ("GET", f"{TEAM}/last-write"): WHO_CHANGES_GROUPS,
    ("PATCH", TEAM): WHO_CHANGES_GROUPS,
    ("DELETE", TEAM): WHO_CHANGES_GROUPS,
    ("GET", f"{TEAM}/users"): WHO_SEES_GROUPS,
    ("POST", f"{TEAM}/users"): WHO_CHANGES_GROUPS,
    ("POST", f"{TEAM}/users/bulk-delete"): WHO_CHANGES_GROUPS,
    ("GET", USERS): ANYONE,
    ("POST", USERS): WHO_ADDS_PEOPLE,
    ("GET", PERSON): WHO_SEES_PEOPLE,
    ("PATCH", PERSON): WHO_CHANGES_PEOPLE,
    ("DELETE", PERSON): WHO_CHANGES_PEOPLE,
    ("GET", ACCOUNTS): WHO_MAKES_GROUPS,
    ("POST", ACCOUNTS): WHO_MAKES_GROUPS,
    ("GET", ACCOUNT): WHO_CHANGES_ACCOUNTS,
    ("PATCH", ACCOUNT): WHO_CHANGES_ACCOUNTS,
    ("DELETE", ACCOUNT): WHO_CHANGES_ACCOUNTS,
    ("GET", OWN_KEYS): ANYONE,
    ("POST", OWN_KEYS): ANYONE,
    ("DELETE", f"{OWN_KEYS}/{{uuid}}"): ANYONE,
    ("GET", KEYS): WHO_CHANGES_PEOPLE,
    ("POST", KEYS): WHO_CHANGES_PEOPLE,
    ("DELETE", f"{KEYS}/{{uuid}}"): WHO_CHANGES_PEOPLE,
    ("GET", INVITATIONS): WHO_CHANGES_PEOPLE,
    ("POST", INVITATIONS): WHO_CHANGES_PEOPLE,
    ("DELETE", f"{INVITATIONS}/{{uuid}}"): WHO_CHANGES_PEOPLE,
    ("POST", ACCEPT): WHO_ACCEPTS,
    ("GET", AUDIT): WHO_MAKES_GROUPS,
    ("GET", f"{AUDIT}/head"): WHO_MAKES_GROUPS,
    ("GET", f"{AUDIT}/verification"): WHO_MAKES_GROUPS,
    ("GET", "/v2/public/integration-principals"): ANYONE,
    ("GET", "/v2/public/user/current-organisation"): ANYONE,
    ("GET", "/v2/public/user/bearer-token"): ANYONE,
    ("POST", EXCHANGE): (NO_GRANT,) * len(COLUMNS),
    ("GET", "/healthz"): WHOEVER,
    ("GET", "/livez"): WHOEVER,
    ("GET", "/readyz"): WHOEVER,
}
AUDITOR = "aud@example.com"  # member of the organization not added, who audits it
PIPELINE = CI_EMAIL  # a service account, User of the integration
NOT_AUDITED = {("GET", f"{ONE}/registrations"), ("POST", f"{ONE}/signed-urls")}
"""What a User may and an auditor may not: data."""


def _auditors(route: tuple[str, str], row: tuple[Verdict, ...]) -> Verdict:
    """Every question is answered, but for data; what a User may not change, an auditor may not either."""
    if route in NOT_AUDITED:
        return NO_MEMBER
    return OK if route[0] == "GET" else row[COLUMNS.index(READER)]


ROUTES = {route: (*row, _auditors(route, row), row[COLUMNS.index(MEMBER)]) for route, row in ROUTES.items()}
COLUMNS = (*COLUMNS, AUDITOR, PIPELINE)
BODIES: dict[tuple[str, str], Any] = {
    ("POST", EXCHANGE): {"grant_type": GRANT_TYPE, "subject_token": "x", "subject_token_type": JWT},
    ("POST", INTEGRATIONS): AWS,
    ("PATCH", ONE): {"title": "Other"},
    ("PUT", f"{ONE}/signed-url-expiry"): {"duration": "12h"},
    ("POST", f"{ONE}/signed-urls"): {"objectUrls": ["video_file.mp4"]},
    ("POST", f"{ONE}/registrations"): {"videos": [{"objectUrl": "video_file.mp4"}]},
    ("POST", f"{ONE}/registrations/known-batches"): {"batches": ["0" * 64]},
    ("PUT", f"{ONE}/members"): {"members": [{"user": MEMBER, "role": "admin"}]},
    ("PATCH", f"{ONE}/members"): {"set": [{"user": OUTSIDER, "role": "user"}]},
    ("POST", f"{ONE}/users"): {"userEmails": [OUTSIDER], "userRole": "admin"},
    ("POST", f"{ONE}/users/bulk-delete"): {"userEmails": [MEMBER]},
    ("POST", GROUPS): {"name": "New"},
    ("PATCH", TEAM): {"name": "Other"},
    ("POST", f"{TEAM}/users"): {"userEmails": [OUTSIDER]},
    ("POST", f"{TEAM}/users/bulk-delete"): {"userEmails": [READER]},
    ("POST", USERS): {"email": "new@example.com", "roleMnemonicName": "MEMBER", "memberType": "internal"},
    ("PATCH", PERSON): {"roleMnemonicName": "ADMIN"},
    ("POST", ACCOUNTS): {"name": "another-one", "keys": [], "federations": []},
    ("PATCH", ACCOUNT): {"roleMnemonicName": "ADMIN"},
    ("POST", OWN_KEYS): {"name": "laptop", "publicKey": "ab" * 32},
    ("POST", KEYS): {"name": "laptop", "publicKey": "ab" * 32},
    ("POST", INVITATIONS): {},
    ("POST", ACCEPT): {"token": TOKEN, "name": "laptop"},
}
VAIN = {
    ("POST", f"{ONE}/join", CREATOR),
    *(("DELETE", f"{ONE}/signed-url-expiry", who) for who in COLUMNS),
    *(("POST", f"{ONE}/registrations/known-batches", who) for who in COLUMNS),
    *(("DELETE", f"{ONE}/registrations", who) for who in COLUMNS),
}
"""An Admin joins, the default is restored where it is, a question needs a body, nothing is registered."""
ACTS = [
    (*route, who)
    for route, row in ROUTES.items()
    for who, verdict in zip(COLUMNS, row, strict=True)
    if route[0] != "GET" and verdict == OK
]


@pytest.fixture(autouse=True)
def _trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cloud in which every role trusts this API alone; what clouds answer is judged in tests/clouds."""
    signed = SignedObjects(["https://signed.test"], datetime.now(UTC))
    monkeypatch.setattr(
        aws_trust, "probe", lambda _role: AccessFinding([], Trust(True, 43_200, "role_session"))
    )
    monkeypatch.setattr(bucket_checks, "checks", lambda *_given: [])
    monkeypatch.setattr(RoleSessions, "sign", lambda *_given: signed)


@pytest.fixture
def team(local: Api, integration: Any) -> str:
    """A group of Users of the integration, beside one of Admins."""
    newcomer(local, LEADER)
    newcomer(local, READER)
    auditor(local, newcomer(local, AUDITOR))
    granted(local, integration["integrationUuid"], {account(local, PIPELINE_NAME): "user"})
    spare_keys(local, OUTSIDER)
    leaders, readers = group(local, LEADER, name="Leaders"), group(local, READER, name="Readers")
    roles = {f"group:{leaders}": "admin", f"group:{readers}": "user"}
    granted(local, integration["integrationUuid"], roles)
    return readers


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


def _asked(api: Api, integration: Any, team: str, who: str, method: str, path: str) -> Verdict:
    """What the route answers them."""
    route = method, path
    uuid = team if path.startswith(GROUPS) else integration["integrationUuid"]
    if path.endswith(("/keys/{uuid}", "/invitations/{uuid}")):
        uuid = spare(api, who if path.startswith(OWN_KEYS) else OUTSIDER, path)
    body, place = BODIES.get(route), path.format(uuid=uuid, email=OUTSIDER, name=PIPELINE_NAME)
    if route == ("POST", f"{ONE}/groups"):
        body = {"groupHashList": [team], "userRole": "admin"}
    query = {
        ("GET", f"{INTEGRATIONS}/access"): {"userEmail": OUTSIDER},
        ("DELETE", f"{ONE}/groups"): {"groupHashList": team},
    }.get(route)
    answer = api.send(_request(api, who, method, place, body, query))
    return answer.status, answer.body.get("code", "")


def _request(api: Api, who: str, method: str, path: str, body: Any, query: Any) -> httpx2.Request:
    if who == UNSIGNED or path in HEALTH:
        return api.http().build_request(method, path, json=body, params=query)
    return api.request(who, method, path, body, query)


def _kept(api: Api) -> dict[str, Any]:
    """All tables but the two that questions write to as well: the nonces that are used, a probe's."""
    return {table: rows for table, rows in everything(api).items() if table not in {"answers", "health"}}


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
def test_each_route_refuses_whom_it_should_and_nobody_refused_has_an_effect(
    local: Api, integration: Any, team: str, route: tuple[str, str]
) -> None:
    verdicts = dict(zip(COLUMNS, ROUTES[route], strict=True))
    still = {who: v for who, v in verdicts.items() if (*route, who) not in ACTS}
    before = _kept(local)
    assert {who: _asked(local, integration, team, who, *route) for who in still} == still
    assert _kept(local) == before


@pytest.mark.parametrize(("method", "path", "who"), ACTS)
def test_each_route_acts_for_whom_it_should(
    local: Api, integration: Any, team: str, method: str, path: str, who: str
) -> None:
    before = everything(local)
    assert _asked(local, integration, team, who, method, path) == OK
    after = everything(local)
    changed = {table for table in after if after[table] != before[table]} - {
        "audit",
        "answers",
        "last_writes",
    }
    assert bool(changed) == ((method, path, who) not in VAIN)


def test_the_table_holds_every_route_and_everybody(local: Api) -> None:
    assert _routes(local.app) == set(ROUTES)
    assert set(_hidden(local.app.routes)) == {"/openapi.json"}
    assert {*CAST, LEADER, READER, UNSIGNED, AUDITOR, PIPELINE} == set(COLUMNS)


@pytest.mark.parametrize("in_schema", [True, False])
def test_a_new_route_is_missed_in_the_table(local: Api, in_schema: bool) -> None:
    more = APIRouter()
    more.add_api_route("/new", lambda: None, methods=["PUT"], include_in_schema=in_schema)
    local.app.include_router(more, prefix="/v2/public")
    with pytest.raises(AssertionError, match="/new"):
        test_the_table_holds_every_route_and_everybody(local)


@pytest.mark.parametrize("who", [OUTSIDER, FOREIGNER, REMOVED, NOBODY])
def test_whoever_is_no_member_learns_nothing(local: Api, integration: Any, team: str, who: str) -> None:
    words = (integration["title"], integration["externalId"], CREATOR, MEMBER, "Readers")
    for method, path in ROUTES:
        if path.startswith(ONE):
            place = path.format(uuid=integration["integrationUuid"])
            answer = local.send(who=who, method=method, path=place, body=BODIES.get((method, path)))
            assert not [word for word in words if word in str(answer.body)]


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
