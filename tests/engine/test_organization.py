"""Users, groups and members of an `encord.yaml`, deployed."""

import json
import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing

import pytest

from pulumi_encord_integrations.client import groups, integrations, members, organization_users
from pulumi_encord_integrations.model.identity import Placement
from pulumi_encord_integrations.model.integration_types.aws import AwsSpec
from tests.support.engine import ROLE, Project, line_with, operations

PROGRAM = """
from pulumi_encord_integrations import declare_organization

organization = declare_organization()
named = {**organization.users, **organization.groups, **organization.members}
pulumi.export("ids", {key: one.id for key, one in named.items()})
"""
FILE = """\
users:
  ada@example.com: {role: ADMIN, on_delete: keep}
  mia@example.com: {}
  Lee@Example.com:
    member_type: external
groups:
  annotators:
    name: Annotators
    description: They label.
    users: [mia@example.com, LEE@example.com]
    exclusive_users: true
  reviewers:
    name: Reviewers
integrations:
  prod:
    type: aws
    title: Production
    role_arn: arn:aws:iam::123456789012:role/encord
    buckets: [acme-training]
    exclusive_members: true
    members:
      - {user: ada@example.com, role: admin}
      - {user: mia@example.com, role: admin}
      - {group: annotators, role: user}
  lab:
    type: gcp
    title: Lab
    buckets: [acme-lab]
"""
PROD = FILE[FILE.index("  prod:") : FILE.index("  lab:")]
EVERYBODY = {"ada@example.com": "admin", "mia@example.com": "admin", "Annotators": "user"}
DECLARED = 3 + 3 + 3 + 2
"""Users; groups, and users of one; integrations, and members of one; stack and identity."""


@pytest.fixture
def deployed(project: Project) -> Project:
    project.declare(PROGRAM)
    write(project)
    project.up()
    return project


def write(project: Project, edits: Mapping[str, str] | None = None) -> None:
    """The file, with some of its words replaced."""
    text = FILE
    for old, new in (edits or {}).items():
        assert text.count(old) >= 1, old
        text = text.replace(old, new)
    (project.folder / "encord.yaml").write_text(text)


def groups_of(project: Project) -> dict[str, list[str]]:
    """The users of every group, by its name."""
    client = project.api()
    return {group.name: groups.users(client, group.group_hash) for group in groups.listing(client)}


def access(project: Project, title: str = "Production") -> dict[str, str]:
    """Who has which role on an integration; groups by their names."""
    client = project.api()
    names = {f"group:{group.group_hash}": group.name for group in groups.listing(client)}
    (uuid,) = (uuid for uuid, view in project.living().items() if view.title == title)
    return {names.get(key, key): role for key, role in members.of(client, uuid).items()}


def people(project: Project) -> dict[str, tuple[str, str]]:
    return {one.email: (one.role, one.member_type) for one in organization_users.listing(project.api())}


def test_users_groups_and_members_live_as_the_file_says(deployed: Project) -> None:
    assert people(deployed) == {
        "ada@example.com": ("ADMIN", "internal"),
        "lee@example.com": ("MEMBER", "external"),
        "mia@example.com": ("MEMBER", "internal"),
    }
    assert groups_of(deployed) == {"Annotators": ["lee@example.com", "mia@example.com"], "Reviewers": []}
    assert access(deployed) == EVERYBODY
    assert access(deployed, "Lab") == {"ada@example.com": "admin"}
    deployed.unchanged()
    assert operations(deployed.refresh()).keys() == {"unchanged"}


def test_a_change_of_the_file_changes_exactly_that(deployed: Project) -> None:
    edits = {
        "{user: mia@example.com, role: admin}": "{group: reviewers, role: admin}",
        "[mia@example.com, LEE@example.com]": "[mia@example.com]",
        "name: Reviewers": "name: Reviewers\n    users: [lee@example.com]",
        "member_type: external": "member_type: internal",
    }
    write(deployed, edits)
    assert operations(deployed.up()) == {"updated": 3, "created": 1}
    assert groups_of(deployed) == {"Annotators": ["mia@example.com"], "Reviewers": ["lee@example.com"]}
    # An individual Admin stays, and the exclusive list says so.
    assert access(deployed) == {**EVERYBODY, "Reviewers": "admin"}
    assert people(deployed)["lee@example.com"] == ("MEMBER", "internal")
    warned = deployed.succeed("preview", "--stack", "dev")
    line_with("not listed, but individual Admins cannot be removed: mia@example.com", warned)


