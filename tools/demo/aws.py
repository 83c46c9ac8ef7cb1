"""The half on AWS: the project of examples/aws, deployed, sabotaged and repaired in an account on LocalEmu.

The stand-in of the tests takes the place of Pulumi's plugin for AWS: it makes the same calls.
"""

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from pulumi_encord_integrations.organization import document
from tools.clouds import localemu
from tools.clouds.kits import KITS
from tools.clouds.process import NotStarted
from tools.demo.deployment import REPOSITORY, Demo, NotAsTold, expect, isolated, step, telling

PLUGIN = REPOSITORY / "tests" / "support" / "cloud_plugins" / "aws"
EXAMPLE = REPOSITORY / "examples" / "aws"
REGION, BUCKET, ROLE, TITLE, FILE = "eu-west-1", "acme-training", "encord-training", "Training data", "a.mp4"
OWNER, MEMBER = "ada@example.com", "mia@example.com"
DEPLOYS = ("iam:*", "s3:*", "sts:GetCallerIdentity")
READS = ("sts:AssumeRole",)


class Account:
    """An AWS account that holds nothing but two users: who deploys, and who reads, which is the API."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.iam, self.s3 = self._client("iam"), self._client("s3")
        self.deployer, self.reader = self._user("deployer", DEPLOYS), self._user("encord-reader", READS)

    def environment(self, project: Path) -> dict[str, str]:
        """Of a pulumi that knows this account and no other."""
        outer = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        made = isolated(project, outer)
        nobodys = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        return {
            **made,
            **nobodys,
            **self._access("AWS", self.reader),
            **self._access("AWS_PLUGIN", self.deployer),
            "PATH": f"{PLUGIN}{os.pathsep}{made['PATH']}",
            "ENCORD_TEST_PYTHON": sys.executable,
        }

    def declared(self) -> list[Any]:
        """The role's trust policy and the bucket's CORS rules."""
        rules = self.s3.get_bucket_cors(Bucket=BUCKET)["CORSRules"]
        return [self.iam.get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"], rules]

    def open_trust(self) -> None:
        """As someone would in the console: whoever calls as the reader needs no external id."""
        trust, _ = self.declared()
        del trust["Statement"][0]["Condition"]
        self.iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=json.dumps(trust))

    def left(self) -> bool:
        """Whether anything of the project is there."""
        return bool(self.iam.list_roles()["Roles"] or self.s3.list_buckets()["Buckets"])

    def _access(self, prefix: str, keys: dict[str, str]) -> dict[str, str]:
        named = {
            "ENDPOINT_URL": self.endpoint,
            "ACCESS_KEY_ID": keys["AccessKeyId"],
            "SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "REGION": REGION,
        }
        return {f"{prefix}_{name}": value for name, value in named.items()}

    def _client(self, service: Literal["iam", "s3"]) -> Any:
        import boto3

        key, secret = localemu.ROOT
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=key,
            aws_secret_access_key=secret,
        )

    def _user(self, name: str, actions: tuple[str, ...]) -> dict[str, str]:
        """The keys of a new user, and the ARN."""
        arn = self.iam.create_user(UserName=name)["User"]["Arn"]
        statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy)
        return {**self.iam.create_access_key(UserName=name)["AccessKey"], "Arn": arn}


def lacks() -> str:
    """What this half would need, or nothing."""
    kit = KITS["localemu"]
    if not kit.made():
        return f"LocalEmu: {kit.why_not()}"
    if not all(find_spec(name) for name in ("pulumi_aws", "boto3", "obstore")):
        return "the extras aws and signing: `make test` installs them"
    return ""


def tell(folder: Path) -> None:
    """The story; raises `NotAsTold` where it does not go that way."""
    if lack := lacks():
        print(f"\nThe AWS half needs {lack}.")
        return
    project = folder / ".demo" / "aws"
    # Whatever an earlier run left there speaks of an account that ended with it.
    shutil.rmtree(project, ignore_errors=True)
    with _account(project) as account:
        shutil.copy(EXAMPLE / "__main__.py", project)
        manifest = _manifest(account.reader["Arn"])
        (project / "Pulumi.yaml").write_text(json.dumps(manifest))
        _deployed(Demo(project, account.environment(project)), account)


def _deployed(demo: Demo, account: Account) -> None:
    demo.prepare()
    step("AWS: an account on LocalEmu, with a stand-in for Pulumi's plugin")
    step("pulumi up: a bucket, the role that reads it, the integration, its check and a member, in one")
    demo.pulumi("up", "--yes", "--skip-preview")
    expect(demo.members(TITLE) == {OWNER, MEMBER}, "the member is not let in")
    account.s3.put_object(Bucket=BUCKET, Key=FILE, Body=b"data")
    step("encord-integrations verify: the API and the app's pages can read it, and nobody else")
    demo.command("verify", TITLE)
    _sabotaged(demo, account)
    step("pulumi destroy: nothing is left, in AWS as in Encord")
    account.s3.delete_object(Bucket=BUCKET, Key=FILE)
    demo.pulumi("destroy", "--yes", "--skip-preview")
    expect(demo.titles() == [] and not account.left(), "something is left")


def _sabotaged(demo: Demo, account: Account) -> None:
    """What someone does in the console shows, and is repaired."""
    before = account.declared()
    step("Someone takes the external id out of the role's trust policy")
    account.open_trust()
    _repaired(demo, {"assume_without_id", "assume_with_wrong_id"})
    step("Someone deletes the bucket's CORS rules")
    account.s3.delete_bucket_cors(Bucket=BUCKET)
    _repaired(demo, {"preflight"})
    expect(account.declared() == before, "what was changed in AWS is not as declared")


def _repaired(demo: Demo, checks: set[str]) -> None:
    """These checks fail and say what to do; then Pulumi does it."""
    step("encord-integrations verify: it shows, with the remedy")
    said = demo.command("verify", TITLE, code=1, shown=lambda line: line.startswith(("FAIL", "help:")))
    failed = set(re.findall(r"^FAIL +(\w+)", said, re.MULTILINE))
    expect(failed == checks, f"other checks fail: {', '.join(sorted(failed)) or 'none'}")
    step("pulumi up --refresh: repaired")
    demo.pulumi("up", "--yes", "--skip-preview", "--refresh", shown=_is_change)


def _is_change(line: str) -> bool:
    return telling(line) and (line.startswith("+  ") or "[diff:" in line)


@contextmanager
def _account(project: Path) -> Iterator[Account]:
    project.mkdir(mode=0o700, parents=True)
    try:
        endpoint, server = localemu.start(project)
    except NotStarted as error:
        raise NotAsTold(f"LocalEmu: {error}") from None
    try:
        yield Account(endpoint)
    finally:
        server.stop()


def _manifest(principal: str) -> Any:
    """The example's, with what its README lets a reader set, and leave to call this machine."""
    declared, _ = document.read((EXAMPLE / "Pulumi.yaml").read_bytes())
    given = {
        "bucket": BUCKET,
        "encord:awsPrincipalArn": principal,
        "encord:privateNetworks": "127.0.0.0/8",
    }
    config = {key: {"value": value} for key, value in given.items()}
    return {**declared.plain, "config": {**declared.plain["config"], **config}}
