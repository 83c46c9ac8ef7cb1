"""Settings that changed under a state, or that cannot be right: one line, and nothing is done."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pulumi_encord_integrations import embedded
from pulumi_encord_integrations.client.settings import Settings
from pulumi_encord_integrations.server.keys import new_key
from tests.support.engine import UP, USER, Project, line_with
from tests.support.served import Served, free_port, served

REFRESH = ("refresh", "--yes", "--skip-preview")
PREVIEW = ("preview",)
DESTROY = ("destroy", "--yes", "--skip-preview")
COMMANDS = (PREVIEW, UP, REFRESH, DESTROY)


@pytest.fixture
def deployed(project: Project) -> dict[str, str]:
    """The state of a deployed stack whose program has changed since."""
    project.declare('aws("prod")')
    project.up()
    project.declare('aws("prod", title="changed"); aws("lab")')
    return project.state()


def switch_database(project: Project) -> None:
    """Another database file, with an organization of its own, under the environment's name."""
    other = project.folder / "other.sqlite"
    embedded.connect(Settings("embedded", database=other, user=USER), create=True)
    project.env["ENCORD_DATABASE"] = str(other)


def test_another_database_under_a_state_is_refused(project: Project, deployed: dict[str, str]) -> None:
    before = project.living()
    switch_database(project)
    for command in COMMANDS:
        assert line_with("this stack belongs to the organization", project.fail(*command, "--stack", "dev"))
    assert project.state() == deployed
    assert project.living() == before


def test_without_the_check_a_refresh_against_it_would_empty_the_state(
    project: Project, deployed: dict[str, str]
) -> None:
    switch_database(project)
    project.refresh(fault="no-organization-check")
    assert not project.state()


def test_a_database_gone_from_under_a_state_is_an_error_and_not_made_anew(
    project: Project, deployed: dict[str, str]
) -> None:
    database = project.folder / project.config["database"]
    database.rename(database.with_suffix(".away"))
    for command in COMMANDS:
        assert line_with("there is no database", project.fail(*command, "--stack", "dev"))
    assert not database.exists()
    assert project.state() == deployed


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path / "served.sqlite") as running:
        yield running


def use(project: Project, api: Served, key: bytes | None = None) -> None:
    project.configure(endpoint=api.endpoint, database=None, user=None)
    project.env["ENCORD_SSH_KEY"] = (key or api.key).decode()


def test_another_endpoint_under_a_state_is_refused(
    project: Project, deployed: dict[str, str], api: Served
) -> None:
    use(project, api)
    for command in (PREVIEW, UP):
        assert line_with("this stack belongs to the organization", project.fail(*command, "--stack", "dev"))
    assert project.state() == deployed
    assert not api.living()


def test_another_organization_s_key_under_a_state_is_refused(project: Project, api: Served) -> None:
    use(project, api)
    project.declare('aws("prod")')
    project.up()
    deployed = project.state()
    project.declare('aws("prod", title="changed")')
    use(project, api, api.new_organization("eve@example.com"))
    for command in COMMANDS:
        assert line_with("this stack belongs to the organization", project.fail(*command, "--stack", "dev"))
    assert project.state() == deployed
    assert api.living() == set(deployed.values())


def test_no_key_and_an_unknown_one_are_refused_in_preview_and_up(project: Project, api: Served) -> None:
    project.declare('aws("prod")')
    use(project, api)
    for key, words in (
        (b"no key", "ENCORD_SSH_KEY holds no usable key"),
        (new_key(), "this key is not known here"),
        (b"", "no credentials are set"),
    ):
        project.env["ENCORD_SSH_KEY"] = key.decode()
        for command in (PREVIEW, UP):
            assert line_with(words, project.fail(*command, "--stack", "dev"))
    assert not api.living()


