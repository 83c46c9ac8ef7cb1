"""Service accounts: made, changed and removed by admins of the organization, on both databases."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from pulumi_encord_integrations.server import auth
from pulumi_encord_integrations.server.store import tables as t
from tests.support.accounts import (
    ACCOUNTS,
    CI,
    CI_EMAIL,
    MAIN,
    PULLS,
    account,
    add,
    auditor,
    change,
    extra_key,
    key,
    remove,
)
from tests.support.api import BOSS, CREATOR, INTEGRATIONS, MEMBER, OUTSIDER, Api
from tests.support.people import USERS, everything, granted

SOON = (datetime.now(UTC) + timedelta(days=30)).replace(microsecond=0)


def _read(api: Api, name: str = CI, who: str = CREATOR) -> Any:
    answer = api.send(who=who, path=f"{ACCOUNTS}/{name}")
    assert answer.status == 200, answer.body
    return answer.body


def _people(api: Api) -> dict[str, Any]:
    return {row["email"]: row for row in api.send(path=USERS).body["results"]}


def _unused(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name in MAIN or name == "name"} for row in rows]


def test_an_account_answers_what_was_declared(api: Api) -> None:
    one = key(expiresAt=SOON.isoformat())
    made = add(api, description="Deploys", auditor=True, keys=[one], federations=[MAIN, PULLS])
    assert made.status == 200
    assert (made.body["name"], made.body["email"]) == (CI, CI_EMAIL)
    assert (made.body["roleMnemonicName"], made.body["auditor"], made.body["suspended"]) == (
        "MEMBER",
        True,
        False,
    )
    (kept,) = made.body["keys"]
    assert {name: kept[name] for name in ("name", "publicKey", "scope")} | {
        "expiresAt": one["expiresAt"]
    } == one
    assert datetime.fromisoformat(kept["expiresAt"]) == SOON
    assert sorted(_unused(made.body["federations"]), key=str) == sorted([MAIN, PULLS], key=str)
    assert _read(api) == made.body == api.send(path=ACCOUNTS).body["results"][0]


def test_an_account_acts_as_a_user_of_the_organization(api: Api, integration: Any) -> None:
    email = account(api)
    granted(api, integration["integrationUuid"], {email: "user"})
    seen = api.send(who=email, path=INTEGRATIONS).body["result"]
    assert [row["title"] for row in seen] == [integration["title"]]
    me = api.send(who=email, path="/v2/public/user/current-organisation").body
    assert (me["userEmail"], me["kind"], me["scope"]) == (CI_EMAIL, "service_account", "write")


def test_an_account_is_listed_among_users_as_what_it_is(api: Api) -> None:
    account(api)
    listed = _people(api)
    assert (listed[CI_EMAIL]["kind"], listed[CI_EMAIL]["memberType"]) == ("service_account", "internal")
    assert {row["kind"] for email, row in listed.items() if email != CI_EMAIL} == {"person"}


def test_a_second_account_of_the_name_is_refused(api: Api) -> None:
    add(api)
    assert add(api).refusal == (409, "service_account_exists")


@pytest.mark.parametrize(
    "body",
    [
        {"name": "CI"},
        {"name": "ci"},
        {"name": "1ci"},
        {"name": "ci-"},
        {"name": "c" * 41},
        {"name": "ci_deploy"},
        {"name": "ci\u00e9-deploy"},
        {"name": CI, "roleMnemonicName": "TASKER"},
        {"name": CI, "email": "x@example.com"},
        {"name": CI, "keys": [{"name": "a", "publicKey": "ssh-rsa AAAA", "scope": "write"}]},
        {"name": CI, "keys": [{"name": "a", "publicKey": "00" * 32}]},
        {"name": CI, "keys": [{"name": "", "publicKey": "00" * 32, "scope": "write"}]},
        {"name": CI, "keys": [{"name": "a", "publicKey": "00" * 32, "scope": "all"}]},
        {
            "name": CI,
            "keys": [{"name": "a", "publicKey": "00" * 32, "scope": "read", "expiresAt": "2020-01-01"}],
        },
        {"name": CI, "federations": [{**MAIN, "subject": "repo:acme/*"}]},
        {"name": CI, "federations": [{**MAIN, "subject": "repo:acme/data:pull_request"}]},
        {"name": CI, "federations": [{**MAIN, "issuer": "http://idp.example.com"}]},
        {"name": CI, "federations": [MAIN, MAIN]},
    ],
)
def test_a_wrong_account_is_refused_and_leaves_nothing(local: Api, body: dict[str, Any]) -> None:
    before = everything(local)
    answer = local.send(method="POST", path=ACCOUNTS, body=body)
    assert answer.refusal == (400, "invalid_request")
    assert everything(local)["organization_users"] == before["organization_users"]
    assert everything(local)["user_keys"] == before["user_keys"]


def test_what_a_change_leaves_out_stays(api: Api) -> None:
    account(api, description="Deploys", federations=[MAIN])
    before = _read(api)
    after = change(api, auditor=True).body
    changed = {name for name in after if after[name] != before[name]}
    assert changed - {"lastEditedAt"} == {"auditor"}


def test_a_list_that_is_given_is_all_that_there_is_then(api: Api) -> None:
    email = account(api, federations=[MAIN, PULLS])
    (first,) = _read(api)["keys"]
    kept = {name: first[name] for name in ("name", "publicKey", "scope")}
    answer = change(api, keys=[kept, key("second", "read")], federations=[PULLS]).body
    assert [one["name"] for one in answer["keys"]] == ["main", "second"]
    assert answer["keys"][0]["uuid"] == first["uuid"]
    assert _unused(answer["federations"]) == [PULLS]
    assert api.send(who=email).status == 200
    assert change(api, keys=[], federations=[]).body["keys"] == []
    assert api.send(who=email).refusal == (401, "not_authenticated")


def test_an_unchanged_federation_keeps_its_uuid_and_a_removed_one_ends_its_tokens(local: Api) -> None:
    first, second = add(local, federations=[MAIN, PULLS]).body["federations"]
    tokens = {one["subject"]: auth.issue_federated_token(one["uuid"], local.vault) for one in (first, second)}

    def status(subject: str) -> int:
        headers = {"Authorization": f"Bearer {tokens[subject]}"}
        return local.http().get(INTEGRATIONS, headers=headers).status_code

    assert {status(subject) for subject in tokens} == {200}
    kept = change(local, federations=[PULLS]).body["federations"]
    assert [one["uuid"] for one in kept] == [one["uuid"] for one in (first, second) if one["scope"] == "read"]
    assert (status(PULLS["subject"]), status(MAIN["subject"])) == (200, 401)
    assert remove(local).status == 200
    assert status(PULLS["subject"]) == 401


def test_a_key_changes_its_scope_in_place(api: Api) -> None:
    email = account(api, roleMnemonicName="ADMIN")
    (one,) = _read(api)["keys"]
    lower = {"name": "main", "publicKey": one["publicKey"], "scope": "read"}
    assert change(api, keys=[lower]).body["keys"][0]["uuid"] == one["uuid"]
    assert api.send(who=email, method="POST", path=ACCOUNTS, body={"name": "another"}).refusal == (
        403,
        "read_only",
    )
    assert api.send(who=email, path=ACCOUNTS).status == 200


def test_a_revoked_key_never_comes_back(api: Api) -> None:
    one = key()
    add(api, keys=[one])
    change(api, keys=[])
    assert change(api, keys=[one]).refusal == (409, "key_exists")
    remove(api)
    assert add(api, keys=[one]).refusal == (409, "key_exists")


def test_a_key_of_somebody_else_is_refused_without_saying_whose(api: Api) -> None:
    refused = add(api, keys=[key(pair=api.keys[MEMBER])])
    assert refused.refusal == (409, "key_exists")
    assert MEMBER not in str(refused.body)
    assert CI_EMAIL not in _people(api)


def test_an_expired_key_that_stays_declared_hinders_no_change(local: Api) -> None:
    one = key(expiresAt=SOON.isoformat())
    add(local, keys=[one])
    over = datetime(2020, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    with local.database.write() as connection:
        connection.execute(update(t.user_keys).where(t.user_keys.c.email == CI_EMAIL).values(expires_at=over))
    same = {**one, "expiresAt": "2020-01-01T00:00:00Z"}
    assert change(local, keys=[same], description="More").status == 200
    assert change(local, keys=[{**same, "expiresAt": "2020-01-02"}]).refusal == (400, "invalid_request")


def test_a_removed_account_loses_everything_at_once(api: Api, integration: Any) -> None:
    email = account(api, federations=[MAIN])
    granted(api, integration["integrationUuid"], {email: "user"})
    assert remove(api).body["name"] == CI
    assert api.send(who=email).refusal == (403, "not_in_organization")
    assert api.rows("federations") == []
    assert api.send(path=f"{ACCOUNTS}/{CI}").refusal == (404, "service_account_not_found")
    assert add(api).body["keys"] == []
    assert api.send(who=email).refusal == (401, "not_authenticated")


def test_the_last_admin_of_an_integration_is_not_removed(api: Api) -> None:
    api.create(account(api))
    assert remove(api).refusal == (409, "last_admin")


def test_a_suspended_account_is_refused_until_it_is_restored(api: Api) -> None:
    email = account(api)
    change(api, suspended=True)
    assert api.send(who=email).refusal == (403, "user_suspended")
    change(api, suspended=False)
    assert api.send(who=email).status == 200


def test_an_account_neither_suspends_nor_removes_itself(api: Api) -> None:
    email = account(api, roleMnemonicName="ADMIN")
    assert change(api, who=email, suspended=True).refusal == (409, "own_user")
    assert remove(api, who=email).refusal == (409, "own_user")


def test_some_admin_keeps_a_key(local: Api) -> None:
    email = account(local, roleMnemonicName="ADMIN")
    for person in (BOSS, CREATOR):
        answer = local.send(who=email, method="DELETE", path=f"{USERS}/{person}")
        assert answer.status == 200, answer.body
    assert change(local, who=email, keys=[]).refusal == (409, "last_admin_key")
    assert change(local, who=email, keys=[key(scope="read")]).refusal == (409, "last_admin_key")
    assert local.send(who=email, path=ACCOUNTS).status == 200


def test_an_account_is_neither_added_nor_changed_as_a_user(api: Api) -> None:
    person = {"email": "x@service-accounts.internal", "roleMnemonicName": "MEMBER", "memberType": "internal"}
    added = api.send(method="POST", path=USERS, body=person)
    assert added.refusal == (400, "invalid_request")
    assert "ServiceAccount" in added.body["message"]
    account(api)
    for method, body in (("PATCH", {"roleMnemonicName": "ADMIN"}), ("DELETE", None)):
        answer = api.send(method=method, path=f"{USERS}/{CI_EMAIL}", body=body)
        assert answer.refusal == (409, "is_service_account")
        assert f"organisation/service-accounts/{CI}" in answer.body["hint"]
    assert api.send(path=f"{USERS}/{CI_EMAIL}").body["kind"] == "service_account"


@pytest.mark.parametrize("name", ["nobody-there", OUTSIDER, CI_EMAIL, "%00", "a%2Fb", " "])
def test_what_is_no_account_is_not_found(local: Api, name: str) -> None:
    add(local)
    answers = [
        local.send(method=m, path=f"{ACCOUNTS}/{name}", body=b)
        for m, b in (("GET", None), ("PATCH", {}), ("DELETE", None))
    ]
    assert {answer.status for answer in answers} == {404}


def test_the_audit_trail_tells_what_changed_and_no_key(local: Api) -> None:
    account(local)
    change(local, roleMnemonicName="ADMIN", federations=[MAIN])
    remove(local)
    rows = sorted(
        (row for row in local.rows("audit") if row.action.startswith("service-account.")),
        key=lambda row: row.number,
    )
    assert [row.action for row in rows] == [
        "service-account.add",
        "service-account.change",
        "service-account.remove",
    ]
    told = json.loads(rows[1].detail)
    assert (told["name"], set(told["changes"])) == (CI, {"roleMnemonicName", "federations"})
    assert told["changes"]["roleMnemonicName"] == ["MEMBER", "ADMIN"]
    assert "SHA256:" in rows[0].detail
    assert not any("ssh-ed25519" in row.detail for row in rows)


def test_a_repeated_request_acts_once(api: Api) -> None:
    request = api.request(method="POST", path=ACCOUNTS, body={"name": CI, "keys": [key()]})
    first, again = api.send(request), api.send(request)
    assert first.body == again.body
    assert (first.status, again.status) == (200, 200)
    assert len(_read(api)["keys"]) == 1


def test_only_admins_change_accounts_and_auditors_read_them(api: Api) -> None:
    account(api)
    assert change(api, who=MEMBER, auditor=True).refusal == (403, "not_an_organization_admin")
    assert api.send(who=OUTSIDER, path=ACCOUNTS).refusal == (403, "not_an_organization_admin")
    auditor(api, OUTSIDER)
    assert [row["name"] for row in api.send(who=OUTSIDER, path=ACCOUNTS).body["results"]] == [CI]
    assert change(api, who=OUTSIDER, auditor=True).refusal == (403, "not_an_organization_admin")


def test_a_read_key_previews_as_its_owner_and_writes_nothing(api: Api) -> None:
    alias = extra_key(api, CREATOR, "read", "ada, reading")
    me = api.send(who=alias, path="/v2/public/user/current-organisation").body
    assert (me["userEmail"], me["scope"], me["role"]) == (CREATOR, "read", "ADMIN")
    assert add(api, who=alias).refusal == (403, "read_only")
