"""The API and its schema, asked by schemathesis with valid and invalid requests of its own."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from tests.support.api import INTEGRATIONS, Api, served
from tests.support.tiers import TOLD
from tests.support.types import CASES

SEED = 4
LEAST_CASES = 1_000
# A schema cannot say which fields fit each other, nor which page tokens were issued.
CONFIGURATION = """
[[operations]]
include-name = [
    "POST /v2/public/cloud-integrations",
    "PATCH /v2/public/cloud-integrations/{uuid}",
    "GET /v2/public/cloud-integrations/search",
]
checks.positive_data_acceptance.expected-statuses = ["2xx", 400, 401, 403, 404, 409]
"""


def _asked(api: Api, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """A run of all default checks with the creator's bearer token."""
    (folder / "schemathesis.toml").write_text(CONFIGURATION)
    root = str(Path(__file__).resolve().parents[2])
    environment = {**os.environ, "PYTHONPATH": root, "SCHEMATHESIS_HOOKS": "tests.support.schema_hooks"}
    token = api.send(path="/v2/public/user/bearer-token").body["token"]
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{api.endpoint}/openapi.json"]
    command += ["-H", f"Authorization: Bearer {token}", "--seed", str(SEED), "--generation-database", "none"]
    command += ["--max-examples", "15", "--no-color", "--warnings", "off", *more]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_schemathesis_finds_nothing(
    local: Api, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    for case in CASES.values():
        assert local.send(method="POST", body=case.body()).status == 200
    with served(local.app) as local.endpoint:
        local.transport = None
        ran = _asked(local, tmp_path)
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-1000:]
    assert re.search(r"API Links: +3 covered", ran.stdout), ran.stdout
    count = int(re.findall(r"(\d+) generated", ran.stdout)[0])
    record_property(TOLD, f"schemathesis: {count} cases, seed {SEED}")
    assert count >= LEAST_CASES


def test_an_answer_outside_the_schema_is_found(local: Api, tmp_path: Path) -> None:
    properties = local.app.openapi()["components"]["schemas"]["CurrentOrganization"]["properties"]
    properties["name"] = {"type": "integer"}
    with served(local.app) as local.endpoint:
        local.transport = None
        ran = _asked(local, tmp_path, "--include-path-regex", "/user/current", "--max-examples", "1")
    assert ran.returncode == 1
    assert "Response violates schema" in ran.stdout


def test_a_method_that_is_not_there_is_answered_with_those_that_are(api: Api) -> None:
    allowed = {"": "GET, POST", "/search": "GET", f"/{uuid4()}": "DELETE, GET, PATCH"}
    for path, methods in allowed.items():
        answer = api.send(method="PUT", path=INTEGRATIONS + path)
        assert answer.refusal == (405, "method_not_allowed")
        assert answer.headers["Allow"] == methods
