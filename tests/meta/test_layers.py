"""The import rules of pyproject.toml are kept, and each of them can fail."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = "pulumi_encord_integrations"
SERVER = "Only embedded and the commands of an operator know the server"


@pytest.fixture
def copy(repository: Path, tmp_path: Path) -> Path:
    shutil.copy(repository / "pyproject.toml", tmp_path)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(repository / PACKAGE, tmp_path / PACKAGE, ignore=ignored)
    return tmp_path


def lint_imports(folder: Path) -> "subprocess.CompletedProcess[str]":
    command = [str(Path(sys.prefix, "bin", "lint-imports")), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_package_keeps_its_layers(copy: Path) -> None:
    linted = lint_imports(copy)
    assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize(
    ("layer", "line", "contract"),
    [
        ("model", f"import {PACKAGE}.client", "Imports point one way"),
        ("client", f"import {PACKAGE}.resources", "Imports point one way"),
        ("lifecycle", f"import {PACKAGE}.reconcilers", "Imports point one way"),
        ("lifecycle", "import pulumi", "Pulumi is known to resources, components and organization"),
        ("media", f"import {PACKAGE}.cli", "Imports point one way"),
        ("reconcilers", f"import {PACKAGE}", "The root is for programs, not for the package"),
        ("components", f"import {PACKAGE}.organization\nimport {PACKAGE}.cli", "Imports point one way"),
        ("surprise", "", "Imports point one way"),
        ("server", f"import {PACKAGE}.client", "The server knows the model alone"),
        (
            "server/store",
            f"import {PACKAGE}.server.services",
            "The server's imports point from routes to services to the store",
        ),
        (
            "server/services",
            f"import {PACKAGE}.server.routes",
            "The server's imports point from routes to services to the store",
        ),
        ("server/surprise", "", "The server's imports point from routes to services to the store"),
        ("server/services", "import fastapi", "Services know no HTTP and no SQL"),
        ("server/services", "from starlette import requests", "Services know no HTTP and no SQL"),
        ("server/services", "import sqlalchemy", "Services know no HTTP and no SQL"),
        ("server/routes", "import sqlalchemy", "Routes know services, and nothing below them"),
        ("server/routes", f"import {PACKAGE}.server.store", "Routes know services, and nothing below them"),
        ("server/services", f"import {PACKAGE}.server.store.tables", "Services know no HTTP and no SQL"),
        ("server/clouds", f"import {PACKAGE}.server.store", "Clouds know no database"),
        ("server/store", "import fastapi", "The store knows no HTTP"),
        ("server/app.py", "import sqlalchemy", "What speaks HTTP knows no SQL"),
        ("resources", f"import {PACKAGE}.server", SERVER),
        ("cli", f"from {PACKAGE} import server", SERVER),
        ("model", "import pulumi", "Pulumi is known to resources, components and organization"),
        ("reconcilers", "import pulumi.dynamic", "Pulumi is known to resources, components and organization"),
        ("server", "from pulumi import Output", "Pulumi is known to resources, components and organization"),
        ("resources", "import pulumi_aws", "Each cloud SDK is known to one folder of components"),
        ("resources", "import httpx2", "HTTP requests are made by the client"),
        ("client", "import fastapi", "Web libraries are known to the server"),
        ("client", "import sqlalchemy", "Databases are known to the server"),
        ("server", "import boto3", "Cloud SDKs are known to the clouds alone"),
        ("cli", "from obstore import sign", "Cloud SDKs are known to the clouds alone"),
        ("", "import fastapi", "The root needs no extra"),
    ],
)
def test_a_forbidden_import_breaks_its_rule(copy: Path, layer: str, line: str, contract: str) -> None:
    module = copy / PACKAGE / layer
    if module.suffix != ".py":
        module /= "forbidden.py" if layer else "__init__.py"
        module.parent.mkdir(exist_ok=True)
        (module.parent / "__init__.py").touch()
    with module.open("a") as source:
        source.write(f"\n{line}\n")
    linted = lint_imports(copy)
    assert linted.returncode == 1, linted.stdout + linted.stderr
    broken = {row.partition(" BROKEN")[0] for row in linted.stdout.splitlines() if " BROKEN" in row}
    assert contract in broken


def test_a_layer_may_import_what_lies_below(copy: Path) -> None:
    module = copy / PACKAGE / "resources" / "allowed.py"
    module.write_text(f"import pulumi\nimport {PACKAGE}.client\nimport {PACKAGE}.model\n")
    linted = lint_imports(copy)
    assert linted.returncode == 0, linted.stdout
