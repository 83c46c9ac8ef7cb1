"""An AWS account on LocalEmu, and a Pulumi project that declares what is in it."""

from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from pulumi_encord_integrations.client import members
from pulumi_encord_integrations.model.policies.cors import cors_rules
from tests.support.cloud_plugins import aws
from tests.support.clouds.aws import Keys, assume
from tests.support.clouds.localemu import LocalEmu
from tests.support.engine import Project

ORIGIN = "https://app.test"


class Account:
    """A project on an AWS account that holds nothing but the service's own user."""

    def __init__(self, project: Project, cloud: LocalEmu) -> None:
        self.project, self.cloud = project, cloud
        self.iam, self.s3 = cloud.client("iam"), cloud.client("s3")
        self.principal, self.keys = cloud.user("sts:AssumeRole")
        self.name = f"acme-{uuid4().hex[:10]}"
        project.configure(awsPrincipalArn=self.principal, appOrigins=ORIGIN, privateNetworks="127.0.0.0/8")
        project.env |= {
            **aws.environment(project.env, cloud),
            "AWS_ENDPOINT_URL": cloud.endpoint,
            "AWS_ACCESS_KEY_ID": self.keys[0],
            "AWS_SECRET_ACCESS_KEY": self.keys[1],
            "AWS_REGION": "us-east-1",
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        }
        project.new_stack()

    def declare(self, program: str) -> None:
        """Makes it the program; ACME in it stands for a name of this account's own."""
        (self.project.folder / "__main__.py").write_text(program.replace("ACME", self.name))

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
