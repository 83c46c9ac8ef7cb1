"""Programs of the documentation that make something in a cloud, as they stand there.

Each runs in the cloud whose components it imports. What exists there already are the buckets that a program
does not make. Azurite's accounts have names of their own: a program gets them in place of its own names.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.engine.test_docs import COMPONENTS, PAGES, PROGRAM
from tests.support.clouds.account import Account
from tests.support.clouds.azure_subscription import Subscription
from tests.support.clouds.gcp_project import GcpProject

PROGRAMS = [
    pytest.param(program, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, program in enumerate(PROGRAM.findall(page.read_text()), 1)
    if COMPONENTS in program
]


def existing(program: str) -> set[str]:
    """The buckets that a program does not make."""
    return {name for name, made in re.findall(r'"name": "([\w-]+)"(, "create": True)?', program) if not made}


def on_aws(account: Account, program: str) -> str:
    for name in existing(program):
        account.bucket_named(name, "videos/a.mp4")
    return program


def on_gcp(google: GcpProject, program: str) -> str:
    for name in existing(program) - google.gcs.buckets():
        google.bucket_named(name, "2026/a.mp4")
    return program


def on_azure(subscription: Subscription, program: str) -> str:
    there = {
        "resource_group_name": subscription.group,
        "storage_account": subscription.account.name,
        "principal_id": subscription.principal_id,
        "tenant_id": subscription.tenant_id,
    }
    for key, value in there.items():
        program = re.sub(rf'"{key}": "[^"]*"', f'"{key}": "{value}"', program)
    return program


CLOUDS: Mapping[str, tuple[str, Callable[[Any, str], str]]] = {
    "Aws": ("account", on_aws),
    "Gcp": ("google", on_gcp),
    "Azure": ("subscription", on_azure),
}
"""What the names of components begin with -> the fixture, and how the program finds its names there."""


def cloud_of(program: str) -> str:
    """The one whose components a program imports."""
    imported = re.findall(rf"^from {COMPONENTS} import (.*)$", program, re.MULTILINE)
    (found,) = {name for name in CLOUDS for line in imported if re.search(rf"\b{name}", line)}
    return found


def test_there_are_programs_for_every_cloud() -> None:
    assert {cloud_of(str(program.values[0])) for program in PROGRAMS} == set(CLOUDS)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_of_the_documentation_goes_up_and_leaves_nothing_to_do(
    request: pytest.FixtureRequest, program: str
) -> None:
    fixture, prepared = CLOUDS[cloud_of(program)]
    there = request.getfixturevalue(fixture)
    (there.project.folder / "__main__.py").write_text(prepared(there, program))
    there.project.up()
    there.project.unchanged()
    there.project.destroy()
