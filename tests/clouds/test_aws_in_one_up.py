"""The page's flow for AWS in one `pulumi up`, from an empty account: by the real engine and SDK, on LocalEmu.

A stand-in for the provider's plugin makes the resources (tests/support/aws_plugin). The tests then act as the
service that reads the data. LocalEmu enforces trust policies with external ids, role policies by action and
resource, presigned URLs and CORS. It does not enforce conditions on prefixes (Ceph judges those), KMS,
permissions boundaries and SCPs (iam-simulate judges those).
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from pulumi_encord_integrations.client import integrations, members
from pulumi_encord_integrations.model.policies.aws import trust_policy
from pulumi_encord_integrations.model.policies.cors import cors_rules
from tests.support import aws_plugin
from tests.support.clouds.aws import Keys, assume
from tests.support.clouds.localemu import LocalEmu
from tests.support.engine import Project, make_project, operations
from tools.engine import EngineError

ORIGIN, STRANGER = "https://app.test", "https://another.test"
MIA, OTTO = "mia@example.com", "otto@example.com"
HEADER = """
import json
import pulumi
from pulumi_encord_integrations import AccessCheck, IntegrationMember, OrganizationUser
from pulumi_encord_integrations.components import AwsBucketAccess, AwsEncordIntegration

mia = OrganizationUser("mia", email="mia@example.com", role="MEMBER", member_type="internal")
"""
ONE = """
args = {"title": "Training data", "role_name": "ACME-role", "retry_for": "5s", **ARGS}
training = AwsEncordIntegration("training", args)
IntegrationMember("mia-trains", integration=training.integration, user=mia, role="user")
pulumi.export("role_arn", training.role_arn)
pulumi.export("external_id", training.external_id)
pulumi.export("valid", training.valid)
"""


class Account:
    """A project on an AWS account that holds nothing but the service's own user."""

    def __init__(self, project: Project, cloud: LocalEmu) -> None:
        self.project, self.cloud = project, cloud
        self.iam, self.s3 = cloud.client("iam"), cloud.client("s3")
        self.principal, self.keys = cloud.user("sts:AssumeRole")
        self.name = f"acme-{uuid4().hex[:10]}"
        project.configure(awsPrincipalArn=self.principal, appOrigins=ORIGIN, privateNetworks="127.0.0.0/8")
        project.env |= {
            **aws_plugin.environment(project.env, cloud),
            "AWS_ENDPOINT_URL": cloud.endpoint,
            "AWS_ACCESS_KEY_ID": self.keys[0],
            "AWS_SECRET_ACCESS_KEY": self.keys[1],
            "AWS_REGION": "us-east-1",
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        }
        project.new_stack()

    def declare(self, body: str = ONE, **args: Any) -> None:
        text = body.replace("ARGS", repr(args)).replace("ACME", self.name)
        (self.project.folder / "__main__.py").write_text(HEADER + text)

    def bucket(self, suffix: str, *keys: str) -> str:
        """A bucket that exists, with objects and CORS rules of the customer's own."""
        return self.bucket_named(f"{self.name}-{suffix}", *keys)

    def bucket_named(self, name: str, *keys: str) -> str:
        """The same under a name that others chose."""
        self.s3.create_bucket(Bucket=name)
        for key in keys:
            self.s3.put_object(Bucket=name, Key=key, Body=b"data")
        rules = [*cors_rules([ORIGIN]), {"AllowedOrigins": ["https://own.test"], "AllowedMethods": ["PUT"]}]
        self.s3.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": rules})
        return name

    def role(self) -> Any:
        return self.iam.get_role(RoleName=f"{self.name}-role")["Role"]

    def policy(self) -> Any:
        return self.iam.get_role_policy(RoleName=f"{self.name}-role", PolicyName="read")["PolicyDocument"]

    def left(self) -> set[str]:
        """Roles and buckets of the test that are there."""
        roles = {one["RoleName"] for one in self.iam.list_roles()["Roles"]}
        buckets = {one["Name"] for one in self.s3.list_buckets()["Buckets"]}
        return {name for name in roles | buckets if name.startswith(self.name)}

    def members(self) -> set[str]:
        """Whom the one living integration lets in, beside whoever deploys."""
        (uuid,) = self.project.living()
        return set(members.of(self.project.api(), uuid)) - {"ada@example.com"}

    def session(self, **given: str) -> Keys | None:
        """The service's session of the role, if it gets one."""
        sts, arn = self.cloud.client("sts", self.keys), f"arn:aws:iam::000000000000:role/{self.name}-role"
        try:
            return assume(sts, arn, **given)
        except ClientError as error:
            if error.response["Error"]["Code"] in {"AccessDenied", "NoSuchEntity"}:
                return None
            raise


