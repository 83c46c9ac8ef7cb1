"""The organization keeps an admin who can sign in, whichever way one may go."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from pulumi_encord_integrations.client.in_process import in_process
from pulumi_encord_integrations.server import auth
from pulumi_encord_integrations.server.concurrency import inline
from pulumi_encord_integrations.server.store import tables as t
from tests.support.accounts import ACCOUNTS, CI, MAIN, PULLS, account, add, change, key, remove
from tests.support.api import BOSS, CREATOR, Answer, Api
from tests.support.federated import bearing, federate
from tests.support.people import USERS, newcomer

LOCKED_OUT = (409, "last_admin_key")
PAST = datetime(2020, 1, 2)  # noqa: DTZ001  as databases keep it
OWN = "/v2/public/user/keys"
PIPELINE = "pipeline"
DEMOTED: dict[str, Any] = {"roleMnemonicName": "MEMBER"}
SUSPENDED: dict[str, Any] = {"suspended": True}


def soon(**after: float) -> str:
    return (datetime.now(UTC) + timedelta(**after)).isoformat()


def without_keys(api: Api, *people: str) -> None:
    with api.database.write() as connection:
        connection.execute(delete(t.user_keys).where(t.user_keys.c.email.in_(people)))


def ending(api: Api, who: str, end: datetime) -> None:
    with api.database.write() as connection:
        theirs = t.user_keys.c.email == who
        connection.execute(update(t.user_keys).where(theirs).values(expires_at=end))


def kept(api: Api) -> list[Any]:
    return [sorted(api.rows(name), key=repr) for name in ("user_keys", "organization_users", "federations")]


def pipeline(api: Api, scope: str = "write") -> str:
    """A token of a pipeline that administers the organization and reads it alone: it is no way in."""
    uuid = federate(
        api, "https://issuer.example", "pipeline@service-accounts.internal", role="ADMIN", scope=scope
    )
    return auth.issue_federated_token(uuid, api.app.state.deployment.vault)


def without_federations(api: Api) -> None:
    """As in `serve --strict-signatures`, in which no token is exchanged."""
    deployment = api.app.state.deployment
    api.app.state.deployment = replace(deployment, accepted=replace(deployment.accepted, strict=True))


def person(api: Api, who: str, by: str, body: Any, method: str = "PATCH") -> Answer:
    return api.send(who=by, method=method, path=f"{USERS}/{who}", body=body)


def _lasting(api: Api) -> None:
    """The one way in is the key of CREATOR; BOSS, an admin too, signs with one that ends within the hour."""
    ending(api, BOSS, datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=50))


def _last_account(api: Api) -> str:
    """The one way in is the key of a service account."""
    email = account(api, roleMnemonicName="ADMIN")
    without_keys(api, CREATOR)
    _lasting(api)
    return email


def _revoked(api: Api, who: str, by: str) -> Answer:
    path = f"{USERS}/{who}/keys"
    (uuid,) = [one["uuid"] for one in api.send(who=by, path=path).body["results"] if one["state"] == "active"]
    return api.send(who=by, method="DELETE", path=f"{path}/{uuid}")


def _own_revoked(api: Api) -> Answer:
    (uuid,) = [one["uuid"] for one in api.send(path=OWN).body["results"]]
    return api.send(method="DELETE", path=f"{OWN}/{uuid}")


OF_PEOPLE: dict[str, Callable[[Api], Answer]] = {
    "demotes themselves": lambda api: person(api, CREATOR, CREATOR, DEMOTED),
    "is demoted": lambda api: person(api, CREATOR, BOSS, DEMOTED),
    "is suspended": lambda api: person(api, CREATOR, BOSS, SUSPENDED),
    "is removed": lambda api: person(api, CREATOR, BOSS, None, "DELETE"),
    "revokes their key": _own_revoked,
    "has their key revoked": lambda api: _revoked(api, CREATOR, BOSS),
}
OF_ACCOUNTS: dict[str, Callable[[Api, str], Answer]] = {
    "demotes itself": lambda api, email: change(api, who=email, **DEMOTED),
    "is demoted": lambda api, _: change(api, who=BOSS, **DEMOTED),
    "is suspended": lambda api, _: change(api, who=BOSS, **SUSPENDED),
    "is removed": lambda api, _: remove(api, who=BOSS),
    "loses its key": lambda api, email: change(api, who=email, keys=[]),
    "has its key made read": lambda api, email: change(
        api, who=email, keys=[key(scope="read", pair=api.keys[email])]
    ),
    "has its key end in seconds": lambda api, email: change(
        api, who=email, keys=[key(pair=api.keys[email], expiresAt=soon(seconds=30))]
    ),
    "has its key revoked": lambda api, email: _revoked(api, email, BOSS),
}


@pytest.mark.parametrize("way", OF_PEOPLE)
def test_the_last_person_who_can_sign_in_stays_an_admin(local: Api, way: str) -> None:
    _lasting(local)
    before = kept(local)
    assert OF_PEOPLE[way](local).refusal == LOCKED_OUT
    assert kept(local) == before


@pytest.mark.parametrize("way", OF_ACCOUNTS)
def test_the_last_account_that_can_sign_in_stays_an_admin(local: Api, way: str) -> None:
    email = _last_account(local)
    before = kept(local)
    assert OF_ACCOUNTS[way](local, email).refusal == LOCKED_OUT
    assert kept(local) == before


@pytest.mark.parametrize("way", OF_PEOPLE)
def test_whoever_is_not_the_last_may_go(local: Api, way: str) -> None:
    account(local, roleMnemonicName="ADMIN")
    assert OF_PEOPLE[way](local).status == 200


@pytest.mark.parametrize(("method", "body"), [("PATCH", DEMOTED), ("PATCH", SUSPENDED), ("DELETE", None)])
def test_a_pipeline_that_only_reads_is_no_way_in(local: Api, method: str, body: Any) -> None:
    pipeline(local, scope="read")
    _lasting(local)
    assert person(local, CREATOR, BOSS, body, method).refusal == LOCKED_OUT


@pytest.mark.parametrize(("method", "body"), [("PATCH", DEMOTED), ("PATCH", SUSPENDED), ("DELETE", None)])
def test_a_pipeline_that_deploys_is_a_way_in(local: Api, method: str, body: Any) -> None:
    token = pipeline(local)
    without_keys(local, BOSS)
    assert bearing(local, token, f"{USERS}/{CREATOR}", method, body).status == 200
    assert bearing(local, token).body["role"] == "ADMIN"


def test_once_a_pipeline_deploys_the_keys_of_people_may_go(local: Api) -> None:
    """docs/for-teams.md: Ada's key can be revoked or expire."""
    assert add(local, roleMnemonicName="ADMIN", federations=[MAIN]).status == 200
    assert _revoked(local, BOSS, CREATOR).status == 200
    assert _own_revoked(local).status == 200


