"""Lists of members on the real engine: drift, exclusive lists, large removals, thousands."""

import re
import sqlite3
from contextlib import closing

import pytest

from tests.support.engine import Project, changed, line_with
from tests.support.members import access, add_people, change, declare, outputs_of, person, populate

BOTH = """
prod, lab = aws("prod"), aws("lab")
team = encord.UserGroup("team", name="Team")
listed("all", prod, people([0, 1]) + [{"group": team, "role": "user"}], exclusive=True)
listed("some", lab, people([0, 1]))
"""
REASON = "is an Admin, and individuals with the Admin role can be neither removed nor demoted"


@pytest.fixture
def staffed(project: Project) -> Project:
    return populate(project, 50)


def test_drift_of_lists_is_seen_by_name_and_repaired(staffed: Project) -> None:
    declare(staffed, BOTH)
    staffed.up()
    staffed.unchanged()
    before = access(staffed)
    change(staffed, "prod", {person(5): "user", person(6): "admin"}, [person(0)])
    change(staffed, "lab", {person(5): "user"}, [person(1)])
    seen = staffed.refresh()
    assert changed(seen) <= {"members", "unmanaged_admins"}
    assert set(re.findall(r"p\d+@", seen)) == {"p0@", "p1@", "p5@"}
    told = staffed.up()
    assert line_with(f"warning: not listed, but individual Admins cannot be removed.*{person(6)}", told)
    assert access(staffed) == {
        "prod": {**before["prod"], person(6): "admin"},
        "lab": {**before["lab"], person(5): "user"},
    }
    assert person(6) in str(outputs_of(staffed, "all")["unmanaged_admins"])
    staffed.destroy()
    assert staffed.living() == {}


LOWERED = {
    "dropped": "people([1])",
    "lowered": "people([0, 1])",
}


def test_an_admin_neither_leaves_an_additive_list_nor_is_lowered_in_any(staffed: Project) -> None:
    body = 'prod, lab = aws("prod"), aws("lab")\n'
    first = 'listed("all", prod, {0}, exclusive=True)\nlisted("some", lab, {1}{2})\n'
    rows = 'people([0], "admin") + people([1])'
    declare(staffed, body + first.format(rows, rows, ""))
    staffed.up()
    for all_, some, who in ((rows, LOWERED["dropped"], "some"), (LOWERED["lowered"], rows, "all")):
        declare(staffed, body + first.format(all_, some, ""))
        refused = staffed.fail("preview", "--stack", "dev")
        assert line_with(f"'{who}'.*{person(0)} {REASON}; .*support, .*on_delete=\"keep\"", refused)
    declare(staffed, body + first.format(rows, rows, ', on_delete="keep"'))
    staffed.up()
    declare(staffed, body + first.format(rows, "people([1])", ', on_delete="keep"'))
    staffed.up()
    assert access(staffed)["lab"] == {person(0): "admin", person(1): "user"}


def test_a_large_removal_needs_a_second_yes(staffed: Project) -> None:
    body = 'prod, lab = aws("prod"), aws("lab"); listed("many", prod, people(range({0})){1})\n'
    body += 'listed("few", lab, people(range({2})))'
    declare(staffed, body.format(40, "", 12))
    staffed.up()
    declare(staffed, body.format(20, "", 2))
    refused = staffed.fail("preview", "--stack", "dev")
    words = "20 of 40 would be removed .50 %.; more than 30 % and more than 10 .* allow_large_removal=True"
    assert line_with(words, refused)
    declare(staffed, body.format(20, ", allow_large_removal=True", 2))
    staffed.up()
    assert {title: len(roles) for title, roles in access(staffed).items()} == {"prod": 20, "lab": 2}


def test_ten_thousand_members_are_one_resource_one_write_and_a_short_diff(staffed: Project) -> None:
    add_people(staffed, range(50, 10_003))
    body = 'prod = aws("prod"); listed("many", prod, people({}))'
    declare(staffed, body.format("range(10_000)"))
    staffed.up()
    writes = audited(staffed)
    declare(staffed, body.format("[*range(1, 10_000), 10_000, 10_001]"))
    text = staffed.preview()
    assert set(re.findall(r"p\d+@", text)) == {"p0@", "p10000@", "p10001@"}
    assert len(text.splitlines()) < 40
    staffed.up()
    assert audited(staffed) - writes <= 1
    assert len(access(staffed)["prod"]) == 10_001
    assert [r for r in staffed.export() if "Members" in r["type"]][1:] == []


def audited(project: Project) -> int:
    """Requests that the audit log holds of members' writes."""
    with closing(sqlite3.connect(project.folder / "encord.sqlite")) as database:
        (count,) = database.execute("SELECT count(DISTINCT trace) FROM audit").fetchone()
    return int(count)
