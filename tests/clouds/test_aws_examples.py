"""The examples that make roles, unchanged, in an account on LocalEmu: what is there, and that nothing is left.

What a reader would write into `Pulumi.yaml` or type is configured: names, and where the API may call. LocalEmu
enforces neither keys of KMS nor permissions boundaries, so that both are only seen to be declared. It denies
what a condition on prefixes allows: the existing bucket is read whole here, and Ceph judges prefixes.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pulumi_encord_integrations.client import integrations
from pulumi_encord_integrations.model.policies.aws import trust_policy
from tests.clouds.test_aws_in_one_up import ORIGIN, Account
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


def configure(account: Account, **settings: str) -> None:
    """Sets what a reader sets, beside the whom the role trusts."""
    given = {"encord:appOrigins": ORIGIN, "encord:privateNetworks": "127.0.0.0/8", **settings}
    words = [word for key, value in given.items() for word in ("--plaintext", f"{key}={value}")]
    account.project.succeed("config", "set-all", *words)


def up_once_the_principal_is_known(account: Account) -> None:
    """Nobody is trusted, nor let in, where the API names nobody; the error says how to go on."""
    project = account.project
    said = project.fail("up", "--yes", "--skip-preview")
    assert f"set {PRINCIPAL}" in said
    assert account.members() == set()
    project.succeed("config", "set", PRINCIPAL, account.principal)
    assert operations(project.up("--refresh", "--run-program"))["created"] > 2


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


def test_the_readmes_ask_for_what_is_configured_here() -> None:
    for example in ON_AWS:
        assert [command[2] for command in commands(example, "config set")][-1] == PRINCIPAL


def test_the_example_of_a_new_bucket(account: Account) -> None:
    project = account.project
    place(NEW, project)
    configure(account, bucket=account.name)
    up_once_the_principal_is_known(account)
    outputs = project.outputs()
    trusted = roles(account)[ROLE]
    assert outputs == {"role_arn": trusted["Arn"], "external_id": outputs["external_id"], "valid": True}
    assert trusted["AssumeRolePolicyDocument"] == trust_policy(account.principal, outputs["external_id"])
    assert account.members() == {"mia@example.com"}
    assert account.left() == {account.name}
    lives_on_and_ends(account)
    assert account.left() == set()
    assert ROLE not in roles(account)


def test_the_example_of_a_bucket_that_exists(account: Account) -> None:
    project, bucket = account.project, account.bucket("raw", "footage/2026/a.mp4")
    owned = account.s3.get_bucket_cors(Bucket=bucket)["CORSRules"]
    boundary = account.iam.create_policy(
        PolicyName=f"{account.name}-boundary",
        PolicyDocument=document({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}),
    )["Policy"]["Arn"]
    place(EXISTING, project)
    role_arn = f"arn:aws:iam::000000000000:role/{account.name}-role"
    names = {"bucket": bucket, "prefixes": "[]", "roleArn": role_arn, "permissionsBoundaryArn": boundary}
    configure(account, **names, retryFor="5s")
    up_once_the_principal_is_known(account)
    outputs, made = project.outputs(), account.role()
    assert outputs["role_arn"] == made["Arn"] == role_arn
    assert {one["name"] for one in outputs["checks"] if one["success"]} >= {"list", "read", "preflight"}
    assert made["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
    assert {tag["Key"] for tag in made["Tags"]} == {"team", "purpose"}
    assert "kms:Decrypt" in json.dumps(account.policy())
    assert json.loads(outputs["cors_rules"])[0] in owned
    (group,) = account.members()
    assert group.startswith("group:")
    lives_on_and_ends(account)
    assert account.left() == {bucket}
    assert account.s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == owned
