"""What `cloud-policy` prints, word for word, and what a shell makes of it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from pulumi_encord_integrations.model.policies.aws import read_policy, trust_policy
from pulumi_encord_integrations.model.policies.cors import cors_rules
from pulumi_encord_integrations.model.principals import Principals
from pulumi_encord_integrations.server.deployment import Deployment
from tests.support.api import BOSS, CREATOR, FOREIGNER, MEMBER, PRINCIPALS, Api, served
from tests.support.command import Ran, key_file, run, scrubbed
from tests.support.types import CANARY, CASES

KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ENDPOINTS = {
    "WASABI": "https://s3.eu-central-1.wasabisys.com",
    "ORACLE": "https://acme.compat.objectstorage.eu-frankfurt-1.oraclecloud.com",
    "CLOUDFLARE_R2": f"https://{'0123456789abcdef' * 2}.r2.cloudflarestorage.com",
    "COREWEAVE": "https://cwobject.com",
    "OTHER": "https://storage.example.com",
}
STUB = f"""#!{sys.executable}
import json, sys
from pathlib import Path
files = {{}}
for word in sys.argv[1:]:
    if word.startswith("file://"):
        files[word] = json.loads(Path(word.removeprefix("file://")).read_text())
with open("calls", "a") as calls:
    calls.write(json.dumps([Path(sys.argv[0]).name, sys.argv[1:], files]) + "\\n")
