"""Paths of settings: home folders, and secrets that stand where a path belongs."""

from pathlib import Path

import pytest

from pulumi_encord_integrations.client.errors import ConfigurationError
from pulumi_encord_integrations.client.paths import database_of, default_database, expanded, path_of

BASE = Path("/project")
SETTING = "encord:sshKeyFile"


@pytest.mark.parametrize(
    ("text", "path"), [("~", ""), ("~/x", "x"), ("~//x/../y", "x/../y"), ("~/a/~b", "a/~b")]
)
def test_a_path_may_begin_at_home(
    text: str, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert path_of(text, SETTING, BASE) == tmp_path / path
    assert database_of(text, SETTING, BASE) == tmp_path / path


@pytest.mark.parametrize(("text", "path"), [("a/~/b", "a/~/b"), ("./~x", "~x"), ("/x", "/x"), ("x", "x")])
def test_only_the_beginning_of_a_path_is_a_home(text: str, path: str) -> None:
    assert path_of(text, SETTING, BASE) == BASE / path


@pytest.mark.parametrize("text", ["~nosuchuser", "~nosuchuser/key"])
def test_the_home_of_a_stranger_is_refused_by_the_name_of_the_setting(text: str) -> None:
    for read in (path_of, database_of):
        with pytest.raises(ConfigurationError, match=f"^{SETTING} begins with ~nosuchuser, "):
            read(text, SETTING, BASE)


@pytest.mark.parametrize("home", [None, "", "relative"])
def test_without_a_home_the_whole_path_must_be_written(
    home: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOME")
    if home is not None:
        monkeypatch.setenv("HOME", home)
    monkeypatch.setattr("os.getuid", lambda: 4_000_000)
    with pytest.raises(ConfigurationError, match="Set HOME, or write the whole path"):
        expanded("~/encord.sqlite", SETTING)


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://encord:canary@h/db",
        "-----BEGIN OPENSSH PRIVATE KEY-----\ncanary",
        '{"private_key": "canary", "token_uri": "https://example.com"}',
        "cafe" * 16,
        "canary\0",
        "",
    ],
)
def test_a_secret_in_the_place_of_its_path_is_not_quoted(text: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{SETTING} must be the path of a file") as refusal:
        path_of(text, SETTING, BASE)
    assert "ca" not in str(refusal.value)


def test_a_database_of_before_stays_where_it_lies(tmp_path: Path) -> None:
    assert default_database(tmp_path) == tmp_path / ".encord" / "encord.sqlite"
    (tmp_path / "encord.sqlite").touch()
    assert default_database(tmp_path) == tmp_path / "encord.sqlite"


def test_a_database_made_beside_the_projects_own_does_not_replace_it(tmp_path: Path) -> None:
    path = tmp_path / ".encord" / "encord.sqlite"
    path.parent.mkdir()
    path.touch()
    (tmp_path / "encord.sqlite").touch()
    assert default_database(tmp_path) == path


def test_white_space_around_a_database_is_no_part_of_it() -> None:
    assert database_of(" encord.sqlite\n", SETTING, BASE) == BASE / "encord.sqlite"
    assert str(database_of("postgresql://h/db\n", SETTING, BASE)) == "postgresql://h/db"