def denied(ask: Callable[[], Any]) -> bool:
    """Whether it is refused for want of a permission; any other error is one."""
    try:
        ask()
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 403:
            return True
        raise
    return False


def preflight(url: str, origin: str, method: str = "GET") -> bool:
    """Whether a browser may send the request from there."""
    asked = Request(url, method="OPTIONS")
    asked.add_header("Origin", origin)
    asked.add_header("Access-Control-Request-Method", method)
    try:
        with urlopen(asked) as answer:
            return bool(answer.headers.get("Access-Control-Allow-Origin") == origin)
    except OSError:
        return False


@pytest.fixture
def account(tmp_path: Path, localemu: LocalEmu) -> Iterator[Account]:
    pytest.importorskip("pulumi_aws", reason="Pulumi's SDK for AWS is not installed: the extra aws")
    try:
        yield Account(make_project(tmp_path / "project"), localemu)
    except EngineError as error:
        pytest.skip(f"no pulumi: {error}")


def test_bucket_integration_role_check_and_members_come_in_one_up_and_go_in_one_destroy(
    account: Account,
) -> None:
    project = account.project
    account.declare(buckets=[{"name": f"{account.name}-new", "create": True}])
    planned = project.preview()
    assert account.left() == set()
    assert "s3:GetObject" in planned
    assert "assumeRolePolicy" in planned
    project.up()
    external_id = project.outputs()["external_id"]
    assert project.outputs()["valid"] is True
    assert account.members() == {MIA}
    project.unchanged()
    as_the_service_sees_it(account, external_id)
    assert operations(project.refresh()).keys() <= {"unchanged"}
    account.s3.delete_object(Bucket=f"{account.name}-new", Key="videos/a b+c.mp4")
    project.destroy()
    assert account.left() == set()


def as_the_service_sees_it(account: Account, external_id: str) -> None:
    bucket, other = f"{account.name}-new", account.bucket("other", "secret")
    account.s3.put_object(Bucket=bucket, Key="videos/a b+c.mp4", Body=b"data")
    assert account.session() is None
    assert account.session(ExternalId="another") is None
    session = account.session(ExternalId=external_id)
    assert session
    s3 = account.cloud.client("s3", session)
    assert s3.get_object(Bucket=bucket, Key="videos/a b+c.mp4")["Body"].read() == b"data"
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    assert denied(lambda: s3.put_object(Bucket=bucket, Key="new", Body=b""))
    assert denied(lambda: s3.delete_object(Bucket=bucket, Key="videos/a b+c.mp4"))
    assert denied(
        lambda: s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": cors_rules([STRANGER])})
    )
    assert denied(lambda: s3.list_objects_v2(Bucket=other))
    assert denied(lambda: s3.get_object(Bucket=other, Key="secret"))
    url = f"{account.cloud.endpoint}/{bucket}/videos/a%20b%2Bc.mp4"
    answers = [preflight(url, ORIGIN), preflight(url, STRANGER), preflight(url, ORIGIN, "PUT")]
    assert answers == [True, False, False]
    block = account.s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}
    account.s3.delete_object(Bucket=other, Key="secret")
    account.s3.delete_bucket(Bucket=other)


