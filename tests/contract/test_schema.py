"""The API and its schema, asked by schemathesis with valid and invalid requests of its own."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from pulumi_encord_integrations.server.app import create_app
from pulumi_encord_integrations.server.deployment import Deployment
from tests.contract.conftest import POSTGRESQL, SQLITE
from tests.support.api import BOSS, INTEGRATIONS, MEMBER, OUTSIDER, PRINCIPALS, Api, served
from tests.support.people import GROUPS, USERS, group
from tests.support.schema_hooks import KNOWN
from tests.support.size import sized
from tests.support.tiers import TOLD
from tests.support.types import CASES

SEED = 11
EXAMPLES, LEAST_CASES = sized((4, 2_000), (60, 5_000))
PEOPLE = [OUTSIDER, MEMBER]
LINKED = r"^/v2/public/cloud-integrations(/\{uuid\})?$"
ACTIONS = {
    "integration.create", "integration.update", "integration.deleted", "members.change", "members.join",
    "group.create", "group.update", "group.add-users", "group.remove-users",
    "organization-user.add", "organization-user.change",
}  # fmt: skip
# A schema cannot say which fields fit each other, which page tokens were issued, who and what is there.
CONFIGURATION = """
[[operations]]
include-name = [
    "POST /v2/public/cloud-integrations",
    "PATCH /v2/public/cloud-integrations/{uuid}",
    "GET /v2/public/cloud-integrations/search",
    "GET /v2/public/cloud-integrations/members",
    "GET /v2/public/cloud-integrations/last-writes",
    "GET /v2/public/cloud-integrations/{uuid}/members",
    "PUT /v2/public/cloud-integrations/{uuid}/members",
    "PATCH /v2/public/cloud-integrations/{uuid}/members",
    "POST /v2/public/cloud-integrations/{uuid}/users",
    "POST /v2/public/cloud-integrations/{uuid}/users/bulk-delete",
    "POST /v2/public/cloud-integrations/{uuid}/groups",
    "POST /v2/public/cloud-integrations/{uuid}/access-check",
    "POST /v2/public/cloud-integrations/{uuid}/signed-urls",
    "GET /v2/public/cloud-integrations/{uuid}/registrations",
    "POST /v2/public/cloud-integrations/{uuid}/registrations",
    "POST /v2/public/organisation/groups",
    "PATCH /v2/public/organisation/groups/{uuid}",
    "POST /v2/public/organisation/groups/{uuid}/users",
    "POST /v2/public/organisation/groups/{uuid}/users/bulk-delete",
    "POST /v2/public/organisation/users",
    "PATCH /v2/public/organisation/users/{email}",
    "POST /v2/public/organisation/service-accounts",
    "PATCH /v2/public/organisation/service-accounts/{name}",
    "POST /v2/public/organisation/users/{email}/keys",
    "POST /v2/public/organisation/users/{email}/invitations",
    "POST /v2/public/user/keys",
    "POST /v2/public/user/accept-invitation",
    "POST /v2/public/oauth/token",
    "GET /v2/public/organisation/audit",
]
checks.positive_data_acceptance.expected-statuses = ["2xx", 400, 401, 403, 404, 409, 412]
"""


def _known(api: Api) -> str:
    """What there is to act on."""
    uuid = api.create()["integrationUuid"]
    return json.dumps({"integration": uuid, "group": group(api, BOSS), "people": PEOPLE})


def _asked(api: Api, folder: Path, *more: str, known: str = "{}") -> subprocess.CompletedProcess[str]:
    """A run of all default checks with the creator's bearer token."""
    (folder / "schemathesis.toml").write_text(CONFIGURATION)
    root = str(Path(__file__).resolve().parents[2])
    environment = {**os.environ, "PYTHONPATH": root, "SCHEMATHESIS_HOOKS": "tests.support.schema_hooks"}
    # The hooks tell requests apart by their hash.
    environment |= {KNOWN: known, "PYTHONHASHSEED": "0"}
    token = api.send(path="/v2/public/user/bearer-token").body["token"]
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{api.endpoint}/openapi.json"]
    command += ["-H", f"Authorization: Bearer {token}", "--seed", str(SEED), "--generation-database", "none"]
    command += ["--max-examples", str(EXAMPLES), "--no-color", "--warnings", "off", *more]
    # Few texts may stand in a path as an e-mail.
    command += ["--suppress-health-check", "filter_too_much"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


# Thousands of cases on a busy machine take longer than any other test may.
@pytest.mark.timeout(sized(300, 1_800))
@pytest.mark.parametrize("local", sized([SQLITE], [SQLITE, POSTGRESQL]), indirect=True)
def test_schemathesis_finds_nothing(
    local: Api, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    for case in CASES.values():
        assert local.send(method="POST", body=case.body()).status == 200
    with served(local.app) as local.endpoint:
        local.transport = None
        ran = _asked(local, tmp_path, known=_known(local))
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-1000:]
    count = int(re.findall(r"(\d+) generated", ran.stdout)[0])
    record_property(TOLD, f"schemathesis: {count} cases, seed {SEED}")
    assert count >= LEAST_CASES
    assert {row.action for row in local.rows("audit")} >= ACTIONS


def test_what_was_created_is_read_changed_and_deleted_by_the_links_of_the_schema(
    on_sqlite: Api, tmp_path: Path
) -> None:
    with served(on_sqlite.app) as on_sqlite.endpoint:
        on_sqlite.transport = None
        ran = _asked(on_sqlite, tmp_path, "--include-path-regex", LINKED, known=_known(on_sqlite))
    assert ran.returncode == 0, ran.stdout[-6000:]
    assert re.search(r"API Links: +3 covered", ran.stdout), ran.stdout


def test_an_answer_outside_the_schema_is_found(local: Api, tmp_path: Path) -> None:
    app = create_app(Deployment(local.vault, PRINCIPALS), local.database)
    properties = app.openapi()["components"]["schemas"]["CurrentOrganization"]["properties"]
    properties["name"] = {"type": "integer"}
    with served(app) as local.endpoint:
        local.transport = None
        ran = _asked(local, tmp_path, "--include-path-regex", "/user/current", "--max-examples", "1")
    assert ran.returncode == 1
    assert "Response violates schema" in ran.stdout


def test_a_method_that_is_not_there_is_answered_with_those_that_are(api: Api) -> None:
    allowed = {
        INTEGRATIONS: "GET, POST",
        f"{INTEGRATIONS}/search": "GET",
        f"{INTEGRATIONS}/members": "GET",
        f"{INTEGRATIONS}/{uuid4()}": "DELETE, GET, PATCH",
        f"{INTEGRATIONS}/{uuid4()}/join": "POST",
        f"{INTEGRATIONS}/{uuid4()}/groups": "DELETE, GET, POST",
        f"{GROUPS}/{uuid4()}/users": "GET, POST",
        f"{USERS}/{OUTSIDER}": "DELETE, GET, PATCH",
    }
    for path, methods in allowed.items():
        answer = api.send(method="PUT", path=path)
        assert answer.refusal == (405, "method_not_allowed")
        assert answer.headers["Allow"] == methods
