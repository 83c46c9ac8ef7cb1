"""The page's flow for AWS in one `pulumi up`, from an empty account: by the real engine and SDK, on LocalEmu.

A stand-in for the provider's plugin makes the resources (tests/support/aws_plugin). The test then acts as the
service that reads the data. LocalEmu enforces trust policies with external ids, role policies by action and
resource, presigned URLs and CORS; not: conditions on prefixes (Ceph judges those), KMS, permissions
boundaries (iam-simulate judges those).
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from tests.support import aws_plugin
from tests.support.clouds.aws import assume
from tests.support.clouds.fetching import fetched
from tests.support.clouds.localemu import LocalEmu
from tests.support.engine import Project, make_project, operations
from tools.engine import EngineError

ORIGIN, STRANGER = "https://app.test", "https://another.test"
HEADER = """
import pulumi
from pulumi_encord_integrations import AccessCheck, AwsIntegration, IntegrationMember, OrganizationUser
from pulumi_encord_integrations.components import AwsBucketAccess, AwsEncordIntegration

mia = OrganizationUser("mia", email="mia@example.com", role="MEMBER", member_type="internal")
"""


class Account:
    """A project on an AWS account that holds nothing but the service's own user."""

    def __init__(self, project: Project, cloud: LocalEmu) -> None:
        self.project, self.cloud = project, cloud
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

    def declare(self, body: str) -> None:
        (self.project.folder / "__main__.py").write_text(HEADER + body.replace("ACME", self.name))

    def roles(self) -> set[str]:
        found = self.cloud.client("iam").list_roles()["Roles"]
        return {one["RoleName"] for one in found if one["RoleName"].startswith(self.name)}

    def buckets(self) -> set[str]:
        found = self.cloud.client("s3").list_buckets()["Buckets"]
        return {one["Name"] for one in found if one["Name"].startswith(self.name)}

    def members(self) -> dict[str, str]:
        """Whom the one living integration lets in, beside whoever deploys."""
        from pulumi_encord_integrations.client import members

        client = self.project.api()
        (uuid,) = self.project.living()
        return {who: role for who, role in members.of(client, uuid).items() if not who.startswith("ada@")}


@pytest.fixture
def account(tmp_path: Path, localemu: LocalEmu) -> Account:
    pytest.importorskip("pulumi_aws", reason="the AWS SDK of Pulumi is not installed: the extra aws")
    try:
        return Account(make_project(tmp_path / "project"), localemu)
    except EngineError as error:
        pytest.skip(f"no pulumi: {error}")


ONE_RESOURCE = """
training = AwsEncordIntegration("training", {
    "title": "Training data",
    "buckets": [{"name": "ACME-new", "create": True}],
    "role_name": "ACME-role",
})
IntegrationMember("mia-trains", integration=training.integration, user=mia, role="user")
pulumi.export("role_arn", training.role_arn)
pulumi.export("external_id", training.external_id)
pulumi.export("valid", training.valid)
"""


def allowed(ask: Callable[[], Any]) -> bool:
    try:
        ask()
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 403, error
        return False
    return True


def test_bucket_integration_role_check_and_members_come_in_one_up(account: Account) -> None:
    project = account.project
    account.declare(ONE_RESOURCE)
    planned = project.preview()
    print(planned)
    said = project.up()
    print(said)
    assert project.outputs()["valid"] is True
    assert account.members() == {"mia@example.com": "user"}
    project.unchanged()
