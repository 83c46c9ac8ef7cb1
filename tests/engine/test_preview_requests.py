"""What a preview asks the API, counted by the server: it reads, and as many pages as there are."""

from collections import Counter
from collections.abc import Iterator
from math import ceil
from pathlib import Path

import pytest

from bench.counting import Served, counting_api
from bench.people import people
from tests.support.engine import Project, operations
from tests.support.size import sized
from tests.support.types import CASES

PEOPLE = 10
PAGE = 1000
EVERYTHING = """
every("kept", own=lambda case: dict([case.change]) if CHANGED else {})
every("replaced", strict_client_only=CHANGED)
every("leaves") if not CHANGED else every("comes")
prod, lab = aws("prod", title=TITLE), aws("lab", title=TITLE)
team = encord.UserGroup("team", name=TITLE)
new = encord.OrganizationUser("new", email="new@example.com", role="ADMIN" if CHANGED else "MEMBER")
encord.UserGroupMembers("team", group=team, users=["person-1@example.com", *([new] if CHANGED else [])])
encord.IntegrationMember("one", integration=prod, user="person-2@example.com", role=ROLE)
encord.IntegrationMember("group", integration=prod, group=team, role=ROLE)
listed = [{"user": "person-3@example.com", "role": ROLE}, {"group": team, "role": "user"}]
encord.IntegrationMembers("list", integration=lab, members=listed)
encord.IntegrationJoin("join", integration=prod)
encord.SignedUrlExpiry("expiry", integration=prod, duration="12h" if CHANGED else "24h")
encord.AccessCheck("check", integration=prod, required=False, retry_for=1, triggers=TITLE)
"""
LISTS = """
for n in range(COUNT):
    held = aws(f"data-{n}", title=f"{TITLE} {n}")
    encord.IntegrationMembers(
        f"list-{n}",
        integration=held,
        members={f"person-{p}@example.com": ROLE if p == n % PEOPLE else "user" for p in range(PEOPLE)},
    )
"""


def program(text: str, *, changed: bool, count: int = 0) -> str:
    title, role = ("Renamed", "admin") if changed else ("Data", "user")
    return f"CHANGED, TITLE, ROLE = {changed}, {title!r}, {role!r}\nCOUNT, PEOPLE = {count}, {PEOPLE}\n{text}"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Served]:
    with counting_api(tmp_path / "served", people(PEOPLE)) as running:
        yield running


@pytest.fixture
def counted(project: Project, api: Served) -> Project:
    project.configure(endpoint=api.address, database=None, user=None, sshKeyFile=str(api.key_file))
    return project


def asked(project: Project, api: Served, *options: str) -> tuple[Counter[str], dict[str, int]]:
    """The methods of a preview's requests, and the operations that it shows."""
    before = len(api.calls)
    shown = operations(project.preview(*options))
    return Counter(method for method, _ in api.calls[before:]), shown


def test_a_preview_of_changes_of_every_kind_only_reads(counted: Project, api: Served) -> None:
    counted.declare(program(EVERYTHING, changed=False))
    counted.up()
    counted.unchanged()
    counted.declare(program(EVERYTHING, changed=True))
    each = len(CASES)
    for options in ((), ("--refresh",)):
        methods, shown = asked(counted, api, *options)
        assert methods.keys() == {"GET"}
        assert shown == {"to create": each, "to delete": each, "to replace": each, "to update": each + 10}
    counted.up()
    counted.unchanged()


def test_a_preview_asks_for_pages_and_not_for_each_resource(counted: Project, api: Served) -> None:
    count = sized(100, 1000)
    counted.env.update(PULUMI_EXPERIMENTAL="true", PULUMI_SKIP_CHECKPOINTS="true")
    counted.declare(program(LISTS, changed=False, count=count))
    counted.up("--parallel", "16")
    counted.declare(program(LISTS, changed=True, count=count))
    methods, shown = asked(counted, api)
    assert shown == {"to update": 2 * count}
    assert methods.keys() == {"GET"}
    # Who calls, integrations, members, users and groups; each listing may end with an empty page.
    assert methods["GET"] <= 3 + 1 + ceil(count / PAGE) + 1 + ceil(count * (PEOPLE + 1) / PAGE) <= 25
