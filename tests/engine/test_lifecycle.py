"""What becomes of a declared integration of every type over its life."""

import re

from pulumi_encord_integrations.client import integrations
from tests.support.engine import Project, changed, names, operations
from tests.support.types import CASES

EACH = len(CASES)
CHANGES = {f"prod-{case}": {case.change[0]} for case in CASES.values()}
REPLACEMENTS = {f"{case}-{by}": str(by) for case in CASES.values() for by in case.replacing}
BEFORE = """
every("prod")
for case in CASES.values():
    for by in case.replacing:
        one(case, f"{case}-{by}", **by.beside)
"""
AFTER = """
every("prod", own=lambda case: dict([case.change]))
for case in CASES.values():
    for by in case.replacing:
        one(case, f"{case}-{by}", **{**by.beside, by.name: by.value})
"""


def test_drift_behind_the_engine_s_back_is_shown_exactly_and_repaired(project: Project) -> None:
    project.declare('every("prod"); every("lab"); every("calm")')
    project.up()
    project.unchanged()
    before = project.state()
    drift(project, before)
    refreshed = project.refresh()
    assert changed(refreshed) == {"title"}
    shown = re.findall(r'~ title *: "(.*)" => "changed by hand"', refreshed)
    assert set(shown) == names("prod")
    assert operations(refreshed) == {"updated": EACH, "deleted": EACH}
    repaired = project.up("--diff")
    assert changed(repaired) == {"title"}
    assert operations(repaired) == {"updated": EACH, "created": EACH}
    assert_repaired(project, before)


def drift(project: Project, ids: dict[str, str]) -> None:
    assert project.living().keys() == set(ids.values())
    for prod, lab in zip(sorted(names("prod")), sorted(names("lab")), strict=True):
        integrations.update(project.api(), ids[prod], {"title": "changed by hand"})
        integrations.delete(project.api(), ids[lab], None)


def assert_repaired(project: Project, before: dict[str, str]) -> None:
    after, living = project.state(), project.living()
    assert all(after[name] == before[name] for name in names("prod") | names("calm"))
    assert all(after[name] != before[name] for name in names("lab"))
    assert {uuid: view.title for uuid, view in living.items()} == {after[name]: name for name in after}
    project.unchanged()


def test_every_input_changes_in_place_or_replaces_and_the_preview_tells_which(project: Project) -> None:
    project.declare(BEFORE)
    project.up()
    # A first preview after a create lists outputs that it keeps known from then on.
    project.up()
    before = project.state()
    project.declare(AFTER)
    steps = project.steps()
    # It counts the changes of settings, so that with one of them it is not known before the update.
    updates = {name: why - {"settings_revision"} for name, (op, why) in steps.items() if op == "update"}
    assert updates == CHANGES
    assert {name: why for name, (op, why) in steps.items() if op == "replace"} == {
        name: {by} for name, by in REPLACEMENTS.items()
    }
    project.up()
    assert_replaced(project, before)


def assert_replaced(project: Project, before: dict[str, str]) -> None:
    after = project.state()
    assert after.keys() == before.keys() == CHANGES.keys() | REPLACEMENTS.keys()
    assert {name for name in before if after[name] == before[name]} == CHANGES.keys()
    assert project.living().keys() == set(after.values())
    project.unchanged()
    project.destroy()
    assert not project.living()