def test_a_clock_off_by_an_hour_is_named(project: Project, api: Served) -> None:
    use(project, api)
    project.declare('aws("prod")')
    fault = {"ENCORD_TEST_FAULT": "clock-off"}
    said = line_with("the request was signed", project.fail(*UP, "--stack", "dev", env=fault))
    assert "behind the API's clock" in said
    assert "Set the clocks of both machines" in said
    assert not api.living()


def test_an_unreachable_endpoint_fails_preview_and_up_with_one_line(
    project: Project, deployed: dict[str, str]
) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    project.configure(endpoint=address)
    project.env["ENCORD_SSH_KEY"] = new_key().decode()
    for command in (PREVIEW, UP):
        said = line_with(f"error: .*cannot reach {address}", project.fail(*command, "--stack", "dev"))
        assert "set encord:offlinePreview to true to preview without the API" in said
    assert project.state() == deployed


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"endpoint": None}, "encord:endpoint is not set. Set encord:endpoint to embedded or to"),
        ({"endpoint": "ftp://example.com"}, r"encord:endpoint is not an http\(s\) address"),
        ({"endpoint": "http://example.com"}, "would send requests to example.com in clear"),
        ({"user": None}, "encord:user is not set"),
        ({"user": "ada"}, "encord:user is not an e-mail address"),
        ({"user": "ci-deploy@service-accounts.internal"}, "encord:user is a service account's"),
        ({"database": "~nosuchuser/x"}, "encord:database begins with ~nosuchuser"),
        ({"offlinePreview": "yes"}, "encord:offlinePreview must be true or false"),
    ],
    ids=["no endpoint", "no address", "in clear", "no user", "no e-mail", "no person", "no home", "no flag"],
)
def test_a_setting_that_cannot_be_right_is_named(
    project: Project, settings: dict[str, str | None], words: str
) -> None:
    project.configure(**settings)
    project.declare('aws("prod")')
    assert line_with(words, project.fail("preview", "--stack", "dev"))
    assert line_with(words, project.fail(*UP, "--stack", "dev"))
    assert not list(project.folder.glob("*.sqlite*"))


def test_a_stranger_to_the_embedded_organization_is_refused(
    project: Project, deployed: dict[str, str]
) -> None:
    project.configure(user="eve@example.com")
    for command in (PREVIEW, UP):
        said = project.fail(*command, "--stack", "dev")
        assert line_with("eve@example.com is not a user of the embedded organization", said)


def newer(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'v9999'")


def garbage(database: Path) -> None:
    database.write_bytes(b"by no means a database" * 100)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (newer, "was made by a newer version of pulumi-encord-integrations"),
        (garbage, "is not an SQLite database"),
    ],
    ids=["newer", "garbage"],
)
def test_an_unusable_database_is_named(
    project: Project, deployed: dict[str, str], spoil: Callable[[Path], None], words: str
) -> None:
    spoil(project.folder / project.config["database"])
    for command in (PREVIEW, UP):
        assert line_with(words, project.fail(*command, "--stack", "dev"))
    assert project.state() == deployed


def test_a_database_whose_encryption_key_is_lost_is_refused(
    project: Project, deployed: dict[str, str]
) -> None:
    key = project.folder / "encord.sqlite.encryption-key"
    away = key.rename(key.with_suffix(".away"))
    assert line_with(
        "encryption-key is missing. Restore it from a backup", project.fail(*UP, "--stack", "dev")
    )
    assert not key.exists()
    away.rename(key)
    assert project.living().keys() == set(project.state().values()) == set(deployed.values())


def test_a_locked_database_is_named_and_left_alone(project: Project, deployed: dict[str, str]) -> None:
    with closing(sqlite3.connect(project.folder / project.config["database"])) as holder:
        holder.execute("PRAGMA locking_mode=EXCLUSIVE")
        holder.execute("BEGIN EXCLUSIVE")
        said = project.fail(*UP, "--stack", "dev", env={"ENCORD_TEST_FAULT": "impatient"})
    assert line_with("is locked by another process", said)
    assert project.state() == deployed
    project.up()
