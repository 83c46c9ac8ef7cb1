"""What the operator's verbs say of a database that is locked, read-only or of an older version."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import exc, update

from pulumi_encord_integrations.cli.commands.approve import approve
from pulumi_encord_integrations.cli.commands.maintain import maintain
from pulumi_encord_integrations.cli.commands.recover_admin import recover_admin
from pulumi_encord_integrations.cli.commands.remove_admin import remove_admin
from pulumi_encord_integrations.client.errors import ConfigurationError, Refused
from pulumi_encord_integrations.server.store import factory, retention
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import Connection, now
from pulumi_encord_integrations.server.store.revision import REVISION
from pulumi_encord_integrations.server.store.sqlite import SqliteDatabase
from tests.support.api import BOSS, CREATOR, MEMBER, Api
from tests.support.audit import aged
from tests.support.control import Down, made, reached
from tests.support.older_schema import back_to_0004
from tests.support.people import granted, newcomer


def _new_key(api: Api) -> Path:
    return api.path.parent / "new.key"


def _named(api: Api) -> dict[str, Any]:
    return {"database": str(api.path), "yes": True}


VERBS: dict[str, Callable[[Api, str], None]] = {
    "maintain": lambda api, _: maintain(database=str(api.path)),
    "remove-admin": lambda api, uuid: remove_admin(uuid, MEMBER, database=str(api.path), yes=True),
    "recover-admin": lambda api, _: recover_admin(MEMBER, new_key=_new_key(api), promote=True, **_named(api)),
    "approve": lambda api, uuid: approve(uuid, database=str(api.path), yes=True),
}


@pytest.fixture
def integration(on_sqlite: Api, monkeypatch: pytest.MonkeyPatch) -> str:
    """One with two Admins, which wants an approval."""
    reached(monkeypatch).failure = Down()
    uuid = str(made(on_sqlite, title="wards", strictClientOnly=True, overVpn=True)["integrationUuid"])
    granted(on_sqlite, uuid, {MEMBER: "admin"})
    return uuid


def opened_with(monkeypatch: pytest.MonkeyPatch, **changed: Any) -> None:
    """Verbs open their database in another way."""
    monkeypatch.setattr(
        factory, "SqliteDatabase", lambda path, **given: SqliteDatabase(path, **{**given, **changed})
    )


@pytest.mark.parametrize("verb", VERBS)
def test_a_lock_that_another_process_holds_is_told(
    on_sqlite: Api, integration: str, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    opened_with(monkeypatch, busy_seconds=0.05)
    with on_sqlite.database.write(), pytest.raises(ConfigurationError) as refused:
        VERBS[verb](on_sqlite, integration)
    assert refused.value.message == f"{on_sqlite.path} is locked by another process"
    assert refused.value.hint.endswith("try again later")


@pytest.mark.parametrize("verb", VERBS)
def test_a_database_that_takes_no_writes_is_told(
    on_sqlite: Api, integration: str, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    # SQLite says the same of a file system that is mounted read-only.
    opened_with(monkeypatch, read_only=True)
    with pytest.raises(ConfigurationError) as refused:
        VERBS[verb](on_sqlite, integration)
    assert refused.value.message == f"{on_sqlite.path} takes no writes"
    assert "mounted read-only" in refused.value.hint


def test_a_pool_without_a_free_connection_is_told(on_sqlite: Api) -> None:
    refused = on_sqlite.database.refusal_of(exc.TimeoutError())
    assert (refused.message, refused.busy) == (f"all connections to {on_sqlite.path} are in use", True)


def test_what_was_removed_before_a_lock_is_told(
    on_sqlite: Api, integration: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    aged(on_sqlite)
    rows = len(on_sqlite.rows("audit"))
    removed, real = [0], SqliteDatabase.write

    def write(self: SqliteDatabase) -> Any:
        removed[0] += 1
        if removed[0] == 2:
            raise exc.OperationalError(None, None, Exception("database is locked"))
        return real(self)

    monkeypatch.setattr(retention, "_AT_ONCE", 1)
    monkeypatch.setattr(SqliteDatabase, "write", write)
    monkeypatch.setenv("ENCORD_AUDIT_DAYS", "1")
    with pytest.raises(ConfigurationError, match="is locked by another process"):
        maintain(database=str(on_sqlite.path))
    assert len(on_sqlite.rows("audit")) == rows - 1
    assert "rows of the audit trail: 1 older than 1 day removed" in capsys.readouterr().err


def test_a_migration_is_told(on_sqlite: Api, capsys: pytest.CaptureFixture[str]) -> None:
    with on_sqlite.database.write() as connection:
        back_to_0004(connection.exec_driver_sql)
    for told in (1, 0):
        maintain(database=str(on_sqlite.path))
        said = capsys.readouterr().err
        assert said.count(f"migrated {on_sqlite.path} from 0004 to {REVISION}; as it was before: ") == told


def _suspended(connection: Connection, *emails: str) -> None:
    person = t.organization_users
    connection.execute(update(person).where(person.c.email.in_(emails)).values(suspended_at=now()))


def last_admin(api: Api, uuid: str, email: str) -> Refused:
    with pytest.raises(Refused, match=f"{email} is the last Admin of") as refused:
        remove_admin(uuid, email, database=str(api.path), yes=True)
    return refused.value


def test_an_admin_who_is_suspended_is_named_where_they_do_not_count(on_sqlite: Api, integration: str) -> None:
    with on_sqlite.database.write() as connection:
        _suspended(connection, MEMBER)
    refused = last_admin(on_sqlite, integration, CREATOR)
    assert refused.message.endswith(f'"wards"; {MEMBER} is suspended and does not count')
    newcomer(on_sqlite, "nia@example.com")
    granted(on_sqlite, integration, {"nia@example.com": "admin"})
    with on_sqlite.database.write() as connection:
        _suspended(connection, "nia@example.com")
    refused = last_admin(on_sqlite, integration, CREATOR)
    assert refused.message.endswith(f"{MEMBER}, nia@example.com are suspended and do not count")


def test_the_last_admin_is_told_who_can_give_another(on_sqlite: Api) -> None:
    uuid = str(on_sqlite.create(BOSS)["integrationUuid"])
    assert "Let another admin of the organization join it" in last_admin(on_sqlite, uuid, BOSS).hint
    person = t.organization_users
    with on_sqlite.database.write() as connection:
        others = person.c.email != BOSS
        connection.execute(update(person).where(others).values(role="MEMBER"))
    assert last_admin(on_sqlite, uuid, BOSS).hint == f"Let {BOSS} give it another Admin first"
    with on_sqlite.database.write() as connection:
        connection.execute(update(person).where(~others).values(role="MEMBER"))
        connection.execute(update(person).where(person.c.email == CREATOR).values(role="ADMIN"))
    assert last_admin(on_sqlite, uuid, BOSS).hint == "Let an admin of the organization join it first"
