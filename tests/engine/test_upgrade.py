"""A state and an embedded database of an earlier version, as they were deployed, on the present one.

`fixtures/deployed-DATE.zip` holds a program with a resource of every type, its state (with an empty
passphrase), its database and keys, all made by the version of that day. None of it is ever made anew.
"""

from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.support.engine import make_project, operations

DEPLOYED = sorted(Path(__file__).with_name("fixtures").glob("deployed-*.zip"))


def test_there_is_something_to_upgrade_from() -> None:
    assert DEPLOYED


@pytest.mark.parametrize("deployed", DEPLOYED, ids=lambda path: path.stem)
def test_what_an_earlier_version_deployed_has_nothing_to_do_and_can_be_destroyed(
    deployed: Path, tmp_path: Path
) -> None:
    project = make_project(tmp_path / "project")
    with ZipFile(deployed) as made:
        made.extractall(project.folder)
    for file in project.folder.glob("encord.sqlite*"):
        # An archive does not keep modes.
        file.chmod(0o600)
    told = project.preview("--expect-no-changes")
    # A preview migrates nothing: the database is of the version that deployed it.
    assert "is of an older version" in told
    assert set(operations(project.up())) == {"unchanged"}
    project.unchanged()
    migrating = project.refresh()
    assert set(operations(migrating)) == {"unchanged"}
    assert migrating.count("as it was before: ") == 1
    assert "note:" not in project.preview("--expect-no-changes")
    assert set(operations(project.up())) == {"unchanged"}
    program = project.folder / "__main__.py"
    program.write_text(program.read_text().replace('title="AWS"', 'title="Amazon"'))
    assert operations(project.preview()) == {"to update": 1}
    assert operations(project.up()) == {"updated": 1}
    adopted = {uuid for uuid, view in project.living().items() if view.adopted}
    destroyed = operations(project.destroy())
    assert destroyed.keys() == {"deleted"}
    left = project.living()
    assert left.keys() == adopted
    assert all(view.declared_as is None for view in left.values())
