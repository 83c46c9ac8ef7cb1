"""The API inside this process: what it makes, for whom, and what it leaves alone."""

from pathlib import Path

import pytest

from pulumi_encord_integrations import embedded
from pulumi_encord_integrations.client import organizations
from pulumi_encord_integrations.client.errors import ConfigurationError
from pulumi_encord_integrations.client.settings import Settings


def _settings(folder: Path, user: str | None = "ada@example.com") -> Settings:
    return Settings("embedded", database=folder / "encord.sqlite", user=user)


def test_the_first_user_becomes_the_organizations_admin(tmp_path: Path) -> None:
    client = embedded.connect(_settings(tmp_path, "Ada@Example.com"), create=True)
    found = organizations.current(client)
    assert (found.user_email, found.role) == ("ada@example.com", "ADMIN")


def test_all_files_are_their_owners_alone(tmp_path: Path) -> None:
    embedded.connect(_settings(tmp_path), create=True)
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}
    assert len(list(tmp_path.iterdir())) == 3


def test_a_stranger_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    embedded.connect(_settings(tmp_path), create=True)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ConfigurationError, match=r"Its admin is ada@example\.com"):
        embedded.connect(_settings(tmp_path, "eve@example.com"), create=True)
    assert sorted(tmp_path.iterdir()) == before


def test_a_lost_key_of_a_known_user_is_made_anew(tmp_path: Path) -> None:
    embedded.connect(_settings(tmp_path), create=True)
    (tmp_path / "encord.sqlite.ada@example.com.key").unlink()
    assert organizations.current(embedded.connect(_settings(tmp_path))).user_email == "ada@example.com"


@pytest.mark.parametrize("user", [None, "nobody"])
def test_without_an_e_mail_nothing_is_made(tmp_path: Path, user: str | None) -> None:
    with pytest.raises(ConfigurationError, match="encord:user"):
        embedded.connect(_settings(tmp_path, user), create=True)
    assert list(tmp_path.iterdir()) == []


def test_only_a_create_makes_a_database(tmp_path: Path) -> None:
    with pytest.raises(embedded.DatabaseMissing):
        embedded.connect(_settings(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_preview_learns_the_organization_without_the_service(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    assert embedded.organization(settings) is None
    client = embedded.connect(settings, create=True)
    assert embedded.organization(settings) == organizations.current(client).uuid


def test_a_preview_notices_that_the_encryption_key_is_lost(tmp_path: Path) -> None:
    embedded.connect(_settings(tmp_path), create=True)
    (tmp_path / "encord.sqlite.encryption-key").unlink()
    assert embedded.organization(_settings(tmp_path)) is None
    with pytest.raises(ConfigurationError, match="encryption key"):
        embedded.connect(_settings(tmp_path))
