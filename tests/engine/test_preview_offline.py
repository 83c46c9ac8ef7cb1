"""Previews that ask no API, because they are told so or because it has to write before it can answer."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pulumi_encord_integrations.client import organization_users
from pulumi_encord_integrations.model.users import OrganizationUserSpec
from pulumi_encord_integrations.server.store.revision import REVISION
from tests.support.engine import Project, changed, operations
from tests.support.older_schema import back_to_0004
from tests.support.types import CASES

UNCHECKED = (
    "the API was not asked, so this plan does not show who else gains or loses access, "
    "what an adoption takes, and what a replacement destroys"
)
WAITING = f", until an update changes something or refreshes: {UNCHECKED}"
MIA = "mia@example.com"
PEOPLE = """
group = encord.UserGroup("crew", name="Crew")
encord.IntegrationMember("bo", integration=held, group=group, role="user")
"""
PROGRAM = f'every("prod", title="Data")\nheld = aws("held", title="Data"){PEOPLE}'
RENAMED = PROGRAM.replace('"Data"', '"Renamed"')
ALL = len(CASES) + 1


def notes(text: str) -> list[str]:
    """Each note of a run on how it looks at the API, as often as it stands on a line of its own."""
    found = re.findall(r"^ *note: (.*)$", text, re.MULTILINE)
    return [note for note in found if not note.startswith("IntegrationMember")]


@pytest.fixture
def deployed(project: Project) -> Project:
    """Something of every kind, and a program that renames the integrations."""
    project.declare(PROGRAM)
    project.up()
    project.declare(RENAMED)
    return project


def files(project: Project) -> dict[str, bytes]:
    """What an embedded API keeps, but for what SQLite makes for readers."""
    kept = (
        path for path in project.folder.glob("encord.sqlite*") if path.suffix not in {".db-shm", ".db-wal"}
    )
    return {path.name: path.read_bytes() for path in kept if not path.name.endswith(("-shm", "-wal"))}


def offline(project: Project, note: str) -> None:
    """A preview shows the same changes, says once what it cannot know, and writes nothing."""
    before = files(project)
    shown = project.preview()
    assert notes(shown) == [note]
    assert changed(shown) == {"title"}
    assert operations(shown) == {"to update": ALL}
    assert files(project) == before


def online_again(project: Project) -> None:
    assert operations(project.up()) == {"updated": ALL}
    project.declare(PROGRAM)
    shown = project.preview()
    assert notes(shown) == []
    assert operations(shown) == {"to update": ALL}


def test_a_preview_told_to_ask_nothing_says_once_what_it_does_not_show(deployed: Project) -> None:
    told = f"encord:offlinePreview is set: {UNCHECKED}"
    deployed.configure(offlinePreview="true")
    offline(deployed, told)
    assert notes(deployed.up()) == [told]
    assert notes(deployed.refresh()) in ([], [told])
    assert notes(deployed.preview("--refresh")) == [told]
    deployed.configure(offlinePreview=None)
    assert notes(deployed.preview()) == []
    deployed.unchanged()


def test_the_first_preview_told_to_ask_nothing_makes_nothing(project: Project) -> None:
    project.declare(PROGRAM)
    project.configure(offlinePreview="true", database=str(project.folder / "made" / "encord.sqlite"))
    assert notes(project.preview()) == [f"encord:offlinePreview is set: {UNCHECKED}"]
    assert not (project.folder / "made").exists()


def test_the_first_preview_of_a_new_stack_makes_nothing_and_has_nothing_to_note(project: Project) -> None:
    project.declare(PROGRAM)
    project.configure(database=str(project.folder / "made" / "encord.sqlite"))
    assert notes(project.preview()) == []
    assert not (project.folder / "made").exists()
    project.configure(database=None)
    assert notes(project.preview()) == []
    assert not (project.folder / ".encord").exists()


def older(database: Path) -> None:
    """The schema before keys could end."""
    with closing(sqlite3.connect(database)) as connection, connection:
        back_to_0004(connection.execute)


def revision(project: Project) -> str:
    with closing(sqlite3.connect(project.folder / "encord.sqlite")) as connection:
        (found,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(found)


def test_a_database_of_an_older_version_is_migrated_by_up_and_not_by_a_preview(deployed: Project) -> None:
    older(deployed.folder / "encord.sqlite")
    offline(deployed, f"{deployed.folder / 'encord.sqlite'} is of an older version{WAITING}")
    assert revision(deployed) == "0004"
    online_again(deployed)
    assert revision(deployed) == REVISION


def test_a_refresh_migrates_an_older_database(deployed: Project) -> None:
    older(deployed.folder / "encord.sqlite")
    deployed.refresh()
    assert revision(deployed) == REVISION
    assert notes(deployed.preview()) == []


def test_a_user_without_a_key_gets_one_from_up_and_not_from_a_preview(deployed: Project) -> None:
    organization_users.add(deployed.api(), OrganizationUserSpec(email=MIA, role="ADMIN"))
    deployed.configure(user=MIA)
    key = deployed.folder / f"encord.sqlite.{MIA}.key"
    offline(deployed, f"the key {key} is missing{WAITING}")
    assert not key.exists()
    deployed.declare(PROGRAM + 'encord.UserGroup("more", name="More")')
    assert operations(deployed.up()) == {"created": 1}
    assert key.exists()
    assert notes(deployed.preview()) == []
    deployed.unchanged()