@pytest.mark.parametrize(
    "body", [{"federations": []}, {"federations": [PULLS]}, DEMOTED, SUSPENDED, None], ids=str
)
def test_the_last_federation_stays_like_the_last_key(local: Api, body: Any) -> None:
    assert add(local, roleMnemonicName="ADMIN", federations=[MAIN]).status == 200
    without_keys(local, CREATOR)
    _lasting(local)
    before = kept(local)
    method = "DELETE" if body is None else "PATCH"
    answer = local.send(who=BOSS, method=method, path=f"{ACCOUNTS}/{CI}", body=body)
    assert (answer.refusal, kept(local)) == (LOCKED_OUT, before)


def test_a_federation_is_exchanged_for_another_in_one_step(local: Api) -> None:
    assert add(local, roleMnemonicName="ADMIN", federations=[MAIN]).status == 200
    without_keys(local, CREATOR)
    _lasting(local)
    other = {**MAIN, "subject": "repo:acme/data:environment:production"}
    assert change(local, who=BOSS, federations=[other]).status == 200


def test_where_no_token_is_exchanged_a_federation_is_no_way_in(local: Api) -> None:
    assert add(local, roleMnemonicName="ADMIN", federations=[MAIN]).status == 200
    without_federations(local)
    without_keys(local, BOSS)
    assert _own_revoked(local).refusal == LOCKED_OUT


def test_once_all_keys_of_admins_have_ended_others_are_still_changed_and_removed(local: Api) -> None:
    email = account(local, "other-one")
    token = pipeline(local)
    for who in (CREATOR, BOSS):
        ending(local, who, PAST)
    path = f"{ACCOUNTS}/other-one"
    assert bearing(local, token, path, "PATCH", {"keys": []}).status == 200
    assert bearing(local, token, path, "DELETE").status == 200
    assert local.send(who=email).status == 403


def test_where_every_way_in_ends_soon_a_change_that_takes_none_is_done(local: Api) -> None:
    for who in (CREATOR, BOSS):
        ending(local, who, datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=2))
    newcomer(local, "third@example.com", "ADMIN")
    assert person(local, BOSS, CREATOR, DEMOTED).status == 200
    assert _own_revoked(local).status == 200


def test_users_of_an_embedded_api_make_their_keys_themselves(on_sqlite: Api) -> None:
    without_keys(on_sqlite, BOSS)
    on_sqlite.transport, on_sqlite._http = in_process(inline(on_sqlite.app)), {}
    assert person(on_sqlite, CREATOR, CREATOR, DEMOTED).status == 200
