"""What an import loads, in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = "pulumi_encord_integrations"
SDKS = {"pulumi_aws", "pulumi_gcp", "pulumi_azure_native"}
CLOUDS = SDKS | {"boto3", "botocore", "obstore", "google", "azure"}
SERVER = {
    "fastapi",
    "starlette",
    "uvicorn",
    "sqlalchemy",
    "alembic",
    "psycopg",
    f"{PACKAGE}.server",
}
SERVING = {"alembic", "mako", "uvicorn", "boto3", "obstore", "psycopg", "structlog", "prometheus_client"}
"""What an embedded API does without."""


CLIENT = {"httpx2", "tenacity", "cryptography", f"{PACKAGE}.client.client", f"{PACKAGE}.client.in_process"}
PROVIDER = f"""
import os
from {PACKAGE}.resources import _process, providers

os.environ |= {{"ENCORD_ENDPOINT": "embedded", "ENCORD_USER": "ada@example.com"}}
os.environ["ENCORD_DATABASE"] = "x.sqlite"
stack, gcp = providers.StackIdentityProvider(), providers.GcpIntegrationProvider()
inputs = {{"title": "Training", "buckets": ["acme-train"]}}
"""
"""The provider process, before the engine asks it anything."""
OFFLINE = 'os.environ["ENCORD_OFFLINE_PREVIEW"] = "true"'
PREVIEW = """
assert not stack.check({}, {}).failures
assert stack.diff("id", {}, {}).changes is False
gcp.check({}, inputs)
assert gcp.diff("id", inputs, inputs).changes is False
"""
FIRST_REQUEST = "_process.current().session(create=True).organization"


def loaded(statement: str, folder: Path | None = None) -> set[str]:
    program = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=folder
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        f"import {PACKAGE}",
        f"from {PACKAGE} import *",
        f"from {PACKAGE} import AwsIntegration, get_integration",
        f"import {PACKAGE}.resources.providers",
        f"import {PACKAGE}.embedded",
        f"import {PACKAGE}.organization",
        f"from {PACKAGE}.cli import main",
    ],
)
def test_neither_clouds_nor_the_server_are_loaded(statement: str) -> None:
    # Pulumi itself loads the namespace package `google` for its protocol buffers.
    assert loaded(statement) & (CLOUDS - {"google"} | {"google.cloud"} | SERVER) == set()


@pytest.mark.parametrize("statement", [f"import {PACKAGE}", f"from {PACKAGE}.cli import main"])
def test_the_command_does_not_wait_for_pulumi(statement: str) -> None:
    assert "pulumi" not in loaded(statement)


def test_help_loads_no_models_and_no_client() -> None:
    found = loaded(f"from {PACKAGE}.cli.app import run\nrun(['--help'])")
    assert found & ({"pydantic", "yaml"} | CLIENT | SERVER) == set()


def test_the_root_loads_nothing_of_ours_before_it_is_asked() -> None:
    assert {name for name in loaded(f"import {PACKAGE}") if name.startswith(f"{PACKAGE}.")} == set()


def test_what_is_loaded_is_seen_at_all() -> None:
    assert {"sqlalchemy", f"{PACKAGE}.server"} <= loaded(f"import {PACKAGE}.server.store.tables")


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """The folder of a project whose first `up` was made."""
    loaded(f"{PROVIDER}{FIRST_REQUEST}", tmp_path)
    assert (tmp_path / "x.sqlite").is_file()
    return tmp_path


def test_a_preview_that_asks_nothing_loads_neither_the_client_nor_the_server(stack: Path) -> None:
    found = loaded(f"{PROVIDER}{OFFLINE}\n{PREVIEW}", stack)
    assert found & (CLOUDS - {"google"} | SERVER | CLIENT) == set()


def test_a_preview_that_asks_loads_no_migrations_and_nothing_that_serves(stack: Path) -> None:
    found = loaded(f"{PROVIDER}{PREVIEW}", stack)
    assert found & SERVING == set()
    assert {"fastapi", "sqlalchemy", *CLIENT} <= found


@pytest.mark.parametrize("new", [True, False], ids=["new", "existing"])
def test_the_first_request_loads_no_migrations_and_nothing_that_serves(
    stack: Path, tmp_path_factory: pytest.TempPathFactory, new: bool
) -> None:
    folder = tmp_path_factory.mktemp("new") if new else stack
    found = loaded(f"{PROVIDER}{FIRST_REQUEST}", folder)
    assert found & SERVING == set()
    assert {"fastapi", "sqlalchemy", *CLIENT} <= found
