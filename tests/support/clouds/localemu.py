"""LocalEmu: AWS's STS, IAM and S3 on loopback, with enforced policies and external ids."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from tests.support.clouds.aws import Keys, connect, document, filled
from tests.support.clouds.process import Processes, answers_http, free_ports
from tools.clouds.kits import KITS

_ROOT = ("test", "test")


class LocalEmu:
    """One server."""

    def __init__(self) -> None:
        self._processes = Processes("localemu")
        folder, (port,) = self._processes.folder, free_ports(1)
        self.endpoint = f"http://127.0.0.1:{port}"
        env = {
            "IAM_ENFORCEMENT": "1",
            "ROOT_ACCESS_KEYS": _ROOT[0],
            "DISABLE_EVENTS": "1",
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "XDG_CACHE_HOME": str(folder),
            "LOCALEMU_VOLUME_DIR": str(folder / "volume"),
        }
        binary = KITS["localemu"].folder / "venv" / "bin" / "localemu"
        self._processes.start([binary, "start", "--host", "127.0.0.1", "--port", str(port)], env)
        self._processes.await_answer(lambda: answers_http(f"{self.endpoint}/_localemu/health"))

    def client(self, service: str, keys: Keys = _ROOT) -> Any:
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
