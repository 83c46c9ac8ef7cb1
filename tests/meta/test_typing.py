"""Examples and `tests/typing` pass the type checkers of users, who have nothing of ours but the package."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import pulumi_encord_integrations as package
from pulumi_encord_integrations.model.integration_registry import integration_types
from pulumi_encord_integrations.model.integrations import IntegrationType

PYRIGHT = {"typeCheckingMode": "strict", "reportUnnecessaryTypeIgnoreComment": True, "pythonVersion": "3.11"}
"""An ignored mistake that is none is an error, as with `mypy --strict`."""
SDKS = ("pulumi_aws", "pulumi_azure_native", "pulumi_gcp")
MYPY = "[mypy]\n" + "".join(f"[mypy-{sdk}]\nfollow_imports = skip\n" for sdk in SDKS)
"""The services of Pulumi's SDKs that are used are checked; their roots, which name them all, are not."""
MISTAKES = """
from pulumi_encord_integrations import GcpIntegration
from pulumi_encord_integrations.components import (
    AwsEncordIntegration, AzureEncordIntegration, GcpEncordIntegration
)

GcpIntegration("g", title=7, buckets=["a"])
AwsEncordIntegration("a", {"title": "A", "role_name": "a", "bucket": "a"})
GcpEncordIntegration("g", {"title": "G", "buckets": [{"name": "a", "prefix": "b"}]})
AzureEncordIntegration("z", {"title": "Z", "resource_group_name": "g", "storage_account": "a"})
"""
CHECKERS = {
    "mypy": ["mypy", "--strict", "--cache-dir", ".mypy", "."],
    # pyright itself fetches its code from another registry when it first runs.
    "pyright": ["basedpyright", "--pythonpath", sys.executable],
}


@pytest.fixture(params=CHECKERS)
def command(request: pytest.FixtureRequest) -> list[str]:
    """A type checker in its strictest form."""
    return ["-m", *CHECKERS[request.param]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder outside the repository, in which only the installed package is found."""
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(PYRIGHT))
    (tmp_path / "mypy.ini").write_text(MYPY)
    return tmp_path


@pytest.fixture
def programs(repository: Path, folder: Path) -> Path:
    """The examples and `tests/typing` in such a folder."""
    for path in (repository / "tests" / "typing").glob("*.py"):
        shutil.copy(path, folder)
    for path in repository.glob("examples/*/__main__.py"):
        shutil.copy(path, folder / f"example_{path.parent.name.replace('-', '_')}.py")
    return folder


def check(command: list[str], folder: Path) -> tuple[int, str]:
    """How the checker ended, and what it said."""
    run = [sys.executable, *command]
    ended = subprocess.run(run, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
    assert ended.returncode in (0, 1), f"{command[1]} cannot run; install the group dev:\n{ended.stderr}"
    assert "No module named" not in ended.stderr, f"install the group dev: {ended.stderr}"
    return ended.returncode, ended.stdout


def test_programs_pass_the_type_checkers(command: list[str], programs: Path) -> None:
    code, said = check(command, programs)
    assert code == 0, said
    assert re.search(r"no issues found in \d\d source files|^0 errors, 0 warnings", said, re.MULTILINE)


def test_mistakes_do_not_pass_the_type_checkers(command: list[str], folder: Path) -> None:
    (folder / "program.py").write_text(MISTAKES)
    code, said = check(command, folder)
    assert code == 1
    assert '"title"' in said
    assert '"bucket"' in said
    assert '"prefix"' in said
    assert '"container"' in said


def asserted(path: Path) -> set[str]:
    """The outputs whose type a file asserts."""
    return set(re.findall(r"assert_type\(made\.(\w+),", path.read_text()))


@pytest.mark.parametrize("kind", integration_types(), ids=lambda kind: kind.resource)
def test_every_output_has_an_asserted_type(kind: IntegrationType, repository: Path) -> None:
    resource = getattr(package, kind.resource)
    outputs = {name for base in resource.__mro__ for name in vars(base).get("__annotations__", {})}
    folder = repository / "tests" / "typing"
    found = asserted(folder / "integrations.py") | asserted(folder / f"{kind.provider.lower()}.py")
    assert {name for name in outputs if not name.startswith("_")} <= found


@pytest.mark.parametrize(
    ("resource", "file"),
    [
        ("IntegrationMember", "members"),
        ("IntegrationMembers", "members"),
        ("IntegrationJoin", "members"),
        ("UserGroup", "groups"),
        ("UserGroupMembers", "groups"),
        ("OrganizationUser", "organization_users"),
        ("ServiceAccount", "service_accounts"),
    ],
)
def test_every_output_of_people_has_an_asserted_type(resource: str, file: str, repository: Path) -> None:
    outputs = {name for name in getattr(package, resource)._outputs() if name != "organization"}
    text = (repository / "tests" / "typing" / f"{file}.py").read_text()
    (body,) = re.findall(rf"\(made: {resource}\) -> None:\n(.*?)\n\n\n", text, re.DOTALL)
    assert outputs <= set(re.findall(r"assert_type\(made\.(\w+),", body))
