"""The API inside this process: what it makes, for whom, and what it leaves alone."""

import json
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

import httpx2
import pytest

from pulumi_encord_integrations import embedded
from pulumi_encord_integrations.cli.exit_codes import code_of
from pulumi_encord_integrations.client import organization_users, organizations
from pulumi_encord_integrations.client.errors import ConfigurationError, NotAllowed
from pulumi_encord_integrations.client.in_process import in_process
from pulumi_encord_integrations.client.settings import Settings, load
from pulumi_encord_integrations.model.users import OrganizationUserSpec
from tests.support.api import served


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


def test_a_stranger_who_only_reads_is_told_so(tmp_path: Path) -> None:
    embedded.connect(_settings(tmp_path), create=True)
    with pytest.raises(NotAllowed, match=r"zoe@example\.com is not a user of the embedded organiz"):
        embedded.connect(_settings(tmp_path, "zoe@example.com"), read_only=True)


def test_whoever_is_suspended_may_not_use_the_key_they_have(tmp_path: Path) -> None:
    client = embedded.connect(_settings(tmp_path), create=True)
    organization_users.add(client, OrganizationUserSpec(email="mia@example.com"))
    mia = _settings(tmp_path, "mia@example.com")
    embedded.connect(mia)
    organization_users.change(client, "mia@example.com", {"suspended": True})
    for read_only in (True, False):
        with pytest.raises(NotAllowed, match=r"mia@example\.com is suspended.*ada@example\.com") as refused:
            embedded.connect(mia, read_only=read_only)
        assert code_of(refused.value) == 3
    organization_users.change(client, "mia@example.com", {"suspended": False})
    assert organizations.current(embedded.connect(mia, read_only=True)).user_email == "mia@example.com"


def test_several_admins_are_named_in_the_plural(tmp_path: Path) -> None:
    client = embedded.connect(_settings(tmp_path), create=True)
    organization_users.add(client, OrganizationUserSpec(email="eve@example.com", role="ADMIN"))
    with pytest.raises(ConfigurationError, match=r"Its admins are ada@example\.com, eve@example\.com"):
        embedded.connect(_settings(tmp_path, "zoe@example.com"))


def test_a_user_without_a_key_reads_how_one_is_made_and_a_write_makes_it(tmp_path: Path) -> None:
    mia = _settings(tmp_path, "mia@example.com")
    client = embedded.connect(_settings(tmp_path), create=True)
    organization_users.add(client, OrganizationUserSpec(email="mia@example.com"))
    with pytest.raises(embedded.NotReady, match=r"The next pulumi up that acts as mia@example\.com and ch"):
        embedded.connect(mia, read_only=True)
    embedded.connect(mia)
    assert organizations.current(embedded.connect(mia, read_only=True)).user_email == "mia@example.com"


def test_a_lost_key_of_a_known_user_is_made_anew(tmp_path: Path) -> None:
    embedded.connect(_settings(tmp_path), create=True)
    (tmp_path / "encord.sqlite.ada@example.com.key").unlink()
    assert organizations.current(embedded.connect(_settings(tmp_path))).user_email == "ada@example.com"


def test_whoever_is_added_again_gets_a_new_key(tmp_path: Path) -> None:
    ada, mia = _settings(tmp_path), _settings(tmp_path, "mia@example.com")
    key_file = tmp_path / "encord.sqlite.mia@example.com.key"
    client = embedded.connect(ada, create=True)
    organization_users.add(client, OrganizationUserSpec(email="mia@example.com"))
    embedded.connect(mia)
    ended = key_file.read_bytes()
    organization_users.remove(client, "mia@example.com")
    organization_users.add(client, OrganizationUserSpec(email="mia@example.com"))
    with pytest.raises(embedded.NotReady, match=r"mia@example\.com has no key for .* yet"):
        embedded.connect(mia, read_only=True)
    assert key_file.read_bytes() == ended
    assert organizations.current(embedded.connect(mia)).user_email == "mia@example.com"
    assert key_file.read_bytes() != ended
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert organizations.current(embedded.connect(mia, read_only=True)).user_email == "mia@example.com"


@pytest.mark.parametrize("user", [None, "nobody"])
def test_without_an_e_mail_nothing_is_made(tmp_path: Path, user: str | None) -> None:
    with pytest.raises(ConfigurationError, match="encord:user"):
        embedded.connect(_settings(tmp_path, user), create=True)
    assert list(tmp_path.iterdir()) == []


