"""People of an engine test's organization, and who has which access as the API then holds it."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing

from pulumi_encord_integrations import embedded
from pulumi_encord_integrations.client import groups, members, organization_users
from pulumi_encord_integrations.client.settings import Settings
from tests.support.engine import USER, Project
from tests.support.stateful.invariants import add_users

Access = dict[str, dict[str, str]]

HELPERS = """
def member(name, integration, who, role="user", **given):
    opts = given.pop("opts", None)
    return encord.IntegrationMember(name, integration=integration, user=who, role=role, opts=opts, **given)

def people(numbers, role="user"):
    return [{"user": f"p{n}@example.com", "role": role} for n in numbers]

def listed(name, integration, rows, **given):
    return encord.IntegrationMembers(name, integration=integration, members=rows, **given)

def alias(name):
    return pulumi.ResourceOptions(aliases=[pulumi.Alias(name)])

"""


def person(number: int) -> str:
    return f"p{number}@example.com"


def populate(project: Project, count: int) -> Project:
    """An embedded database that holds people p0, p1, ..., before the first `up`."""
    database = project.folder / project.config["database"]
    embedded.connect(Settings("embedded", database=database, user=USER), create=True)
    add_people(project, range(count))
    return project


def add_people(project: Project, numbers: Iterable[int]) -> None:
    with closing(sqlite3.connect(project.folder / project.config["database"])) as database, database:
        add_users(database, USER, map(person, numbers))


def declare(project: Project, body: str) -> None:
    """Makes `body` the program, in which members are declared by the functions in HELPERS."""
    project.declare(HELPERS + body)


def access(project: Project) -> Access:
    """Members of each integration, by its title, but for who created it; groups by their names."""
    client = project.api()
    names = {f"group:{group.group_hash}": group.name for group in groups.listing(client)}
    return {
        view.title: {
            names.get(key, key): role for key, role in members.of(client, uuid).items() if key != USER
        }
        for uuid, view in project.living().items()
    }


def in_groups(project: Project) -> dict[str, list[str]]:
    """Users of each group, by its name."""
    client = project.api()
    return {group.name: groups.users(client, group.group_hash) for group in groups.listing(client)}


def in_organization(project: Project) -> dict[str, str]:
    """Everybody's role in the organization, but for the one's who deploys."""
    found: dict[str, str] = {user.email: user.role for user in organization_users.listing(project.api())}
    del found[USER]
    return found


def uuid_of(project: Project, title: str) -> str:
    (found,) = (uuid for uuid, view in project.living().items() if view.title == title)
    return found


def group_uuid(project: Project, name: str) -> str:
    (found,) = (group.group_hash for group in groups.listing(project.api()) if group.name == name)
    return found


def change(project: Project, title: str, granted: dict[str, str], removed: list[str] | None = None) -> None:
    """Somebody changes members in the app."""
    members.change(project.api(), uuid_of(project, title), granted, removed or [])


def urn(kind: str, name: str) -> str:
    """Of a resource of the stack `dev`."""
    return f"urn:pulumi:dev::toy::pulumi-python:dynamic/encord:{kind}::{name}"


def outputs_of(project: Project, name: str) -> dict[str, object]:
    """What the state holds of a resource."""
    (found,) = (r["outputs"] for r in project.export() if r["urn"].endswith(f"::{name}"))
    return dict(found)
