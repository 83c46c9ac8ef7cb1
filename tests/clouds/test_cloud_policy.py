"""What `cloud-policy` prints makes an integration that passes every check of `verify`, on LocalEmu."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from pulumi_encord_integrations.cli import app
from pulumi_encord_integrations.client.settings import VARIABLES
from pulumi_encord_integrations.model.principals import CloudAccess
from pulumi_encord_integrations.server.deployment import Deployment
from tests.support.api import CREATOR, INTEGRATIONS, PRINCIPALS, Api, served
from tests.support.clouds.localemu import LocalEmu
from tests.support.clouds.objects import CONTENT
from tests.support.command import COMMAND, key_file

LOOPBACK = CloudAccess(private_networks=(ip_network("127.0.0.0/8"),))
TITLE = "it's prod"


@dataclass(frozen=True)
class Undone:
    """An integration whose cloud side is still to be made."""

    cloud: LocalEmu
    bucket: str
    role: str
    path: str


@pytest.fixture
def undone(
    local: Api, localemu: LocalEmu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Undone]:
    principal, keys = localemu.user("sts:AssumeRole")
    principals = PRINCIPALS.model_copy(update={"principal_arn": principal})
    local.app.state.deployment = Deployment(local.vault, principals, LOOPBACK)
    made = Undone(localemu, localemu.bucket(CONTENT), f"role-{uuid4().hex[:8]}", "/teams/vision/")
    arn = f"arn:aws:iam::{principal.split(':')[4]}:role{made.path}{made.role}"
    body = {"provider": "AWS", "title": TITLE, "roleArn": arn, "buckets": [{"name": made.bucket}]}
    answer = local.send(method="POST", path=INTEGRATIONS, body=body)
    assert answer.status == 200, answer.body
    for variable, _ in VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)
    reached = {"AWS_ENDPOINT_URL": localemu.endpoint, "AWS_REGION": "us-east-1"}
    mine = {"AWS_ACCESS_KEY_ID": keys[0], "AWS_SECRET_ACCESS_KEY": keys[1]}
    with served(local.app) as address:
        key = key_file(tmp_path, local.keys[CREATOR])
        ours = {"ENCORD_ENDPOINT": address, "ENCORD_SSH_KEY_FILE": key}
        for name, value in {**reached, **mine, **ours}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        yield made


def printed(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    capsys.readouterr()
    assert app.run(["cloud-policy", TITLE, *options]) == 0
    return capsys.readouterr().out


def documents(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    steps = json.loads(printed(capsys, "--json", *options))["steps"]
    return {name: content for step in steps for name, content in step["documents"].items()}


@pytest.mark.parametrize("options", [[], ["--writable"]], ids=str)
def test_the_documents_make_an_integration_that_is_verified(
    undone: Undone, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    assert app.run(["verify", TITLE]) == 1
    found = documents(capsys, *options)
    iam = undone.cloud.client("iam")
    trust, read = (json.dumps(found[name]) for name in ("trust-policy.json", "read-policy.json"))
    iam.create_role(
        RoleName=undone.role, Path=undone.path, AssumeRolePolicyDocument=trust, MaxSessionDuration=43_200
    )
    iam.put_role_policy(RoleName=undone.role, PolicyName="read", PolicyDocument=read)
    undone.cloud.client("s3").put_bucket_cors(Bucket=undone.bucket, CORSConfiguration=found["cors.json"])
    code = app.run(["verify", TITLE, *options])
    assert code == 0, capsys.readouterr()


def aws() -> str:
    """The real `aws`, where there is one that works."""
    program = shutil.which("aws")
    works = (
        program and subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0
    )
    if not program or not works:
        pytest.skip("there is no working aws on the PATH")
    return program


def test_the_real_aws_runs_the_script_and_its_last_line_says_that_all_is_well(
    undone: Undone, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    programs = {str(Path(aws()).parent), str(Path(COMMAND).parent)}
    (tmp_path / "setup.sh").write_text(printed(capsys))
    env = {
        **os.environ,
        "PATH": os.pathsep.join([*sorted(programs), os.environ["PATH"]]),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
    }
    done = subprocess.run(
        ["sh", "setup.sh"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "assume_without_id" in done.stdout
    assert "FAIL" not in done.stdout
