"""What `cloud-policy` prints for Azure, word for word, for both ways in, and what a shell makes of it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from pulumi_encord_integrations.model.policies.control import challenge_object
from pulumi_encord_integrations.model.principals import Principals
from pulumi_encord_integrations.server.deployment import Deployment
from tests.support.api import CREATOR, PRINCIPALS, Api, served
from tests.support.command import Ran, key_file, run, scrubbed
from tests.support.types import CANARY, CASES, TENANT

TITLE = 'it\'s "$(touch owned)" `touch owned`; touch owned #'
ACCOUNT_ID = "/subscriptions/s/resourceGroups/my data/providers/Microsoft.Storage/storageAccounts/acmestorage"
STUB = f"""#!{sys.executable}
import json, os, sys
from pathlib import Path
words = sys.argv[1:]
with open("calls", "a") as calls:
    calls.write(json.dumps([Path(sys.argv[0]).name, words]) + "\\n")
if words[:3] == ["ad", "sp", "show"]:
    # The application is in the tenant only once it was added.
    if "ad sp create" not in Path("calls").read_text().replace('", "', " "):
        sys.exit(3)
    print("principal")
elif words[:3] == ["storage", "account", "show"]:
    print({ACCOUNT_ID!r})
elif "blob-service-properties" in words:
    print(os.environ["RULES"], end="")
    sys.exit(os.environ["RULES"] == "refused")
