"""What an import loads, in a process of its own."""

import subprocess
import sys

import pytest

PACKAGE = "pulumi_encord_integrations"
SDKS = {"pulumi_aws", "pulumi_gcp", "pulumi_azure_native"}
CLOUDS = SDKS | {"boto3", "botocore", "obstore", "google", "azure"}
SERVER = {
    "fastapi",
    "starlette",
    "uvicorn",
    "a2wsgi",
    "sqlalchemy",
    "alembic",
    "psycopg",
    f"{PACKAGE}.server",
}


def loaded(statement: str) -> set[str]:
    program = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
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


def test_the_root_loads_nothing_of_ours_before_it_is_asked() -> None:
    assert {name for name in loaded(f"import {PACKAGE}") if name.startswith(f"{PACKAGE}.")} == set()


def test_what_is_loaded_is_seen_at_all() -> None:
    assert {"sqlalchemy", f"{PACKAGE}.server"} <= loaded(f"import {PACKAGE}.server.store.tables")