# A bucket whose name begins with "own" has rules.
sys.exit("get-bucket-cors" in sys.argv and not sys.argv[-1].startswith("own"))
"""
"""Writes down how it was called, and what the files hold that it was given."""


@pytest.fixture
def known(on_sqlite: Api) -> Iterator[Api]:
    """One integration of each type and preset."""
    bodies = [case.body() for case in CASES.values()]
    for preset, endpoint in ENDPOINTS.items():
        bodies.append(CASES["S3_COMPATIBLE"].body(title=preset, preset=preset, endpoint=endpoint))
    for body in bodies:
        answer = on_sqlite.send(method="POST", body=body)
        assert answer.status == 200, answer.body
    with served(on_sqlite.app) as address:
        on_sqlite.endpoint = address
        yield on_sqlite


def asked(api: Api, who: str, *arguments: str) -> Ran:
    folder = api.path.parent
    key = key_file(folder, api.keys[who])
    return run(folder, "cloud-policy", *arguments, ENCORD_ENDPOINT=api.endpoint, ENCORD_SSH_KEY_FILE=key)


def said(api: Api, *arguments: str) -> str:
    return scrubbed(asked(api, CREATOR, *arguments), api.path.parent)


def configured(api: Api, principals: Principals) -> None:
    api.app.state.deployment = Deployment(api.vault, principals)


@pytest.mark.parametrize("title", [*(f"{provider} data" for provider in CASES), *ENDPOINTS])
def test_each_type_and_preset_is_printed_as_recorded(
    known: Api, snapshot: SnapshotAssertion, title: str
) -> None:
    assert said(known, title) == snapshot


def test_the_document_for_programs_is_as_recorded(known: Api, snapshot: SnapshotAssertion) -> None:
    assert said(known, "AWS data", "--json", "--writable", "--kms-key-arn", KEY) == snapshot


def test_without_principal_and_origins_the_words_are_as_recorded(
    known: Api, snapshot: SnapshotAssertion
) -> None:
    configured(known, Principals())
    assert said(known, "AWS data") == snapshot(name="no principal")
    configured(known, Principals(principal_arn=PRINCIPALS.principal_arn))
    assert said(known, "AWS data") == snapshot(name="no origins")


def test_what_cannot_be_printed_is_told_as_recorded(known: Api, snapshot: SnapshotAssertion) -> None:
    prefixes = [f"prefix-of-a-folder-{number}/" for number in range(300)]
    known.create(title="long", buckets=[{"name": "acme-long", "prefixes": prefixes}])
    assert said(known, "long") == snapshot(name="too long")
    assert said(known, "AWS data", "--kms-key-arn", "alias/mine") == snapshot(name="no key")
    assert said(known, "OTC data", "--kms-key-arn", KEY) == snapshot(name="no keys there")


@pytest.mark.parametrize(("who", "code"), [(MEMBER, 0), (BOSS, 0), (FOREIGNER, 1)])
def test_whoever_can_view_an_integration_may_ask(known: Api, who: str, code: int) -> None:
    known.add_member(known.create(title="shared")["integrationUuid"], MEMBER)
    assert asked(known, who, "shared").code == code


@pytest.mark.parametrize("options", [[], ["--json"]], ids=str)
def test_no_secret_is_printed(known: Api, options: list[str]) -> None:
    for title in ("OTC data", "S3_COMPATIBLE data", *ENDPOINTS):
        ran = asked(known, CREATOR, title, *options)
        assert ran.code == 0
        assert CANARY not in ran.out + ran.err


def stubs(folder: Path, *names: str) -> Path:
    """A folder of programs that write down how they are called."""
    made = folder / "stubs"
    made.mkdir()
    for name in names:
        (made / name).write_text(STUB)
        (made / name).chmod(0o755)
    return made


def ran_by_sh(folder: Path, text: str, *programs: str, **variables: str) -> list[Any]:
    """What a script called: program, arguments, and the files among them."""
    path = f"{stubs(folder, *programs)}{os.pathsep}/usr/bin:/bin"
    work = folder / "work"
    work.mkdir()
    (work / "setup.sh").write_text(text)
    done = subprocess.run(
        ["sh", "setup.sh"],
        cwd=work,
        env={"PATH": path, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "own-rules has CORS rules of its own" in done.stderr or not done.stderr
    return [json.loads(line) for line in (work / "calls").read_text().splitlines()]


def test_a_shell_runs_the_script_as_it_is(known: Api, tmp_path: Path) -> None:
    title = 'it\'s "$(touch owned)" `touch owned`; touch owned #'
    buckets: list[Any] = [
        {"name": "Old_Bucket..x"},
        {"name": "acme-raw", "prefixes": ["it's $(touch owned)/é"]},
    ]
    arn = "arn:aws:iam::123456789012:role/$(touch owned)/encord+a=b"
    made = known.create(title=title, roleArn=arn.replace(" ", ""), region="us-east-1", buckets=buckets)
    script = asked(known, CREATOR, made["integrationUuid"], "--writable", "--kms-key-arn", KEY).out
    calls = ran_by_sh(tmp_path, script, "aws", "encord-integrations")
    trust, read = "file://trust-policy.json", "file://read-policy.json"
    policy = read_policy(buckets, writable=True, kms_key_arns=[KEY])
    cors = {"file://cors.json": {"CORSRules": cors_rules(PRINCIPALS.origins)}}
    role = ["--role-name", "encord+a=b"]
    get, put = (
        ["s3api", f"{verb}-bucket-cors", "--region", "us-east-1", "--bucket"] for verb in ("get", "put")
    )
    trusted = trust_policy(str(PRINCIPALS.principal_arn), made["externalId"])
    create = [*role, "--path", "/$(touchowned)/", "--assume-role-policy-document", trust]
    assert calls == [
        ["aws", ["iam", "create-role", *create, "--max-session-duration", "43200"], {trust: trusted}],
        [
            "aws",
            ["iam", "put-role-policy", *role, "--policy-name", "read", "--policy-document", read],
            {read: policy},
        ],
        ["aws", [*get, "Old_Bucket..x"], {}],
        ["aws", [*put, "Old_Bucket..x", "--cors-configuration", "file://cors.json"], cors],
        ["aws", [*get, "acme-raw"], {}],
        ["aws", [*put, "acme-raw", "--cors-configuration", "file://cors.json"], cors],
        ["encord-integrations", ["verify", title, "--writable"], {}],
    ]
    written = {"setup.sh", "calls", "trust-policy.json", "read-policy.json", "cors.json"}
    assert {path.name for path in (tmp_path / "work").iterdir()} == written


def test_rules_that_a_bucket_has_are_never_replaced(known: Api, tmp_path: Path) -> None:
    made = known.create(title="own", buckets=["own-rules"])
    script = asked(known, CREATOR, made["integrationUuid"]).out
    calls = ran_by_sh(tmp_path, script, "aws", "encord-integrations")
    assert [call[1][:2] for call in calls if call[1][0] == "s3api"] == [["s3api", "get-bucket-cors"]]


def test_a_script_ends_before_anything_where_a_name_must_be_given(known: Api, tmp_path: Path) -> None:
    script = asked(known, CREATOR, "S3_COMPATIBLE data").out
    done = subprocess.run(["sh"], input=script, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "MINIO_ALIAS: must be set: what mc calls the server" in done.stderr


def test_with_its_names_given_a_script_for_minio_runs(known: Api, tmp_path: Path) -> None:
    script = asked(known, CREATOR, "S3_COMPATIBLE data").out
    names = {"MINIO_ALIAS": "my server", "MINIO_USER": "it's me"}
    create, attach, origins, verify = ran_by_sh(tmp_path, script, "mc", "encord-integrations", **names)
    assert create[1][:4] == ["admin", "policy", "create", "my server"]
    assert attach[1][-2:] == ["--user", "it's me"]
    assert origins[1] == ["admin", "config", "set", "my server", "api", "cors_allow_origin=https://app.test"]
    assert verify[1] == ["verify", "S3_COMPATIBLE data"]


def test_a_title_that_reads_as_an_option_is_named_by_its_uuid(known: Api) -> None:
    made = known.create(title="--help")["integrationUuid"]
    assert asked(known, CREATOR, made).out.endswith(f"\nencord-integrations verify {made}\n")
