"""How much an organization may hold: whoever asks for more is told the limit, and nothing of it happens."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pulumi_encord_integrations.model.limits import QUOTA_VARIABLES, Quotas
from pulumi_encord_integrations.server.store import quotas as store
from tests.support.api import AWS, BOSS, INTEGRATIONS, MEMBER, OUTSIDER, Answer, Api
from tests.support.people import GROUPS, USERS, everything, organization_of, patch, post

Ask = Callable[[Api, str, int], Answer]


def _user(api: Api, number: int) -> Answer:
    return post(api, USERS, {"email": f"new{number}@example.com", "role": "MEMBER"})


def _videos(api: Api, uuid: str, *numbers: int) -> Answer:
    videos = [{"objectUrl": f"s3://acme-training/{number}.mp4"} for number in numbers]
    return post(api, f"{INTEGRATIONS}/{uuid}/registrations", {"videos": videos})


ASKS: dict[str, Ask] = {
    "integrations": lambda api, _, number: post(api, INTEGRATIONS, {**AWS, "title": f"T{number}"}),
    "users": lambda api, _, number: _user(api, number),
    "groups": lambda api, _, number: post(api, GROUPS, {"name": f"Team {number}"}),
    "members": lambda api, uuid, number: patch(api, uuid, {(MEMBER, OUTSIDER)[number]: "user"}),
    "registrations": _videos,
}


def _allow(api: Api, kind: str, more: int) -> None:
    """So many more than there are now."""
    there = {"members": 1}.get(kind)
    if there is None:
        with api.database.read() as connection:
            there = store.used(connection, kind, organization_of(api, MEMBER))
    quotas = Quotas(**{kind: there + more})
    api.app.state.deployment = replace(api.app.state.deployment, quotas=quotas)


@pytest.fixture
def uuid(local: Api) -> str:
    return str(local.create()["integrationUuid"])


def test_each_quota_is_asked_of_here() -> None:
    assert set(ASKS) == set(QUOTA_VARIABLES) == set(vars(Quotas()))


@pytest.mark.parametrize("kind", ASKS)
def test_whoever_asks_for_more_is_told_the_limit_and_the_remedy(local: Api, uuid: str, kind: str) -> None:
    _allow(local, kind, 1)
    assert ASKS[kind](local, uuid, 0).status == 200
    before = everything(local)
    refused = ASKS[kind](local, uuid, 1)
    assert refused.refusal == (409, "quota_reached")
    limit = getattr(local.app.state.deployment.quotas, kind)
    assert f"may have {limit:,} {kind}, and this would make {limit + 1:,}" in refused.body["message"]
    assert QUOTA_VARIABLES[kind] in refused.body["hint"]
    assert everything(local) == before
    _allow(local, kind, 2)
    assert ASKS[kind](local, uuid, 1).status == 200


def test_what_goes_makes_room(local: Api, uuid: str) -> None:
    for kind, gone in {
        "users": ("DELETE", f"{USERS}/new0@example.com"),
        "registrations": ("DELETE", f"{INTEGRATIONS}/{uuid}/registrations"),
    }.items():
        _allow(local, kind, 1)
        ASKS[kind](local, uuid, 0)
        method, path = gone
        assert local.send(method=method, path=path).status == 200
        assert ASKS[kind](local, uuid, 1).status == 200


def test_a_full_integration_still_changes_roles_and_repeats_what_is_registered(local: Api, uuid: str) -> None:
    patch(local, uuid, {MEMBER: "user"})
    _videos(local, uuid, 0)
    local.app.state.deployment = replace(local.app.state.deployment, quotas=Quotas(1, 1, 1, 1, 1))
    assert patch(local, uuid, {MEMBER: "admin"}).status == 200
    assert _videos(local, uuid, 0).status == 200
    assert _videos(local, uuid, 0, 1).refusal == (409, "quota_reached")


def test_what_shrinks_is_not_refused_where_there_are_too_many_already(local: Api, uuid: str) -> None:
    def put(*emails: str) -> Answer:
        members = [{"user": email, "role": "user"} for email in emails]
        path, body = f"{INTEGRATIONS}/{uuid}/members", {"members": members, "allowLargeRemoval": True}
        return local.send(method="PUT", path=path, body=body)

    assert put(MEMBER, BOSS).status == 200
    local.app.state.deployment = replace(local.app.state.deployment, quotas=Quotas(members=1))
    assert put(OUTSIDER, MEMBER).body["added"] == [OUTSIDER]
    assert put(OUTSIDER).body["removed"] == [MEMBER]
    assert put(OUTSIDER, MEMBER).refusal == (409, "quota_reached")


def test_the_registrations_of_a_deleted_integration_make_room(local: Api, uuid: str) -> None:
    other: Any = local.create()["integrationUuid"]
    _allow(local, "registrations", 1)
    _videos(local, other, 0)
    local.send(method="DELETE", path=f"{INTEGRATIONS}/{other}")
    assert _videos(local, uuid, 0).status == 200
