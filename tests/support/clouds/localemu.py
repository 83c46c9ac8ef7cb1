"""What tests make on LocalEmu: users, roles and buckets."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from tests.support.clouds.aws import Keys, connect, document, filled
from tools.clouds.localemu import ROOT, start


class LocalEmu:
    """One server."""

    def __init__(self) -> None:
        self.endpoint, self._processes = start()

    def client(self, service: str, keys: Keys = ROOT) -> Any:
        """A boto3 client as somebody: key, secret and, of a session, its token."""
        return connect(service, self.endpoint, keys)

    def user(self, *actions: str) -> tuple[str, tuple[str, str]]:
        """A new user who may do some actions; answers its ARN and keys."""
        iam, name = self.client("iam"), f"user-{uuid4().hex[:8]}"
        arn = iam.create_user(UserName=name)["User"]["Arn"]
        policy = document({"Effect": "Allow", "Action": list(actions), "Resource": "*"})
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return arn, (key["AccessKeyId"], key["SecretAccessKey"])

    def role(self, trust: Mapping[str, Any], *resources: str, longest: int = 43_200) -> str:
        """A new role that reads some objects; answers its ARN."""
        iam, name = self.client("iam"), f"role-{uuid4().hex[:8]}"
        made = iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=document(trust), MaxSessionDuration=longest
        )
        actions = ["s3:GetObject", "s3:ListBucket"]
        policy = document({"Effect": "Allow", "Action": actions, "Resource": list(resources)})
        iam.put_role_policy(RoleName=name, PolicyName="read", PolicyDocument=policy)
        return str(made["Role"]["Arn"])

    def trust(self, arn: str, trust: Mapping[str, Any]) -> None:
        """Changes whom a role trusts."""
        iam = self.client("iam")
        iam.update_assume_role_policy(RoleName=arn.rpartition("/")[2], PolicyDocument=document(trust))

    def bucket(self, objects: Mapping[str, bytes]) -> str:
        """A new bucket with objects; answers its name."""
        return filled(self.client("s3"), objects)

    def stop(self) -> None:
        """Ends it."""
        self._processes.stop()