def test_only_a_create_makes_a_database(tmp_path: Path) -> None:
    with pytest.raises(embedded.DatabaseMissing):
        embedded.connect(_settings(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_whoever_only_reads_makes_no_database(tmp_path: Path) -> None:
    with pytest.raises(embedded.DatabaseMissing):
        embedded.connect(_settings(tmp_path / "made"), read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_whoever_only_reads_migrates_nothing(tmp_path: Path) -> None:
    embedded.connect(_settings(tmp_path), create=True)
    database = tmp_path / "encord.sqlite"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0004'")
    before = database.read_bytes()
    with pytest.raises(embedded.NotReady, match=r"is of an older version\. The next pulumi up or serve migr"):
        embedded.connect(_settings(tmp_path), read_only=True)
    assert database.read_bytes() == before


def test_a_preview_notices_that_the_encryption_key_is_lost(tmp_path: Path) -> None:
    embedded.connect(_settings(tmp_path), create=True)
    (tmp_path / "encord.sqlite.encryption-key").unlink()
    for read_only in (True, False):
        with pytest.raises(ConfigurationError, match="encryption key"):
            embedded.connect(_settings(tmp_path), read_only=read_only)


def test_git_finds_nothing_to_take_up_after_a_first_program(tmp_path: Path) -> None:
    git = partial(subprocess.run, cwd=tmp_path, check=True, capture_output=True, text=True)
    git(["git", "init", "--quiet"])
    settings = load({"endpoint": "embedded", "user": "ada@example.com"}.get, tmp_path, {})
    embedded.connect(settings, create=True)
    assert len(list(tmp_path.rglob("*.key"))) == 1
    assert git(["git", "status", "--porcelain", "--untracked-files=all"]).stdout == ""
    git(["git", "add", "--all"])
    assert git(["git", "ls-files"]).stdout == ""


def test_a_folder_that_somebody_made_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / ".gitignore").write_text("theirs\n")
    embedded.connect(_settings(tmp_path / "made"), create=True)
    assert (tmp_path / "made" / ".gitignore").read_text() == "theirs\n"
    assert not (tmp_path / ".gitignore").exists()


def test_a_folder_made_by_another_process_meanwhile_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def beaten(self: Path, target: Path) -> None:
        target.mkdir()
        (target / "theirs").touch()
        raise OSError

    monkeypatch.setattr(Path, "rename", beaten)
    embedded.connect(_settings(tmp_path / "made"), create=True)
    assert [path.name for path in tmp_path.iterdir()] == ["made"]
    assert {"theirs", "encord.sqlite"} <= {path.name for path in (tmp_path / "made").iterdir()}


def test_an_address_of_postgresql_is_refused_without_its_password() -> None:
    settings = load({"endpoint": "embedded", "database": "postgresql://ada:canary@h/db"}.get, Path(), {})
    for use in (embedded.require, embedded.connect):
        with pytest.raises(ConfigurationError, match="keeps its data in a file") as refusal:
            use(settings)
        assert "canary" not in str(refusal.value)


PATHS = [
    "/users/ada%40example.com",
    "/users/a%2Bb%40example.com",
    "/users/o'neil%2Fx%40example.com",
    "/users/100%25%40example.com",
    "/users/j%C3%B6rg%40ex%C3%A4mple.de",
    "/users/%3F%23%26%40example.com?role=a%2Fb",
    "/users/a%2520b",
    "/users/..%2F..%2Fx",
    "/users/%FF",
]


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers the path as it came over the wire, and as it is decoded."""
    if scope["type"] != "http":
        return
    seen = [scope["raw_path"].decode("ascii"), scope["path"], scope["query_string"].decode("ascii")]
    content = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": content})
    await send({"type": "http.response.body", "body": json.dumps(seen).encode()})


@pytest.fixture(scope="module")
def clients() -> Iterator[list[httpx2.Client]]:
    """Clients of the echo, in process and served."""
    with served(cast(Any, echo)) as address:
        inside = httpx2.Client(base_url="http://embedded", transport=in_process(echo))
        with inside, httpx2.Client(base_url=address) as outside:
            yield [inside, outside]


@pytest.mark.parametrize("target", PATHS)
def test_a_path_arrives_in_process_as_it_arrives_over_the_wire(
    clients: list[httpx2.Client], target: str
) -> None:
    inside, outside = [client.get(target).json() for client in clients]
    assert inside == outside
    assert inside[0] == target.partition("?")[0]
    assert inside[1] == unquote(inside[0])


def test_what_a_caller_says_of_the_path_is_not_believed(clients: list[httpx2.Client]) -> None:
    answers = [client.get("/a%2Fb", headers={"X-Raw-Path": "/elsewhere"}).json() for client in clients]
    assert answers == [["/a%2Fb", "/a/b", ""]] * 2