def test_an_existing_bucket_keeps_its_own_rules_and_its_role_follows_changes_in_place(
    account: Account,
) -> None:
    project, bucket, second = account.project, account.bucket("raw", "videos/a"), account.bucket("more", "b")
    rules = account.s3.get_bucket_cors(Bucket=bucket)["CORSRules"]
    account.declare(buckets=[{"name": bucket}], signed_url_expiry="2h")
    project.up()
    before = account.role()
    assert before["MaxSessionDuration"] == 3 * 3600
    account.declare(
        buckets=[{"name": bucket}, {"name": second}], signed_url_expiry="5h", tags={"team": "vision"}
    )
    assert "replace" not in operations(project.preview())
    project.up()
    after = account.role()
    assert (after["RoleId"], after["MaxSessionDuration"]) == (before["RoleId"], 6 * 3600)
    assert f"arn:aws:s3:::{second}/*" in json.dumps(account.policy())
    project.unchanged()
    assert account.s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == rules
    session = account.session(ExternalId=project.outputs()["external_id"])
    assert session
    reader = account.cloud.client("s3", session)
    reader.get_object(Bucket=bucket, Key="videos/a")
    project.destroy()
    # LocalEmu gives sessions of roles that are gone; what they could do is gone.
    assert denied(lambda: reader.get_object(Bucket=bucket, Key="videos/a"))
    assert account.s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == rules
    assert account.left() == {bucket, second}


SABOTAGED = """
def sabotage(args):
    if args.type_ == "aws:iam/role:Role":
        trust = json.dumps(TRUST)
        return pulumi.ResourceTransformResult({**args.props, "assumeRolePolicy": trust}, args.opts)

args = {"title": "Training data", "role_name": "ACME-role", "retry_for": "1s", **ARGS}
training = AwsEncordIntegration("training", args, pulumi.ResourceOptions(transforms=[sabotage]))
IntegrationMember("mia-trains", integration=training.integration, user=mia, role="user")
"""


def test_nobody_is_let_in_behind_a_sabotaged_trust_policy(account: Account) -> None:
    project, bucket = account.project, account.bucket("raw", "a")
    wrong = trust_policy(account.principal, "another-id")
    account.declare(SABOTAGED.replace("TRUST", repr(wrong)), buckets=[{"name": bucket}])
    said = project.fail("up", "--yes", "--skip-preview")
    assert "assume_with_id: the role cannot be assumed" in said
    assert "sts:ExternalId" in said
    assert account.members() == set()
    account.declare(buckets=[{"name": bucket}])
    project.up()
    assert account.members() == {MIA}


def test_a_check_that_fails_later_takes_nobodys_access(account: Account) -> None:
    project, bucket = account.project, account.bucket("raw", "a")
    account.declare(buckets=[{"name": bucket}])
    project.up()
    account.s3.delete_bucket_cors(Bucket=bucket)
    account.declare(buckets=[{"name": bucket}], signed_url_expiry="1h")
    said = project.fail("up", "--yes", "--skip-preview")
    assert "preflight: " in said
    assert f"Add a CORS rule that allows GET and HEAD from {ORIGIN}" in said
    assert account.members() == {MIA}
    account.declare(buckets=[{"name": bucket}], signed_url_expiry="1h", require_access=False)
    said = project.up()
    assert "warning: preflight: " in said
    assert account.members() == {MIA}


def test_a_trust_policy_that_somebody_opened_shows_and_is_repaired(account: Account) -> None:
    project, bucket = account.project, account.bucket("raw", "a")
    account.declare(buckets=[{"name": bucket}])
    project.up()
    opened = trust_policy(account.principal, "none")
    del opened["Statement"][0]["Condition"]
    account.iam.update_assume_role_policy(RoleName=f"{account.name}-role", PolicyDocument=json.dumps(opened))
    assert "assumeRolePolicy" in project.refresh()
    project.up()
    external_id = next(integrations.search(project.api())).external_id  # type: ignore[attr-defined]
    assert account.role()["AssumeRolePolicyDocument"] == trust_policy(account.principal, external_id)
