"""Invitations: one key for whoever holds the token, once, and nothing else for anybody."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import update

from pulumi_encord_integrations.model.keys import is_invitation
from pulumi_encord_integrations.model.service_accounts import MAX_KEYS
from pulumi_encord_integrations.server import auth
from pulumi_encord_integrations.server.services.invitations import MAX_INVITATIONS
from pulumi_encord_integrations.server.store import organizations
from pulumi_encord_integrations.server.store import tables as t
from tests.contract.test_keys import PAST, a_key, listed, of, soon
from tests.support.accounts import MAIN, PULLS, add, change, extra_key
from tests.support.api import BOSS, CREATOR, FOREIGNER, MEMBER, OUTSIDER, REMOVED, Answer, Api
from tests.support.federated import bearing
from tests.support.people import USERS, organization_of, post

ACCEPT = "/v2/public/user/accept-invitation"
ME = "/v2/public/user/current-organisation"
NEW = "a key that is not registered yet"
NOT_VALID = (403, "invitation_not_valid")


def path_of(email: str) -> str:
    return f"{USERS}/{email}/invitations"


def invited(api: Api, email: str = MEMBER, who: str = CREATOR, **more: Any) -> Any:
    answer = post(api, path_of(email), more, who)
    assert answer.status == 200, answer.body
    return answer.body


def accepting(api: Api, token: str, who: str = NEW) -> httpx2.Request:
    """The request of somebody with a key of their own."""
    api.keys.setdefault(who, Ed25519PrivateKey.generate())
    return api.request(who, "POST", ACCEPT, {"token": token, "name": "first"})


def accepted(api: Api, token: str, who: str = NEW) -> Answer:
    return api.send(accepting(api, token, who))


def kept(api: Api) -> list[Any]:
    return [sorted(api.rows(table), key=repr) for table in ("user_keys", "invitations", "audit", "answers")]


def test_whoever_holds_an_invitation_registers_one_key_and_is_who_was_invited(api: Api) -> None:
    ends = soon(days=90)
    invitation = invited(api, scope="read", keyExpiresAt=ends)
    answer = accepted(api, invitation["token"])
    assert answer.status == 200, answer.body
    key = answer.body
    assert (key["user"], key["scope"], key["current"], key["addedBy"]) == (MEMBER, "read", True, CREATOR)
    assert key["expiresAt"][:16] == ends[:16]
    me = api.send(who=NEW, path=ME).body
    assert (me["userEmail"], me["scope"]) == (MEMBER, "read")
    assert [one["uuid"] for one in listed(api, of(MEMBER)) if one["uuid"] == key["uuid"]]
    assert api.send(path=path_of(MEMBER)).body["results"] == []


def test_an_invitation_is_used_once(local: Api) -> None:
    token = invited(local)["token"]
    assert accepted(local, token).status == 200
    assert accepted(local, token, "another key").refusal == NOT_VALID
    assert accepted(local, token).refusal == NOT_VALID


BACK: dict[str, tuple[Callable[[Api], None], Callable[[Api], None]]] = {
    "removed and added": (lambda api: _removed(api, BOSS), lambda api: _added(api, BOSS)),
    "suspended and restored": (
        lambda api: _suspended(api, BOSS),
        lambda api: changed(api, BOSS, suspended=False),
    ),
    "demoted and promoted": (
        lambda api: changed(api, BOSS, roleMnemonicName="MEMBER"),
        lambda api: changed(api, BOSS, roleMnemonicName="ADMIN"),
    ),
}


@pytest.mark.parametrize("way", BACK)
def test_an_invitation_does_not_come_back_with_who_made_it(local: Api, way: str) -> None:
    token = invited(local, who=BOSS)["token"]
    for step in BACK[way]:
        step(local)
    assert accepted(local, token).refusal == NOT_VALID
    assert local.rows("invitations") == []


def test_an_invitation_ends_with_the_key_that_made_it_and_others_stay(local: Api) -> None:
    extra_key(local, CREATOR, "write", "stolen")
    stolen, own = invited(local, who="stolen")["token"], invited(local)["token"]
    keys = local.send(path="/v2/public/user/keys").body["results"]
    (uuid,) = [one["uuid"] for one in keys if not one["current"]]
    assert local.send(method="DELETE", path=f"/v2/public/user/keys/{uuid}").status == 200
    assert accepted(local, stolen).refusal == NOT_VALID
    assert accepted(local, own).status == 200


def test_an_invitation_ends_with_the_federation_that_made_it(local: Api) -> None:
    assert add(local, roleMnemonicName="ADMIN", federations=[MAIN]).status == 200
    (row,) = local.rows("federations")
    token = auth.issue_federated_token(row.uuid, local.app.state.deployment.vault)
    invitation = bearing(local, token, path_of(MEMBER), "POST", {}).body["token"]
    assert change(local, federations=[PULLS]).status == 200
    assert accepted(local, invitation).refusal == NOT_VALID


@pytest.mark.parametrize("scope", ["read", "write"])
def test_a_repeat_of_the_same_request_gets_the_first_answer(api: Api, scope: str) -> None:
    request = accepting(api, invited(api, scope=scope)["token"])
    first, again = api.send(request), api.send(request)
    assert (first.status, first.body) == (again.status, again.body)
    assert first.status == 200


def test_of_many_at_once_one_wins(api: Api) -> None:
    token = invited(api)["token"]
    requests = [accepting(api, token, f"key {number}") for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(api.send, requests))
    assert sorted(answer.status for answer in answers) == [200, *[403] * 7]
    assert len(listed(api, of(MEMBER))) == 2


def _over(api: Api, uuid: str, *columns: str) -> None:
    with api.database.write() as connection:
        row = t.invitations.c.uuid == uuid
        connection.execute(update(t.invitations).where(row).values(dict.fromkeys(columns, PAST)))


def changed(api: Api, who: str, **values: Any) -> None:
    assert api.send(method="PATCH", path=f"{USERS}/{who}", body=values).status == 200


def _suspended(api: Api, who: str) -> None:
    changed(api, who, suspended=True)


def _no_admin(api: Api, who: str) -> None:
    """As the operator may make it, by hand."""
    with api.database.write() as connection:
        them = t.organization_users.c.email == who
        connection.execute(update(t.organization_users).where(them).values(role="MEMBER"))


def _removed(api: Api, who: str) -> None:
    assert api.send(method="DELETE", path=f"{USERS}/{who}").status == 200


def _added(api: Api, who: str) -> None:
    spec = {"email": who, "roleMnemonicName": "ADMIN"}
    assert post(api, USERS, spec).status == 200


INVALID: dict[str, tuple[str, Callable[[Api, Any], object]]] = {
    "ended": ("ended at 2020-01-02 03:04 UTC", lambda api, one: _over(api, one["uuid"], "expires_at")),
    "key ended": ("would have ended already", lambda api, one: _over(api, one["uuid"], "key_expires_at")),
    "user suspended": ("a user who is suspended", lambda api, one: _suspended(api, MEMBER)),
    "inviter is no admin": ("administers the organization no more", lambda api, _: _no_admin(api, BOSS)),
    "inviter suspended": ("no invitation has this token", lambda api, one: _suspended(api, BOSS)),
    "inviter demoted": (
        "no invitation has this token",
        lambda api, one: changed(api, BOSS, roleMnemonicName="MEMBER"),
    ),
    "revoked": (
        "no invitation has this token",
        lambda api, one: api.send(method="DELETE", path=f"{path_of(MEMBER)}/{one['uuid']}"),
    ),
    "user removed": (
        "no invitation has this token",
        lambda api, one: api.send(method="DELETE", path=f"{USERS}/{MEMBER}"),
    ),
}


@pytest.mark.parametrize("why", INVALID)
def test_the_caller_is_told_one_general_reason_and_the_log_the_precise_one(
    local: Api, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    invitation = invited(local, who=BOSS)
    said, spoil = INVALID[why]
    spoil(local, invitation)
    before = kept(local)
    with caplog.at_level(logging.WARNING):
        answer = accepted(local, invitation["token"])
    assert (answer.refusal, kept(local)) == (NOT_VALID, before)
    assert accepted(local, "encinv_" + "x" * 43).body["message"] == answer.body["message"]
    assert said in caplog.text
    assert invitation["token"] not in caplog.text
    assert local.send(who=NEW).refusal == (401, "not_authenticated")


def test_a_stranger_with_a_wrong_token_never_takes_the_write_lock(on_sqlite: Api) -> None:
    request = accepting(on_sqlite, "encinv_" + "x" * 43)
    with on_sqlite.database.write():
        assert on_sqlite.send(request).refusal == NOT_VALID


def test_a_key_that_is_registered_accepts_nothing_and_the_invitation_stays(local: Api) -> None:
    token = invited(local)["token"]
    for who in (OUTSIDER, FOREIGNER):
        assert accepted(local, token, who).refusal == (409, "key_exists")
    assert accepted(local, token, REMOVED).refusal == (403, "not_in_organization")
    assert accepted(local, "encinv_" + "x" * 43, OUTSIDER).refusal == NOT_VALID
    assert accepted(local, token).body["user"] == MEMBER


def test_a_bearer_token_accepts_nothing(local: Api) -> None:
    invitation = invited(local)["token"]
    token = local.send(path="/v2/public/user/bearer-token").body["token"]
    given = {"Authorization": f"Bearer {token}"}
    body = {"token": invitation, "name": "first"}
    answer = local.send(local.http().build_request("POST", ACCEPT, json=body, headers=given))
    assert answer.refusal == (403, "signature_required")


def test_an_unsigned_or_altered_acceptance_is_refused(local: Api) -> None:
    token = invited(local)["token"]
    body = {"token": token, "name": "first"}
    unsigned = local.send(local.http().build_request("POST", ACCEPT, json=body))
    assert unsigned.refusal == (401, "not_authenticated")
    signed = accepting(local, "encinv_" + "x" * 43)
    headers = {key: value for key, value in signed.headers.items() if key != "content-length"}
    altered = local.send(local.http().build_request("POST", ACCEPT, json=body, headers=headers))
    assert altered.refusal == (401, "not_authenticated")
    assert accepted(local, token).status == 200


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "token:"),
        ({"token": "x"}, "name:"),
        ({"token": "x" * 201, "name": "a"}, "token:"),
        ({"token": 1, "name": "a"}, "token:"),
        ({"token": "x", "name": ""}, "name: must have 1 to 100"),
        ({"token": "x", "name": "a", "email": BOSS}, "email: unknown key"),
    ],
)
def test_a_malformed_acceptance_says_what_is_wrong(on_sqlite: Api, body: Any, said: str) -> None:
    on_sqlite.keys[NEW] = Ed25519PrivateKey.generate()
    answer = post(on_sqlite, ACCEPT, body, NEW)
    assert answer.refusal == (400, "invalid_request")
    assert said in answer.body["message"]


def test_a_large_body_of_a_stranger_is_refused(api: Api) -> None:
    api.keys[NEW] = Ed25519PrivateKey.generate()
    answer = post(api, ACCEPT, {"token": "x" * 2**17, "name": "a"}, NEW)
    assert answer.refusal == (413, "payload_too_large")


def test_the_token_is_shown_once_and_only_its_digest_is_kept(api: Api, tmp_path: Any) -> None:
    request = api.request(method="POST", path=path_of(MEMBER), body={})
    first = api.send(request)
    token = first.body["token"]
    assert first.headers["Cache-Control"] == "no-store"
    assert is_invitation(token)
    assert api.send(request).refusal == (409, "replayed")
    assert token not in str(api.send(path=path_of(MEMBER)).body)
    rows = {table: api.rows(table) for table in t.metadata.tables}
    assert token not in str(rows)
    assert sha256(token.encode()).hexdigest() in str(rows["invitations"])
    assert "answers" in rows


@pytest.mark.parametrize(
    ("body", "least", "most"), [({}, 47.9, 48.1), ({"hours": 1}, 0.9, 1.1), ({"hours": 720}, 719.9, 720.1)]
)
def test_an_invitation_lasts_as_long_as_is_said(
    on_sqlite: Api, body: dict[str, Any], least: float, most: float
) -> None:
    ends = datetime.fromisoformat(invited(on_sqlite, **body)["expiresAt"])
    assert least <= (ends - datetime.now(UTC)) / timedelta(hours=1) <= most


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"hours": 0}, "hours:"),
        ({"hours": 721}, "hours:"),
        ({"hours": "2"}, "hours:"),
        ({"hours": 1, "expiresAt": "2099-01-01T00:00:00Z"}, "hours: is given beside expiresAt"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt: must be in the future"),
        ({"expiresAt": "2099-01-01T00:00:00Z"}, "expiresAt: must be within 30 days"),
        ({"keyExpiresAt": "2020-01-01T00:00:00Z"}, "keyExpiresAt: must be in the future"),
        ({"scope": "all"}, "scope: must be"),
    ],
)
def test_an_invitation_that_makes_no_sense_is_refused(on_sqlite: Api, body: Any, said: str) -> None:
    answer = post(on_sqlite, path_of(MEMBER), body)
    assert answer.refusal == (400, "invalid_request")
    assert said in answer.body["message"]


def test_only_admins_of_the_organization_invite_and_only_its_users(local: Api) -> None:
    assert post(local, path_of(MEMBER), {}, OUTSIDER).refusal == (403, "not_an_organization_admin")
    for email in (FOREIGNER, REMOVED, "nobody@example.com"):
        assert post(local, path_of(email), {}).refusal == (404, "user_not_found")
    _suspended(local, MEMBER)
    assert post(local, path_of(MEMBER), {}).refusal == (409, "user_suspended")
    assert local.send(who=OUTSIDER, path=path_of(MEMBER)).refusal == (403, "not_an_organization_admin")


def test_an_invitation_of_somebody_else_is_not_found(local: Api) -> None:
    uuid = invited(local)["uuid"]
    answer = local.send(method="DELETE", path=f"{path_of(OUTSIDER)}/{uuid}")
    assert answer.refusal == (404, "invitation_not_found")
    assert local.send(method="DELETE", path=f"{path_of(MEMBER)}/{uuid}").status == 200


def test_there_are_so_many_invitations_and_those_that_ended_do_not_count(local: Api) -> None:
    uuids = [invited(local)["uuid"] for _ in range(MAX_INVITATIONS)]
    assert post(local, path_of(MEMBER), {}).refusal == (409, "quota_reached")
    _over(local, uuids[0], "expires_at")
    assert post(local, path_of(MEMBER), {}).status == 200


def test_an_invitation_adds_no_key_too_many_and_stays(local: Api) -> None:
    organization, token = organization_of(local, MEMBER), invited(local)["token"]
    with local.database.write() as connection:
        for _ in range(MAX_KEYS - 1):
            organizations.add_key(connection, organization, MEMBER, a_key())
    assert accepted(local, token).refusal == (409, "quota_reached")
    assert len(local.rows("invitations")) == 1


def test_who_invited_and_who_accepted_is_audited_without_the_token(local: Api) -> None:
    invitation = invited(local, who=BOSS)
    key = accepted(local, invitation["token"]).body
    gone = invited(local)["uuid"]
    local.send(method="DELETE", path=f"{path_of(MEMBER)}/{gone}")
    rows = [row for row in local.rows("audit") if row.action.startswith("invitation.")]
    assert [(row.actor, row.action, row.object) for row in rows] == [
        (BOSS, "invitation.create", invitation["uuid"]),
        (MEMBER, "invitation.accept", key["uuid"]),
        (CREATOR, "invitation.create", gone),
        (CREATOR, "invitation.revoke", gone),
    ]
    assert rows[1].key == key["uuid"]
    assert invitation["uuid"] in rows[1].detail
    assert invitation["token"] not in str(rows)