def test_who_is_suspended_loses_access_and_no_membership_and_a_preview_says_so(deployed: Project) -> None:
    write(deployed, {"mia@example.com: {}": "mia@example.com: {suspended: true}"})
    preview = deployed.preview()
    assert re.search(r"suspended\s*: false => true", preview), preview
    assert 'note: OrganizationUser "mia@example.com": mia@example.com loses all access at once' in preview
    assert operations(deployed.up()) == {"updated": 1}
    assert access(deployed) == EVERYBODY
    assert [one.email for one in organization_users.listing(deployed.api()) if one.suspended] == [
        "mia@example.com"
    ]
    deployed.unchanged()
    organization_users.change(deployed.api(), "mia@example.com", {"suspended": False})
    assert operations(deployed.refresh())["updated"] == 1
    write(deployed)
    deployed.unchanged()


def test_what_is_taken_out_of_the_file_is_gone(deployed: Project) -> None:
    edits = {"  Lee@Example.com:\n    member_type: external\n": "", ", LEE@example.com": ""}
    group = "  reviewers:\n    name: Reviewers\n"
    write(deployed, {**edits, group: "", "      - {group: annotators, role: user}\n": ""})
    assert operations(deployed.up()) == {"updated": 2, "deleted": 2}
    assert people(deployed).keys() == {"ada@example.com", "mia@example.com"}
    assert groups_of(deployed) == {"Annotators": ["mia@example.com"]}
    assert access(deployed) == {key: role for key, role in EVERYBODY.items() if "@" in key}
    deployed.unchanged()


def test_members_that_the_file_no_longer_lists_may_be_kept(deployed: Project) -> None:
    listed = FILE[FILE.index("    exclusive_members") : FILE.index("  lab:")]
    write(deployed, {"    exclusive_members: true\n": "    members_on_delete: keep\n"})
    deployed.up()
    write(deployed, {listed: ""})
    assert operations(deployed.up()) == {"deleted": 1}
    assert access(deployed) == EVERYBODY


def test_an_entry_is_deleted_with_its_members_individual_admins_among_them(deployed: Project) -> None:
    write(deployed, {PROD: ""})
    assert operations(deployed.up()) == {"deleted": 2}
    assert [view.title for view in deployed.living().values()] == ["Lab"]
    deployed.unchanged()


def test_an_adopted_entry_goes_once_its_members_may_keep_their_access(project: Project) -> None:
    project.declare(PROGRAM)
    write(project, {PROD: ""})
    project.up()
    spec = {"title": "Production", "role_arn": ROLE, "buckets": ["acme-training"]}
    integrations.create(project.api(), AwsSpec.model_validate(spec), Placement())
    write(project, {"title: Production": "title: Production\n    adopt: true"})
    project.up()
    write(project, {"title: Production": "title: Production\n    adopt: true\n    members_on_delete: keep"})
    project.up()
    write(project, {PROD: ""})
    project.up()
    assert access(project) == EVERYBODY


def test_an_adopted_entry_that_goes_takes_all_members_along_but_individual_admins(project: Project) -> None:
    project.declare(PROGRAM)
    write(project, {PROD: ""})
    project.up()
    spec = {"title": "Production", "role_arn": ROLE, "buckets": ["acme-training"]}
    integrations.create(project.api(), AwsSpec.model_validate(spec), Placement())
    write(project, {"title: Production": "title: Production\n    adopt: true"})
    project.up()
    write(project, {PROD: ""})
    assert line_with("ada@example.com, mia@example.com stay Admins of", project.up())
    assert access(project) == {who: role for who, role in EVERYBODY.items() if role == "admin"}


def test_all_of_it_can_be_destroyed(deployed: Project) -> None:
    said = deployed.destroy()
    assert operations(said) == {"deleted": DECLARED}
    assert "warning" not in said
    assert (people(deployed), groups_of(deployed), deployed.living()) == (
        {"ada@example.com": ("ADMIN", "internal")},
        {},
        {},
    )


LASTING = {"created_at", "external_id", "organization", "settings_revision"}
RENAMED = {
    "  prod:\n": "  production:\n    previously: [prod]\n",
    "  annotators:\n": "  labelers:\n    previously: [annotators]\n",
    "group: annotators": "group: labelers",
}


