"""Whether a database takes writes, SQLite and PostgreSQL alike."""

from pathlib import Path

import psycopg
import pytest

from pulumi_encord_integrations.server.errors import DatabaseUnusable
from pulumi_encord_integrations.server.store.postgresql import PostgresqlDatabase
from tests.contract.conftest import POSTGRESQL
from tests.support import postgres
from tests.support.api import Api

_REFUSE = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION '%s' USING ERRCODE = '%s';
    END $$;
    CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON health FOR EACH ROW EXECUTE FUNCTION refuse();
"""


def test_a_database_that_takes_writes_passes(local: Api) -> None:
    for _ in range(2):
        local.database.probe()
    assert [row.id for row in local.rows("health")] == [1]


@pytest.mark.parametrize(
    ("code", "said", "told"),
    [
        ("25006", "cannot execute UPDATE in a read-only transaction", "it takes no writes"),
        ("53100", 'could not extend file "base/1": No space left on device', "its disk is full"),
        ("42501", "permission denied for table health", "the user may not write"),
    ],
)
@pytest.mark.parametrize("local", [POSTGRESQL], indirect=True)
def test_a_server_that_takes_no_writes_is_told(local: Api, code: str, said: str, told: str) -> None:
    with psycopg.connect(str(local._address), autocommit=True) as operator:
        operator.execute((_REFUSE % (said, code)).encode())
        with pytest.raises(DatabaseUnusable, match=told) as refusal:
            local.database.probe()
        operator.execute("DROP FUNCTION refuse CASCADE")
    assert refusal.value.hint
    local.database.probe()


@pytest.mark.parametrize("local", [POSTGRESQL], indirect=True)
def test_a_server_that_is_away_is_told(local: Api, tmp_path: Path) -> None:
    away = postgres.address_of(f"postgresql://ada:canary@/x?host={tmp_path}")
    with pytest.raises(DatabaseUnusable, match="cannot use postgresql://ada@") as refusal:
        PostgresqlDatabase(away, local.database.key_file).probe()
    assert "canary" not in f"{refusal.value.message} {refusal.value.hint}"
