"""The examples that make roles live their whole life, unchanged, in an account on LocalEmu.

What a reader would write into `Pulumi.yaml` or type is configured: names, the app's origin, how long to wait,
and that the API may call this machine. LocalEmu enforces neither keys of KMS nor permissions boundaries: both
are only seen to be declared. It denies what a condition on prefixes allows: the existing bucket is read whole
here, and Ceph judges prefixes (test_policies_on_ceph.py).
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pulumi_encord_integrations.model.policies.aws import trust_policy
from tests.support.clouds.account import ORIGIN, Account
from tests.support.clouds.aws import document
from tests.support.clouds.localemu import LocalEmu
from tests.support.engine import make_project, operations
from tests.support.examples import ON_AWS, commands, place
from tools.engine import EngineError

NEW, EXISTING = ON_AWS
ROLE = "encord-training"
"""What the example of a new bucket calls its role."""
PRINCIPAL = "encord:awsPrincipalArn"


@pytest.fixture
def account(tmp_path: Path, localemu: LocalEmu) -> Iterator[Account]:
    pytest.importorskip("pulumi_aws", reason="Pulumi's SDK for AWS is not installed: the extra aws")
    try:
        yield Account(make_project(tmp_path / "project"), localemu)
    except EngineError as error:
        pytest.skip(f"no pulumi: {error}")


def configure(account: Account, settings: Mapping[str, str]) -> None:
    """Sets what a reader sets: all that the README asks for, and what is another on LocalEmu."""
    project = account.project
    given = {"encord:appOrigins": ORIGIN, "encord:privateNetworks": "127.0.0.0/8", **settings}
    assert {command[2] for command in commands(project.folder, "config set")} <= given.keys()
    words = [word for key, value in given.items() for word in ("--plaintext", f"{key}={value}")]
    project.succeed("config", "set-all", *words)


def lives_on_and_ends(account: Account) -> None:
    project = account.project
    for *_, output in commands(project.folder, "stack output"):
        assert project.outputs()[output]
    project.unchanged()
    assert operations(project.refresh()).keys() <= {"unchanged"}
    project.destroy()
    assert project.export() == []


def roles(account: Account) -> dict[str, Any]:
    return {one["RoleName"]: one for one in account.iam.list_roles()["Roles"]}


def test_the_example_of_a_new_bucket(account: Account) -> None:
    project = account.project
    place(NEW, project)
    configure(account, {"bucket": account.name, PRINCIPAL: account.principal})
    assert operations(project.up())["created"] > 2
    outputs = project.outputs()
    trusted = roles(account)[ROLE]
    assert outputs == {"role_arn": trusted["Arn"], "external_id": outputs["external_id"], "valid": True}
    assert trusted["AssumeRolePolicyDocument"] == trust_policy(account.principal, outputs["external_id"])
    assert account.members() == {"mia@example.com"}
    assert account.left() == {account.name}
    lives_on_and_ends(account)
    assert account.left() == set()
    assert ROLE not in roles(account)


def existing(account: Account) -> dict[str, str]:
    """What exists before the example of an existing bucket is deployed, and how that calls it."""
    boundary = account.iam.create_policy(
        PolicyName=f"{account.name}-boundary",
        PolicyDocument=document({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}),
    )
    return {
        "bucket": account.bucket("raw", "footage/2026/a.mp4"),
        "prefixes": "[]",
        "roleArn": f"arn:aws:iam::000000000000:role/{account.name}-role",
        "permissionsBoundaryArn": boundary["Policy"]["Arn"],
        "retryFor": "5s",
        PRINCIPAL: account.principal,
    }


def test_the_example_of_a_bucket_that_exists(account: Account) -> None:
    project, names = account.project, existing(account)
    owned = account.s3.get_bucket_cors(Bucket=names["bucket"])["CORSRules"]
    place(EXISTING, project)
    configure(account, names)
    nobody_is_let_in_where_the_api_names_nobody(account)
    project.up("--refresh", "--run-program")
    outputs, made = project.outputs(), account.role()
    assert outputs["role_arn"] == made["Arn"] == names["roleArn"]
    assert {one["name"] for one in outputs["checks"] if one["success"]} >= {"list", "read", "preflight"}
    assert made["PermissionsBoundary"]["PermissionsBoundaryArn"] == names["permissionsBoundaryArn"]
    assert {tag["Key"] for tag in made["Tags"]} == {"team", "purpose"}
    assert "kms:Decrypt" in json.dumps(account.policy())
    assert json.loads(outputs["cors_rules"])[0] in owned
    (group,) = account.members()
    assert group.startswith("group:")
    lives_on_and_ends(account)
    assert account.left() == {names["bucket"]}
    assert account.s3.get_bucket_cors(Bucket=names["bucket"])["CORSRules"] == owned


def nobody_is_let_in_where_the_api_names_nobody(account: Account) -> None:
    """And the error says how to go on."""
    project = account.project
    project.succeed("config", "rm", PRINCIPAL)
    said = project.fail("up", "--yes", "--skip-preview")
    assert f"set {PRINCIPAL}, then pulumi up --refresh --run-program" in said
    assert account.members() == set()
    project.succeed("config", "set", PRINCIPAL, account.principal)
