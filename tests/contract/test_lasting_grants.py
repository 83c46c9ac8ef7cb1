"""What a token that ends soon may not give, since it would stay: keys, federations, roles, invitations."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pulumi_encord_integrations.server import auth
from tests.support.accounts import ACCOUNTS, CI, MAIN, PULLS, add, key
from tests.support.api import BOSS, CREATOR, MEMBER, Answer, Api
from tests.support.federated import bearing, federate
from tests.support.people import USERS

OWN = "/v2/public/user/keys"
LASTING = {"keys", "federations", "publicKey", "keyExpiresAt", "roleMnemonicName", "auditor", "suspended"}
"""What bodies call it. Roles on integrations are no such thing: data is shared by tokens, too."""
ADMIN = {"roleMnemonicName": "ADMIN"}
GRANTS: list[tuple[str, str, str, Mapping[str, Any]]] = [
    ("POST", "user/keys", OWN, key()),
    ("POST", "organisation/users/{email}/keys", f"{USERS}/{MEMBER}/keys", key()),
    ("POST", "organisation/users/{email}/invitations", f"{USERS}/{MEMBER}/invitations", {}),
    ("POST", "organisation/users", USERS, {"email": "new@example.com", **ADMIN}),
    ("POST", "organisation/users", USERS, {"email": "new@example.com", "auditor": True}),
    ("PATCH", "organisation/users/{email}", f"{USERS}/{MEMBER}", ADMIN),
    ("PATCH", "organisation/users/{email}", f"{USERS}/{MEMBER}", {"auditor": True}),
    ("PATCH", "organisation/users/{email}", f"{USERS}/{BOSS}", {"suspended": False}),
    ("POST", "organisation/service-accounts", ACCOUNTS, {"name": "other", **ADMIN}),
    ("POST", "organisation/service-accounts", ACCOUNTS, {"name": "other", "auditor": True}),
    ("POST", "organisation/service-accounts", ACCOUNTS, {"name": "other", "keys": [key()]}),
    ("POST", "organisation/service-accounts", ACCOUNTS, {"name": "other", "federations": [MAIN]}),
    ("PATCH", "organisation/service-accounts/{name}", f"{ACCOUNTS}/{CI}", ADMIN),
    ("PATCH", "organisation/service-accounts/{name}", f"{ACCOUNTS}/{CI}", {"auditor": True}),
    ("PATCH", "organisation/service-accounts/{name}", f"{ACCOUNTS}/{CI}", {"keys": [key()]}),
    ("PATCH", "organisation/service-accounts/{name}", f"{ACCOUNTS}/{CI}", {"federations": [MAIN, PULLS]}),
    ("PATCH", "organisation/service-accounts/{name}", f"{ACCOUNTS}/{CI}", {"suspended": False}),
]
NAMES = [f"{method} {route} {' '.join(body) or 'nothing'}" for method, route, _, body in GRANTS]


@pytest.fixture
def cast(local: Api) -> Api:
    """With a suspended admin and a suspended account."""
    assert add(local, suspended=True).status == 200
    assert local.send(method="PATCH", path=f"{USERS}/{BOSS}", body={"suspended": True}).status == 200
    return local


def bearer(api: Api, who: str = CREATOR) -> str:
    answer = api.send(who=who, path="/v2/public/user/bearer-token")
    return str(answer.body["token"])


def federated(api: Api, role: str) -> str:
    uuid = federate(api, "https://issuer.example", "pipeline@service-accounts.internal", role=role)
    return auth.issue_federated_token(uuid, api.app.state.deployment.vault)


def asked(api: Api, token: str, method: str, path: str, body: Mapping[str, Any]) -> Answer:
    return bearing(api, token, path, method, body)


@pytest.mark.parametrize(("method", "route", "path", "body"), GRANTS, ids=NAMES)
def test_a_bearer_token_of_an_admin_gives_nothing_that_stays(
    cast: Api, method: str, route: str, path: str, body: Mapping[str, Any]
) -> None:
    kept = [cast.rows(table) for table in ("user_keys", "federations", "invitations")]
    people = sorted(cast.rows("organization_users"), key=repr)
    answer = asked(cast, bearer(cast), method, path, body)
    assert answer.refusal == (403, "signature_required"), route
    assert [cast.rows(table) for table in ("user_keys", "federations", "invitations")] == kept
    assert sorted(cast.rows("organization_users"), key=repr) == people


@pytest.mark.parametrize(("method", "route", "path", "body"), GRANTS, ids=NAMES)
def test_a_pipeline_that_administers_the_organization_declares_all_of_it(
    cast: Api, method: str, route: str, path: str, body: Mapping[str, Any]
) -> None:
    assert asked(cast, federated(cast, "ADMIN"), method, path, body).status == 200, route


@pytest.mark.parametrize(("method", "route", "path", "body"), GRANTS, ids=NAMES)
def test_another_pipeline_gives_nothing(
    cast: Api, method: str, route: str, path: str, body: Mapping[str, Any]
) -> None:
    assert asked(cast, federated(cast, "MEMBER"), method, path, body).status == 403, route


def test_every_route_that_gives_something_lasting_is_in_the_table(on_sqlite: Api) -> None:
    found = set(_giving(on_sqlite.app.openapi()))
    assert found == {(method, route) for method, route, _, _ in GRANTS}


def test_a_bearer_token_still_takes_away_and_does_what_is_no_grant(local: Api) -> None:
    assert add(local, keys=[key()], federations=[MAIN]).status == 200
    token = bearer(local)
    taken: list[dict[str, Any]] = [{"keys": []}, {"federations": []}, {"suspended": True}]
    for body in ({"description": "x"}, *taken):
        assert asked(local, token, "PATCH", f"{ACCOUNTS}/{CI}", body).status == 200
    assert asked(local, token, "POST", USERS, {"email": "new@example.com"}).status == 200
    assert asked(local, token, "PATCH", f"{USERS}/{BOSS}", {**ADMIN, "suspended": True}).status == 200


def test_what_a_signature_gives_is_given(local: Api) -> None:
    assert add(local, **ADMIN, keys=[key(pair=Ed25519PrivateKey.generate())]).status == 200


def _giving(schema: Any) -> Iterator[tuple[str, str]]:
    """Routes whose bodies hold something of `LASTING`."""
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {})
            bodies = [kind["schema"] for kind in content.values()]
            if any(_fields(schema, body) & LASTING for body in bodies):
                yield method.upper(), path.removeprefix("/v2/public/")


def _fields(schema: Any, body: Any) -> set[str]:
    if "$ref" in body:
        body = schema["components"]["schemas"][body["$ref"].rsplit("/", 1)[1]]
    inner = [*body.get("anyOf", ()), *body.get("oneOf", ()), *body.get("allOf", ())]
    return set(body.get("properties", {})).union(*(_fields(schema, one) for one in inner))