"""
"""Writes down how it was called, and answers what a script asks."""


@pytest.fixture
def api(on_sqlite: Api) -> Iterator[Api]:
    with served(on_sqlite.app) as address:
        on_sqlite.endpoint = address
        yield on_sqlite


def created(api: Api, title: str, **more: Any) -> dict[str, Any]:
    answer = api.send(method="POST", body=CASES["AZURE"].body(title=title, **more))
    assert answer.status == 200, answer.body
    return dict(answer.body["integration"])


def by_application(api: Api, title: str, **more: Any) -> dict[str, Any]:
    return created(api, title, sas_token=None, tenant_id=TENANT, **more)


def asked(api: Api, *arguments: str) -> Ran:
    folder = api.path.parent
    key = key_file(folder, api.keys[CREATOR])
    return run(folder, "cloud-policy", *arguments, ENCORD_ENDPOINT=api.endpoint, ENCORD_SSH_KEY_FILE=key)


def said(api: Api, *arguments: str) -> str:
    return scrubbed(asked(api, *arguments), api.path.parent)


def configured(api: Api, principals: Principals) -> None:
    api.app.state.deployment = Deployment(api.vault, principals)


def by_sh(folder: Path, script: str, **variables: str) -> tuple[subprocess.CompletedProcess[str], list[Any]]:
    """Runs a script; what it called: program and arguments."""
    stubs, work = folder / "stubs", folder / "work"
    for made in (stubs, work):
        made.mkdir()
    for name in ("az", "encord-integrations"):
        (stubs / name).write_text(STUB)
        (stubs / name).chmod(0o755)
    done = subprocess.run(
        ["sh"],
        input=script,
        cwd=work,
        env={"PATH": f"{stubs}:/usr/bin:/bin", "RULES": "", **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert {path.name for path in work.iterdir()} <= {"calls"}
    return done, [json.loads(line) for line in (work / "calls").read_text().splitlines()]


def test_both_ways_in_are_printed_as_recorded(api: Api, snapshot: SnapshotAssertion) -> None:
    created(api, "token")
    by_application(api, "application")
    for title in ("token", "application"):
        assert said(api, title) == snapshot(name=title)
        assert said(api, title, "--writable", "--json") == snapshot(name=f"{title}, writable, json")


def test_what_cannot_be_printed_is_told_as_recorded(api: Api, snapshot: SnapshotAssertion) -> None:
    created(api, "token")
    by_application(api, "application")
    arn = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    assert said(api, "token", "--kms-key-arn", arn) == snapshot(name="no keys there")
    configured(api, Principals(origins=PRINCIPALS.origins))
    assert said(api, "application") == snapshot(name="no application")
    configured(api, Principals(application_id=PRINCIPALS.application_id))
    assert said(api, "application") == snapshot(name="no origins")


@pytest.mark.parametrize("options", [[], ["--json"]], ids=str)
def test_the_token_in_use_is_not_printed(api: Api, options: list[str]) -> None:
    created(api, "token")
    ran = asked(api, "token", *options)
    assert ran.code == 0
    assert CANARY not in ran.out + ran.err


def test_a_shell_runs_the_script_for_an_application_as_it_is(api: Api, tmp_path: Path) -> None:
    made = by_application(api, TITLE, container="$web")
    done, calls = by_sh(tmp_path, asked(api, made["integrationUuid"], "--writable").out)
    assert (done.returncode, done.stderr) == (0, "")
    proof = challenge_object(made["integrationUuid"], made["challenge"], "$web")
    named = ["--id", str(PRINCIPALS.application_id)]
    whom = ["--assignee-object-id", "principal", "--assignee-principal-type", "ServicePrincipal"]
    container = f"{ACCOUNT_ID}/blobServices/default/containers/$web"
    given = ["role", "assignment", "create", *whom, "--role"]
    where = ["--account-name", "acmestorage", "--container-name", "$web", "--name", proof.key]
    assert [words for program, words in calls if program == "az"][:-2] == [
        ["ad", "sp", "show", *named],
        ["ad", "sp", "create", *named],
        ["ad", "sp", "show", *named, "--query", "id", "--output", "tsv"],
        ["storage", "account", "show", "--name", "acmestorage", "--query", "id", "--output", "tsv"],
        [*given, "Storage Blob Data Contributor", "--scope", container],
        [*given, "Storage Blob Delegator", "--scope", ACCOUNT_ID],
        ["storage", "blob", "upload", *where, "--data", proof.value, "--overwrite", "--auth-mode", "login"],
    ]
    assert calls[-1] == ["encord-integrations", ["verify", TITLE, "--writable"]]


def test_a_shell_runs_the_script_for_a_token_as_it_is(api: Api, tmp_path: Path) -> None:
    created(api, "token")
    done, calls = by_sh(tmp_path, asked(api, "token").out, SAS_ENDS_AT="2030-12-31T00:00Z")
    assert done.returncode == 0
    account = ["--account-name", "acmestorage"]
    opens = ["--services", "b", "--resource-types", "co", "--permissions", "rl", "--https-only"]
    headers = ["Accept-Ranges", "Content-Length", "Content-Range", "ETag", "--max-age", "3600"]
    query = "cors.corsRules[?contains(allowedOrigins, 'https://app.test')].maxAgeInSeconds"
    rule = [
        "--origins",
        "https://app.test",
        "--methods",
        "GET",
        "HEAD",
        "--allowed-headers",
        "*",
        "--exposed-headers",
    ]
    assert [words for _, words in calls] == [
        [
            "storage",
            "account",
            "generate-sas",
            *account,
            *opens,
            "--expiry",
            "2030-12-31T00:00Z",
            "--output",
            "tsv",
        ],
        [
            "storage",
            "account",
            "blob-service-properties",
            "show",
            *account,
            "--query",
            query,
            "--output",
            "tsv",
        ],
        ["storage", "cors", "add", *account, "--services", "b", *rule, *headers],
        ["verify", "token"],
    ]


def test_a_rule_that_is_there_is_not_added_again(api: Api, tmp_path: Path) -> None:
    created(api, "token")
    done, calls = by_sh(tmp_path, asked(api, "token").out, SAS_ENDS_AT="2030-12-31", RULES="3600\n")
    assert done.returncode == 0
    assert not [words for _, words in calls if words[:2] == ["storage", "cors"]]


def test_rules_that_cannot_be_looked_at_end_the_script(api: Api, tmp_path: Path) -> None:
    created(api, "token")
    done, calls = by_sh(tmp_path, asked(api, "token").out, SAS_ENDS_AT="2030-12-31", RULES="refused")
    assert done.returncode != 0
    assert not [words for _, words in calls if words[:2] == ["storage", "cors"] or words[0] == "verify"]


def test_without_an_end_no_token_is_made(api: Api, tmp_path: Path) -> None:
    created(api, "token")
    script = asked(api, "token").out
    done = subprocess.run(["sh"], input=script, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "SAS_ENDS_AT: must be set: when the token ends, such as 2030-12-31T00:00Z" in done.stderr