def steps(project: Project) -> dict[str, tuple[str, list[str]]]:
    """What a preview would do to each resource that is not left as it is, and why."""
    planned = json.loads(project.succeed("preview", "--json", "--stack", "dev"))["steps"]
    return {
        # Straight after a create a diff lists outputs that it knows by now, too.
        step["urn"].rpartition("::")[2]: (step["op"], sorted(set(step.get("diffReasons") or []) - LASTING))
        for step in planned
        if step["op"] != "same"
    }


def written(project: Project) -> list[str]:
    """Every write that the API has done, by the kind of action."""
    database = sqlite3.connect(project.folder / "encord.sqlite")
    with closing(database):
        return [action for (action,) in database.execute("SELECT action FROM audit ORDER BY number")]


def test_a_renamed_key_keeps_its_object_and_all_that_hangs_on_it(deployed: Project) -> None:
    before, ids, done = (groups_of(deployed), access(deployed)), deployed.outputs()["ids"], written(deployed)
    write(deployed, RENAMED)
    why = ("update", ["declared_as"])
    assert steps(deployed) == {"production": why, "labelers": why}
    deployed.up()
    assert (groups_of(deployed), access(deployed)) == before
    assert sorted(written(deployed)[len(done) :]) == ["group.update", "integration.update"]
    moved = {"labelers": ids.pop("annotators"), "production": ids.pop("prod")}
    assert deployed.outputs()["ids"] == {**ids, **moved}
    write(deployed, {**RENAMED, "  prod:\n": "  production:\n"})
    deployed.unchanged()


def test_a_person_added_in_the_app_to_an_exclusive_list_is_seen_and_removed(deployed: Project) -> None:
    (uuid,) = (uuid for uuid, view in deployed.living().items() if view.title == "Production")
    members.change(deployed.api(), uuid, {"lee@example.com": "user"})
    (group,) = (one for one in groups.listing(deployed.api()) if one.name == "Annotators")
    groups.add_users(deployed.api(), group.group_hash, ["ada@example.com"])
    seen = deployed.refresh()
    assert {'+ lee@example.com: "user"', '+ ada@example.com: "member"'} <= set(
        map(str.strip, seen.splitlines())
    )
    assert operations(deployed.up()) == {"updated": 2}
    assert access(deployed) == EVERYBODY
    assert "ada@example.com" not in groups_of(deployed)["Annotators"]
    deployed.unchanged()


BAD = """\
users:
  ada@example.com: {role: BOSS, memberType: internal}
  mia: {}
  Mia@example.com: {}
  mia@example.com:
groups:
  annotators:
    name: Annotators
    users: [mai@example.com, mia@example.com, MIA@example.com]
    exclusive: true
  reviewers: {exclusive_users: true, previously: [annotators, reviewers, old, a b]}
integrations:
  prod:
    type: gcp
    title: Production
    buckets: [acme-training]
    previously: [old, old]
    members:
      - {user: ada@example.com, role: owner}
      - {group: anotators, role: user}
      - {group: annotators, user: mia@example.com, role: user}
      - {group: annotators, role: user}
"""
PLACES = [
    "2:27 users.ada@example.com.role",
    "2:33 users.ada@example.com",
    "3:3 users.mia",
    "5:3 users.mia@example.com",
    "9:13 groups.annotators.users[0]",
    "9:47 groups.annotators.users[2]",
    "10:5 groups.annotators",
    "11:3 groups.reviewers",
    "11:32 groups.reviewers.exclusive_users",
    "11:51 groups.reviewers.previously[0]",
    "11:63 groups.reviewers.previously[1]",
    "11:79 groups.reviewers.previously[3]",
    "17:23 integrations.prod.previously[1]",
    "19:39 integrations.prod.members[0].role",
    "20:17 integrations.prod.members[1].group",
    "21:9 integrations.prod.members[2]",
    "22:17 integrations.prod.members[3].group",
]


def test_every_kind_of_problem_is_told_in_one_refused_preview(project: Project) -> None:
    project.declare(PROGRAM)
    (project.folder / "encord.yaml").write_text(BAD)
    shown = project.fail("preview", "--stack", "dev")
    assert f"error: {len(PLACES)} problems in encord.yaml; nothing is declared" in shown
    assert re.findall(r"^ +--> encord.yaml:(.*)$", shown, re.MULTILINE) == PLACES
    assert "StackIdentity" not in shown
