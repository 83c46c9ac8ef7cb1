"""Keys that people register further ones of, and that admins of the organization register for others."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import insert, update

from pulumi_encord_integrations.client.in_process import in_process
from pulumi_encord_integrations.model.public_keys import fingerprint, openssh
from pulumi_encord_integrations.model.service_accounts import MAX_KEYS
from pulumi_encord_integrations.server import auth
from pulumi_encord_integrations.server.concurrency import inline
from pulumi_encord_integrations.server.services.keys import MAX_MADE
from pulumi_encord_integrations.server.store import federations, organizations, service_accounts
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import now
from tests.support.api import BOSS, CREATOR, FOREIGNER, MEMBER, OUTSIDER, REMOVED, Answer, Api, public
from tests.support.people import USERS, newcomer, organization_of, post

OWN = "/v2/public/user/keys"
ME = "/v2/public/user/current-organisation"
AUDITOR = "aud@example.com"
PAST = datetime(2020, 1, 2, 3, 4)  # noqa: DTZ001  as databases keep it


def of(email: str) -> str:
    return f"{USERS}/{email}/keys"


def kept(api: Api) -> list[Any]:
    """The keys as the database has them."""
    return sorted(api.rows("user_keys"), key=repr)


def soon(**after: float) -> str:
    return (datetime.now(UTC) + timedelta(**after)).isoformat()


def a_key() -> str:
    return public(Ed25519PrivateKey.generate())


def added(api: Api, path: str = OWN, who: str = CREATOR, key: str = "", **more: Any) -> Answer:
    return post(api, path, {"name": "laptop", "publicKey": key or a_key(), **more}, who)


def listed(api: Api, path: str = OWN, who: str = CREATOR) -> list[Any]:
    answer = api.send(who=who, path=path)
    assert answer.status == 200, answer.body
    return list(answer.body["results"])


def revoked(api: Api, uuid: str, path: str = OWN, who: str = CREATOR) -> Answer:
    return api.send(who=who, method="DELETE", path=f"{path}/{uuid}")


def current(api: Api, who: str) -> str:
    """The uuid of the key that somebody calls with."""
    (uuid,) = [key["uuid"] for key in listed(api, who=who) if key["current"]]
    return str(uuid)


def with_token(api: Api, token: str, method: str = "GET", path: str = ME, body: Any = None) -> Answer:
    given = {"Authorization": f"Bearer {token}"}
    return api.send(api.http().build_request(method, path, json=body, headers=given))


def another(api: Api, who: str, **more: Any) -> str:
    """A further key of somebody, with which they call from now on; answers its uuid."""
    new = Ed25519PrivateKey.generate()
    answer = added(api, of(who), CREATOR, public(new), **more)
    assert answer.status == 200, answer.body
    api.keys[who] = new
    return str(answer.body["uuid"])


def test_a_user_registers_a_further_key_and_calls_with_it(api: Api) -> None:
    new = Ed25519PrivateKey.generate()
    answer = added(api, who=MEMBER, key=public(new), scope="write", expiresAt=soon(days=90))
    assert answer.status == 200, answer.body
    key = answer.body
    assert (key["user"], key["name"], key["addedBy"]) == (MEMBER, "laptop", MEMBER)
    assert (key["scope"], key["state"], key["current"]) == ("write", "active", False)
    assert key["publicKey"] == openssh(public(new))
    assert key["fingerprint"] == fingerprint(public(new))
    api.keys[MEMBER] = new
    assert api.send(who=MEMBER, path=ME).body["userEmail"] == MEMBER
    assert [(one["uuid"] == key["uuid"]) for one in listed(api, who=MEMBER) if one["current"]] == [True]


def test_a_key_is_taken_as_a_line_or_in_hexadecimal_and_kept_once(local: Api) -> None:
    key = a_key()
    assert added(local, key=f"{openssh(key)} ada@laptop\n").status == 200
    for spelled in (key, key.upper(), openssh(key)):
        assert added(local, key=spelled).refusal == (409, "key_exists")


def test_a_read_key_previews_and_changes_nothing(local: Api) -> None:
    another(local, MEMBER, scope="read")
    assert local.send(who=MEMBER, path=ME).body["scope"] == "read"
    assert added(local, who=MEMBER).refusal == (403, "read_only")
    assert revoked(local, current(local, MEMBER), who=MEMBER).refusal == (403, "read_only")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"name": ""}, "name: must have 1 to 100"),
        ({"name": "x" * 101}, "name: must have 1 to 100"),
        ({"name": "a\nb"}, "name: must have 1 to 100"),
        ({"publicKey": "ssh-rsa AAAAB3NzaC1yc2E"}, "publicKey: is a key of the kind ssh-rsa"),
        ({"publicKey": "01" + "00" * 31}, "publicKey: is a key for which everybody can sign"),
        ({"publicKey": "01" + "00" * 30 + "80"}, "publicKey: is a key for which everybody can sign"),
        ({"publicKey": "-----BEGIN OPENSSH PRIVATE KEY-----"}, "publicKey: is a private key"),
        ({"publicKey": "nonsense"}, "publicKey: must be an Ed25519 public key"),
        ({"scope": "admin"}, "scope: must be"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt: must be in the future"),
        ({"expiresAt": "2099-01-01T00:00:00"}, "expiresAt: must say its time zone"),
        ({"expiresAt": "tomorrow"}, "expiresAt: must be a time"),
        ({"more": 1}, "more: unknown key"),
    ],
)
def test_a_bad_key_is_refused_and_not_quoted(on_sqlite: Api, body: dict[str, Any], said: str) -> None:
    before = kept(on_sqlite)
    answer = added(on_sqlite, **{"key": body.get("publicKey", ""), **body})
    assert (answer.refusal, kept(on_sqlite)) == ((400, "invalid_request"), before)
    assert said in answer.body["message"]
    assert "BEGIN" not in answer.body["message"]


def test_whose_a_registered_key_is_is_not_told(local: Api) -> None:
    answer = added(local, key=local.public_key(FOREIGNER))
    assert answer.refusal == (409, "key_exists")
    assert FOREIGNER not in str(answer.body)


def test_a_revoked_key_and_its_tokens_stop_at_once_and_it_never_comes_back(api: Api) -> None:
    first = api.public_key(MEMBER)
    another(api, MEMBER)
    token = api.send(who=MEMBER, path="/v2/public/user/bearer-token").body["token"]
    assert with_token(api, token).status == 200
    uuid = current(api, MEMBER)
    answer = revoked(api, uuid, of(MEMBER), BOSS)
    assert (answer.status, answer.body["state"]) == (200, "revoked")
    assert with_token(api, token).refusal == api.send(who=MEMBER).refusal == (401, "not_authenticated")
    assert api.send(who=MEMBER).body["message"] == f"this key of {MEMBER} was revoked"
    assert revoked(api, uuid, of(MEMBER), BOSS).refusal == (409, "key_ended")
    assert added(api, of(MEMBER), key=api.public_key(MEMBER)).refusal == (409, "key_exists")
    states = {key["publicKey"]: key["state"] for key in listed(api, of(MEMBER))}
    assert states == {openssh(first): "active", openssh(api.public_key(MEMBER)): "revoked"}


def test_an_expired_key_and_its_tokens_are_refused(local: Api) -> None:
    uuid = another(local, MEMBER, expiresAt=soon(days=1))
    token = local.send(who=MEMBER, path="/v2/public/user/bearer-token").body["token"]
    with local.database.write() as connection:
        row = t.user_keys.c.uuid == uuid
        connection.execute(update(t.user_keys).where(row).values(expires_at=PAST))
    assert with_token(local, token).refusal == local.send(who=MEMBER).refusal == (401, "not_authenticated")
    assert local.send(who=MEMBER).body["message"].endswith("expired at 2020-01-02 03:04 UTC")
    assert {key["uuid"]: key["state"] for key in listed(local, of(MEMBER))}[uuid] == "expired"
    assert revoked(local, uuid, of(MEMBER)).body["state"] == "revoked"


def test_the_key_that_one_calls_with_may_be_revoked_and_is_marked(local: Api) -> None:
    uuid = current(local, MEMBER)
    assert revoked(local, uuid, who=MEMBER).body["current"] is True
    assert local.send(who=MEMBER).refusal == (401, "not_authenticated")


def test_a_key_that_ends_registers_none_that_outlives_it(local: Api) -> None:
    another(local, MEMBER, expiresAt=soon(days=10))
    for later in ({}, {"expiresAt": soon(days=11)}):
        assert added(local, who=MEMBER, **later).refusal == (403, "outlives_its_key")
    assert added(local, who=MEMBER, expiresAt=soon(days=9)).status == 200
    another(local, BOSS, expiresAt=soon(days=10))
    assert added(local, who=BOSS).status == 200


def test_a_token_registers_no_key(local: Api) -> None:
    token = local.send(path="/v2/public/user/bearer-token").body["token"]
    body = {"name": "laptop", "publicKey": a_key()}
    for path in (OWN, of(MEMBER), f"{USERS}/{MEMBER}/invitations"):
        answer = with_token(local, token, "POST", path, {} if path.endswith("invitations") else body)
        assert answer.refusal == (403, "signature_required")


@pytest.mark.parametrize(("role", "verdict"), [("MEMBER", (403, "signature_required")), ("ADMIN", (200, ""))])
def test_a_federated_token_registers_a_key_only_as_an_admin(
    local: Api, role: str, verdict: tuple[int, str]
) -> None:
    account, organization = (
        newcomer(local, "ci@service-accounts.internal", role),
        organization_of(local, BOSS),
    )
    named = {"issuer": "https://issuer.test", "audience": "a", "subject": "s", "scope": "write"}
    with local.database.write() as connection:
        uuid = federations.add(connection, organization, account, **named)
    token = auth.issue_federated_token(uuid, local.vault)
    answer = with_token(local, token, "POST", OWN, {"name": "laptop", "publicKey": a_key()})
    assert (answer.status, answer.body.get("code", "")) == verdict


def test_only_admins_and_auditors_see_keys_of_others_and_only_admins_register_them(local: Api) -> None:
    newcomer(local, AUDITOR)
    with local.database.write() as connection:
        them = t.organization_users.c.email == AUDITOR
        connection.execute(update(t.organization_users).where(them).values(auditor=True))
    assert [key["user"] for key in listed(local, of(MEMBER), AUDITOR)] == [MEMBER]
    for who, said in ((AUDITOR, "not_an_organization_admin"), (OUTSIDER, "not_an_organization_admin")):
        assert added(local, of(MEMBER), who).refusal == (403, said)
        uuid = listed(local, of(MEMBER))[0]["uuid"]
        assert revoked(local, uuid, of(MEMBER), who).refusal == (403, said)
    assert local.send(who=OUTSIDER, path=of(MEMBER)).refusal == (403, "not_an_organization_admin")


def test_keys_of_another_organization_and_of_strangers_are_not_found(local: Api) -> None:
    for email in (FOREIGNER, REMOVED, "nobody@example.com"):
        assert local.send(path=of(email)).refusal == (404, "user_not_found")
        assert added(local, of(email)).refusal == (404, "user_not_found")
    theirs = listed(local, who=FOREIGNER)[0]["uuid"]
    assert revoked(local, theirs).refusal == (404, "key_not_found")
    assert revoked(local, theirs, of(MEMBER)).refusal == (404, "key_not_found")


def test_a_key_of_somebody_else_is_not_revoked_as_ones_own(local: Api) -> None:
    assert revoked(local, current(local, BOSS), who=MEMBER).refusal == (404, "key_not_found")


def test_there_are_so_many_keys_that_may_be_used_and_no_more(local: Api) -> None:
    organization = organization_of(local, MEMBER)
    with local.database.write() as connection:
        for _ in range(MAX_KEYS - 1):
            organizations.add_key(connection, organization, MEMBER, a_key())
    before = kept(local)
    assert (added(local, who=MEMBER).refusal, kept(local)) == ((409, "quota_reached"), before)
    uuid = next(key["uuid"] for key in listed(local, who=MEMBER) if not key["current"])
    assert revoked(local, uuid, who=MEMBER).status == 200
    assert added(local, who=MEMBER).status == 200


def test_so_many_keys_are_registered_within_a_month_and_no_more_however_few_may_be_used(local: Api) -> None:
    organization, at = organization_of(local, MEMBER), now()
    whose = {"organization": organization, "email": MEMBER, "ended_at": at}
    rows = [
        {**whose, "uuid": str(number), "public_key": a_key(), "created_at": at}
        for number in range(MAX_MADE - 1)
    ]
    with local.database.write() as connection:
        connection.execute(insert(t.user_keys), rows)
    before = kept(local)
    for path, who in ((OWN, MEMBER), (of(MEMBER), CREATOR)):
        answer = added(local, path, who)
        assert (answer.refusal, kept(local)) == ((409, "quota_reached"), before)
    with local.database.write() as connection:
        oldest = t.user_keys.c.uuid == "0"
        connection.execute(update(t.user_keys).where(oldest).values(created_at=at - timedelta(days=31)))
    assert added(local, who=MEMBER).status == 200


def test_the_last_key_with_which_an_admin_can_write_stays(local: Api) -> None:
    assert revoked(local, current(local, CREATOR), of(CREATOR), BOSS).status == 200
    added_read = added(local, who=BOSS, scope="read").body["uuid"]
    before = kept(local)
    last = current(local, BOSS)
    for path in (OWN, of(BOSS)):
        answer = revoked(local, last, path, BOSS)
        assert (answer.refusal, kept(local)) == ((409, "last_admin_key"), before)
        assert "keys add" in answer.body["hint"]
    assert revoked(local, added_read, who=BOSS).status == 200
    assert added(local, of(CREATOR), BOSS).status == 200
    assert revoked(local, last, who=BOSS).status == 200


@pytest.mark.parametrize("state", ["suspended", "expired", "demoted"])
def test_an_admin_who_cannot_sign_does_not_count_as_one_who_stays(local: Api, state: str) -> None:
    with local.database.write() as connection:
        if state == "expired":
            theirs = t.user_keys.c.email == CREATOR
            connection.execute(update(t.user_keys).where(theirs).values(expires_at=PAST))
        else:
            person = t.organization_users.c.email == CREATOR
            values: Any = {"suspended_at": PAST} if state == "suspended" else {"role": "MEMBER"}
            connection.execute(update(t.organization_users).where(person).values(**values))
    assert revoked(local, current(local, BOSS), who=BOSS).refusal == (409, "last_admin_key")


def test_an_email_that_looks_like_a_path_of_keys_is_a_user(local: Api) -> None:
    odd = newcomer(local, "a/keys/b@example.com")
    answer = local.send(path=f"{USERS}/{httpx2.URL('/' + odd).path[1:]}")
    assert answer.body["email"] == odd
    assert local.send(method="DELETE", path=f"{USERS}/{odd}").body["email"] == odd


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("keys", "GET, POST"),
        ("invitations", "GET, POST"),
        ("keys/8123673f-6012-4d14-b07a-eb101f03756e", "DELETE"),
        ("invitations/8123673f-6012-4d14-b07a-eb101f03756e", "DELETE"),
    ],
)
def test_what_stands_below_a_user_is_no_user(on_sqlite: Api, path: str, allowed: str) -> None:
    answer = on_sqlite.send(method="PATCH", path=f"{USERS}/{MEMBER}/{path}", body={})
    assert (answer.refusal, answer.headers["Allow"]) == ((405, "method_not_allowed"), allowed)


def test_each_change_of_keys_is_audited_with_the_fingerprint_and_no_key(local: Api) -> None:
    key = a_key()
    uuid = added(local, of(MEMBER), key=key, name="ci").body["uuid"]
    revoked(local, uuid, of(MEMBER), BOSS)
    rows = [row for row in local.rows("audit") if row.object == uuid]
    assert [(row.actor, row.action) for row in rows] == [(CREATOR, "key.add"), (BOSS, "key.revoke")]
    assert all(fingerprint(key) in row.detail or "revoked" in row.detail for row in rows)
    assert key not in str(rows)


def test_the_last_use_of_a_key_and_of_a_federation_is_kept(local: Api) -> None:
    account = newcomer(local, "ci@service-accounts.internal")
    organization = organization_of(local, BOSS)
    named = {"issuer": "https://issuer.test", "audience": "a", "subject": "s", "scope": "write"}
    with local.database.write() as connection:
        uuid = federations.add(connection, organization, account, **named)
    token = auth.issue_federated_token(uuid, local.vault)
    assert with_token(local, token).status == local.send(who=MEMBER).status == 200
    assert local.send(who=REMOVED).status == 403
    local.app.state.traffic.uses.write(local.database)
    with local.database.read() as connection:
        (used,) = service_accounts.federations(connection, organization, account)[account]
    assert used.last_used_at
    assert [bool(key["lastUsedAt"]) for key in listed(local, of(MEMBER))] == [True]
    assert [bool(key["lastUsedAt"]) for key in listed(local, of(BOSS))] == [False]
    assert {row.last_used_at for row in local.rows("user_keys") if row.email == REMOVED} == {None}


def test_an_embedded_api_keeps_no_last_use(on_sqlite: Api) -> None:
    on_sqlite.transport, on_sqlite._http = in_process(inline(on_sqlite.app)), {}
    assert on_sqlite.send(who=MEMBER).status == 200
    on_sqlite.app.state.traffic.uses.write(on_sqlite.database)
    assert [key["lastUsedAt"] for key in listed(on_sqlite, of(MEMBER))] == [None]


def test_a_repeat_gets_the_first_answer(api: Api) -> None:
    request = api.request(method="POST", path=OWN, body={"name": "laptop", "publicKey": a_key()})
    assert api.send(request).body == api.send(request).body
