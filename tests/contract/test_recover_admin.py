"""`recover-admin`: what the operator does for an organization whose admins have lost their keys."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import update

from pulumi_encord_integrations.cli.commands.recover_admin import recover_admin
from pulumi_encord_integrations.client.auth import read_key
from pulumi_encord_integrations.client.errors import ConfigurationError, NotFound, Refused
from pulumi_encord_integrations.model.public_keys import fingerprint, openssh
from pulumi_encord_integrations.server.errors import Conflict
from pulumi_encord_integrations.server.services import recovery
from pulumi_encord_integrations.server.store import organizations
from pulumi_encord_integrations.server.store import tables as t
from tests.contract.test_keys import ME, PAST
from tests.support.api import BOSS, CREATOR, FOREIGNER, MEMBER, Api, public
from tests.support.people import newcomer, organization_of


def file_of(api: Api, key: str) -> Path:
    path = api.path.parent / "new.pub"
    path.write_text(openssh(key))
    return path


def recovered(api: Api, email: str, key: str | None = None, **more: Any) -> str:
    """The key that was registered, in hexadecimal."""
    key = key or public(Ed25519PrivateKey.generate())
    recover_admin(email, public_key=file_of(api, key), database=str(api.path), yes=True, **more)
    return key


def changed(api: Api, who: str, **values: Any) -> None:
    with api.database.write() as connection:
        person = t.organization_users.c.email == who
        connection.execute(update(t.organization_users).where(person).values(**values))


def everyone_locked_out(api: Api) -> None:
    with api.database.write() as connection:
        connection.execute(update(t.user_keys).values(ended_at=PAST))


def test_an_admin_whose_keys_are_gone_acts_again(on_sqlite: Api) -> None:
    everyone_locked_out(on_sqlite)
    on_sqlite.keys[BOSS] = new = Ed25519PrivateKey.generate()
    recovered(on_sqlite, BOSS.upper(), public(new))
    me = on_sqlite.send(who=BOSS, path=ME).body
    assert (me["userEmail"], me["role"], me["scope"]) == (BOSS, "ADMIN", "write")


def test_a_new_key_is_made_for_its_owner_alone(
    on_sqlite: Api, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = on_sqlite.path.parent / "boss.key"
    recover_admin(BOSS, new_key=file, database=str(on_sqlite.path), yes=True, json=True)
    on_sqlite.keys[BOSS] = read_key(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert on_sqlite.send(who=BOSS).status == 200
    told = capsys.readouterr()
    assert json.loads(told.out)["user"] == BOSS
    assert f'{BOSS} gets a key that may change everything in "Acme".' in told.err
    with pytest.raises(ConfigurationError, match="exists"):
        recover_admin(BOSS, new_key=file, database=str(on_sqlite.path), yes=True)


def test_it_is_audited_as_the_operator_s_with_the_fingerprint(on_sqlite: Api) -> None:
    key = recovered(on_sqlite, BOSS)
    (row,) = [row for row in on_sqlite.rows("audit") if row.action == "key.recover"]
    assert row.actor == "operator"
    told = json.loads(row.detail)
    assert told == {"email": BOSS, "fingerprint": fingerprint(key), "promoted": False, "restored": False}


def test_a_member_becomes_an_admin_only_if_that_is_said(on_sqlite: Api) -> None:
    with pytest.raises(Refused, match="is no admin") as refused:
        recovered(on_sqlite, MEMBER)
    assert "--promote" in refused.value.hint
    assert BOSS in refused.value.hint
    recovered(on_sqlite, MEMBER, promote=True)
    assert on_sqlite.send(who=MEMBER, path=ME).body["role"] == "ADMIN"


def test_a_suspension_is_lifted_only_if_that_is_said(on_sqlite: Api) -> None:
    changed(on_sqlite, BOSS, suspended_at=PAST)
    with pytest.raises(Refused, match="is suspended since 2020-01-02") as refused:
        recovered(on_sqlite, BOSS)
    assert refused.value.hint == "--restore lifts that"
    with pytest.raises(Refused, match="is suspended"):
        recovered(on_sqlite, BOSS, promote=True)
    recovered(on_sqlite, BOSS, restore=True)
    assert on_sqlite.send(who=BOSS).status == 200


def test_service_accounts_external_members_and_strangers_are_refused(on_sqlite: Api) -> None:
    account = newcomer(on_sqlite, "ci@service-accounts.internal", "ADMIN")
    changed(on_sqlite, account, kind="service_account")
    changed(on_sqlite, MEMBER, member_type="external")
    with pytest.raises(Refused, match="is a service account"):
        recovered(on_sqlite, account)
    with pytest.raises(Refused, match="only internal ones"):
        recovered(on_sqlite, MEMBER, promote=True)
    with pytest.raises(NotFound, match="there is no user nobody@"):
        recovered(on_sqlite, "nobody@example.com")


def test_of_several_organizations_one_is_named(on_sqlite: Api) -> None:
    with on_sqlite.database.write() as connection:
        organizations.add_user(connection, organization_of(on_sqlite, FOREIGNER), CREATOR, "ADMIN")
    with pytest.raises(Refused, match="2 organizations have a user") as refused:
        recovered(on_sqlite, CREATOR)
    assert '"Acme"' in refused.value.message
    assert '"Other"' in refused.value.message
    other = organization_of(on_sqlite, FOREIGNER)
    for named in ("Other", other):
        key = recovered(on_sqlite, CREATOR, organization=named)
        assert [row.organization for row in on_sqlite.rows("user_keys") if row.public_key == key] == [other]
    with pytest.raises(NotFound, match='in "Acme Inc"'):
        recovered(on_sqlite, CREATOR, organization="Acme Inc")


def test_a_key_that_is_registered_is_refused(on_sqlite: Api) -> None:
    before = on_sqlite.rows("user_keys")
    with pytest.raises(Refused, match="is registered already, or was"):
        recovered(on_sqlite, BOSS, on_sqlite.public_key(CREATOR), restore=True, promote=True)
    assert on_sqlite.rows("user_keys") == before


def test_what_has_changed_since_it_was_shown_is_not_done(local: Api) -> None:
    seen = recovery.planned(local.database, BOSS, organization=None, promote=False, restore=False)
    changed(local, BOSS, role="MEMBER")
    with pytest.raises(Conflict, match="has changed meanwhile"):
        recovery.recover(local.database, seen, "ab" * 32, "new")
    changed(local, BOSS, role="ADMIN")
    recovery.recover(local.database, seen, "ab" * 32, "new")
    assert "ab" * 32 in str(local.rows("user_keys"))
