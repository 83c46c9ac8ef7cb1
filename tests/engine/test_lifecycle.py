"""What becomes of a declared integration over its life."""

from pulumi_encord_integrations.client import integrations
from tests.support.engine import Project, changed, operations


def test_drift_behind_the_engine_s_back_is_shown_exactly_and_repaired(project: Project) -> None:
    project.declare('aws("prod"); aws("lab"); aws("calm")')
    project.up()
    project.unchanged()
    before = project.state()
    drift(project, before)
    refreshed = project.refresh()
    assert changed(refreshed) == {"title"}
    assert '~ title: "prod" => "changed by hand"' in refreshed
    assert operations(refreshed) == {"updated": 1, "deleted": 1}
    repaired = project.up("--diff")
    assert changed(repaired) == {"title"}
    assert operations(repaired) == {"updated": 1, "created": 1}
    assert_repaired(project, before)


def drift(project: Project, ids: dict[str, str]) -> None:
    assert project.living().keys() == set(ids.values())
    integrations.update(project.api(), ids["prod"], {"title": "changed by hand"})
    integrations.delete(project.api(), ids["lab"], None)


def assert_repaired(project: Project, before: dict[str, str]) -> None:
    after, living = project.state(), project.living()
    assert (after["prod"], after["calm"]) == (before["prod"], before["calm"])
    assert after["lab"] != before["lab"]
    assert {uuid: view.title for uuid, view in living.items()} == {after[name]: name for name in after}
    project.unchanged()


def test_changed_inputs_are_updated_in_place_or_replaced_and_the_preview_tells_which(
    project: Project,
) -> None:
    project.declare('aws("prod")')
    project.up()
    first = project.state()["prod"]
    project.declare('aws("prod", title="Production", region="eu-west-1")')
    assert changed(project.preview()) == {"title"}
    assert operations(project.up("--diff")) == {"updated": 1}
    assert project.state()["prod"] == first
    assert project.living()[first].title == "Production"
    project.declare('aws("prod", title="Production", region="eu-west-1", strict_client_only=True)')
    assert_replaced(project, first)


def assert_replaced(project: Project, first: str) -> None:
    preview = project.preview()
    assert changed(preview) == {"strict_client_only"}
    assert operations(preview) == {"to replace": 1}
    project.up()
    second = project.state()["prod"]
    assert second != first
    assert project.living().keys() == {second}
    assert project.living()[second].strict_client_only
    project.destroy()
    assert not project.living()
