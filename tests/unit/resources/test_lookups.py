"""Look-ups run before any provider opens the database, so they bring it up to date."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pulumi
import pytest

from pulumi_encord_integrations import embedded, get_integration, list_integrations
from pulumi_encord_integrations.client import integrations, organization_users
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.client.settings import Settings
from pulumi_encord_integrations.model.identity import Placement
from pulumi_encord_integrations.model.integration_types.aws import AwsSpec
from pulumi_encord_integrations.model.users import OrganizationUserSpec
from pulumi_encord_integrations.server.store.revision import REVISION
from tests.support.older_schema import back_to_0004
from tests.unit.resources.mocked import AWS, deploy

ADA, MIA = "ada@example.com", "mia@example.com"


def connected(path: Path, user: str = ADA, *, create: bool = False) -> Client:
    return embedded.connect(Settings("embedded", database=path, user=user), create=create)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The embedded database that the settings name, which does not exist yet."""
    path = tmp_path / "encord.sqlite"
    monkeypatch.setenv("ENCORD_ENDPOINT", "embedded")
    monkeypatch.setenv("ENCORD_DATABASE", str(path))
    monkeypatch.setenv("ENCORD_USER", ADA)
    return path


def made(path: Path) -> str:
    """The uuid of a new integration in a new database."""
    spec = AwsSpec.model_validate({**AWS, "buckets": [{"name": name} for name in AWS["buckets"]]})
    view, _ = integrations.create(connected(path, create=True), spec, Placement())
    return view.uuid


def test_a_program_that_begins_with_a_look_up_migrates_an_older_database(database: Path) -> None:
    uuid = made(database)
    with closing(sqlite3.connect(database)) as older, older:
        back_to_0004(older.execute)
    for program in (
        lambda: get_integration(title="Production").uuid,
        lambda: get_integration(uuid=uuid).uuid,
    ):
        assert deploy(program, preview=True).result == uuid
    with closing(sqlite3.connect(database)) as now:
        assert now.execute("SELECT version_num FROM alembic_version").fetchone() == (REVISION,)


def test_whoever_is_added_again_looks_up_with_a_new_key(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(database)
    ada = connected(database)
    organization_users.add(ada, OrganizationUserSpec(email=MIA, role="ADMIN"))
    connected(database, MIA)
    organization_users.remove(ada, MIA)
    organization_users.add(ada, OrganizationUserSpec(email=MIA, role="ADMIN"))
    monkeypatch.setenv("ENCORD_USER", MIA)
    assert deploy(lambda: len(list_integrations())).result == 1


def test_a_look_up_makes_no_database(database: Path) -> None:
    assert deploy(lambda: len(list_integrations())).result == 0
    with pytest.raises(pulumi.RunError, match="There are none yet"):
        deploy(lambda: get_integration(title="Production"))
    assert list(database.parent.iterdir()) == []
