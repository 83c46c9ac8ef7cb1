"""What `cloud-policy` prints for Google Cloud, word for word, and what a shell makes of it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from pulumi_encord_integrations.model.policies.control import challenge_object
from pulumi_encord_integrations.model.policies.gcp import gcp_bindings, gcp_challenge_binding, gcp_cors
from pulumi_encord_integrations.model.principals import Principals
from pulumi_encord_integrations.server.deployment import Deployment
from tests.support.api import CREATOR, PRINCIPALS, Api, served
from tests.support.command import Ran, key_file, run, scrubbed
from tests.support.types import CASES

TITLE = 'it\'s "$(touch owned)" `touch owned`; touch owned #'
ODD = "it's $(touch owned)/\u00e9"
STUB = f"""#!{sys.executable}
import json, sys
from pathlib import Path
given = {{}}
for word in sys.argv[1:]:
    option, _, name = word.partition("=")
    if option in ("--condition-from-file", "--cors-file"):
        given[name] = json.loads(Path(name).read_text())
if sys.argv[1:3] == ["storage", "cp"]:
    given["stdin"] = sys.stdin.read()
with open("calls", "a") as calls:
    calls.write(json.dumps([Path(sys.argv[0]).name, sys.argv[1:], given]) + "\\n")
if "describe" in sys.argv:
    # A bucket whose name begins with "own" has rules, of one that begins with "closed" nothing is told.
    bucket = sys.argv[4].removeprefix("gs://")
    if bucket.startswith("closed"):
        sys.exit("ERROR: (gcloud.storage.buckets.describe) HTTPError 403")
    print("[{{'origin': ['https://mine.example']}}]" if bucket.startswith("own") else "")
