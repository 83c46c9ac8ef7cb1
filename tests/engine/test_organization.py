"""Users, groups and members of an `encord.yaml`, deployed."""

from collections.abc import Mapping

import pytest

from pulumi_encord_integrations.client import groups, members, organization_users
from tests.support.engine import Project, operations

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
EVERYBODY = {"ada@example.com": "admin", "mia@example.com": "admin", "Annotators": "user"}
DECLARED = 1 + 3 + 3 + 3 + 1
"""Stack, identity aside: users, groups with the users of one, integrations with the members of one."""


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