"""
"""Writes down how it was called, with what the files and the standard input hold that it was given."""


@pytest.fixture
def api(on_sqlite: Api) -> Iterator[Api]:
    with served(on_sqlite.app) as address:
        on_sqlite.endpoint = address
        yield on_sqlite


def created(api: Api, title: str, *buckets: Any, **more: Any) -> dict[str, Any]:
    body = CASES["GCP"].body(title=title, buckets=list(buckets), **more)
    answer = api.send(method="POST", body=body)
    assert answer.status == 200, answer.body
    return dict(answer.body["integration"])


def asked(api: Api, *arguments: str) -> Ran:
    folder = api.path.parent
    key = key_file(folder, api.keys[CREATOR])
    return run(folder, "cloud-policy", *arguments, ENCORD_ENDPOINT=api.endpoint, ENCORD_SSH_KEY_FILE=key)


def said(api: Api, *arguments: str) -> str:
    return scrubbed(asked(api, *arguments), api.path.parent)


def configured(api: Api, principals: Principals) -> None:
    api.app.state.deployment = Deployment(api.vault, principals)


def by_sh(folder: Path, script: str) -> tuple[subprocess.CompletedProcess[str], list[Any]]:
    """Runs a script; what it called: program, arguments, and what it handed over."""
    stubs, work = folder / "stubs", folder / "work"
    for made in (stubs, work):
        made.mkdir()
    for name in ("gcloud", "encord-integrations"):
        (stubs / name).write_text(STUB)
        (stubs / name).chmod(0o755)
    done = subprocess.run(
        ["sh"],
        input=script,
        cwd=work,
        env={"PATH": f"{stubs}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done, [json.loads(line) for line in (work / "calls").read_text().splitlines()]


def test_it_is_printed_as_recorded(api: Api, snapshot: SnapshotAssertion) -> None:
    prefixes = [f"day-{number:02}/" for number in range(7)]
    created(api, "many", "acme-train", {"name": "acme-raw", "prefixes": prefixes})
    assert said(api, "many", "--writable") == snapshot(name="script")
    assert said(api, "many", "--json") == snapshot(name="json")
    created(api, "far", {"name": "acme-far", "prefixes": ["a/"]}, strict_client_only=True, over_vpn=True)
    assert said(api, "far") == snapshot(name="over VPN")


def test_what_cannot_be_printed_is_told_as_recorded(api: Api, snapshot: SnapshotAssertion) -> None:
    prefixes = [f"folder-{number}/" for number in range(115)]
    created(api, "long", {"name": "acme-raw", "prefixes": prefixes})
    assert said(api, "long") == snapshot(name="too many")
    created(api, "train", "acme-train")
    arn = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    assert said(api, "train", "--kms-key-arn", arn) == snapshot(name="no keys there")
    configured(api, Principals(origins=PRINCIPALS.origins))
    assert said(api, "train") == snapshot(name="no service account")
    configured(api, Principals(service_account_email=PRINCIPALS.service_account_email))
    assert said(api, "train") == snapshot(name="no origins")


def test_a_shell_runs_the_script_as_it_is(api: Api, tmp_path: Path) -> None:
    buckets: list[Any] = [{"name": "acme-raw", "prefixes": [ODD]}, {"name": "acme-train", "prefixes": []}]
    made = created(api, TITLE, *buckets)
    uuid, challenge = made["integrationUuid"], made["challenge"]
    done, calls = by_sh(tmp_path, asked(api, uuid, "--writable").out)
    assert (done.returncode, done.stderr) == (0, "")
    assert calls == [*bindings(uuid, buckets), *proofs(uuid, challenge, buckets), *rules(buckets), verified()]
    conditions = {f"condition-{number}.json" for number in range(1, 6)}
    assert {path.name for path in (tmp_path / "work").iterdir()} == {*conditions, "cors.json", "calls"}


def bindings(uuid: str, buckets: list[Any]) -> Iterator[Any]:
    """A call for each binding, with its condition in a file."""
    title, number = f"encord {uuid}", 0
    for bucket in buckets:
        found = gcp_bindings(bucket, title=title, writable=True)
        if bucket["prefixes"]:
            found.append(gcp_challenge_binding(bucket["name"], uuid, title=title))
        for one in found:
            number += 1
            file = f"condition-{number}.json"
            options = [
                f"--member=serviceAccount:{PRINCIPALS.service_account_email}",
                f"--role={one.role}",
                f"--condition-from-file={file}",
            ]
            verb = ["storage", "buckets", "add-iam-policy-binding", f"gs://{bucket['name']}"]
            yield ["gcloud", [*verb, *options], {file: one.condition}]


def proofs(uuid: str, challenge: str, buckets: list[Any]) -> Iterator[Any]:
    for bucket in buckets:
        value = challenge_object(uuid, challenge, bucket["name"], bucket["prefixes"]).value
        place = f"gs://{bucket['name']}/.encord/{uuid}"
        yield ["gcloud", ["storage", "cp", "-", place], {"stdin": value}]


def rules(buckets: list[Any]) -> Iterator[Any]:
    """Each bucket is looked at, and gets its rules."""
    verb = ["storage", "buckets"]
    for bucket in buckets:
        place = f"gs://{bucket['name']}"
        yield ["gcloud", [*verb, "describe", place, "--format=value(cors_config)"], {}]
        given = {"cors.json": gcp_cors(PRINCIPALS.origins)}
        yield ["gcloud", [*verb, "update", place, "--cors-file=cors.json"], given]


def verified() -> Any:
    return ["encord-integrations", ["verify", TITLE, "--writable"], {}]


def test_rules_that_a_bucket_has_are_never_replaced(api: Api, tmp_path: Path) -> None:
    created(api, "own", "own-rules", "zoo")
    done, calls = by_sh(tmp_path, asked(api, "own").out)
    assert done.returncode == 0
    assert done.stderr == "own-rules has CORS rules of its own: add those of cors.json to them\n"
    assert [call[1][3] for call in calls if "update" in call[1]] == ["gs://zoo"]


def test_a_bucket_that_cannot_be_looked_at_keeps_its_rules(api: Api, tmp_path: Path) -> None:
    created(api, "closed", "closed", "zoo")
    done, calls = by_sh(tmp_path, asked(api, "closed").out)
    assert done.returncode != 0
    assert not [call for call in calls if "update" in call[1] or call[0] != "gcloud"]
