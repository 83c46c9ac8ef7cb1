"""The page's flow for AWS in one `pulumi up`, from an empty account: by the real engine and SDK, on LocalEmu.

A stand-in for the provider's plugin makes the resources (tests/support/cloud_plugins). The tests then act as
the service that reads the data. LocalEmu enforces trust policies with external ids, role policies by action
and resource, presigned URLs and CORS. It does not enforce conditions on prefixes (Ceph judges those), KMS,
permissions boundaries and SCPs (iam-simulate judges those).
"""

import json
from collections.abc import Callable
from typing import Any
from urllib.request import Request, urlopen

from botocore.exceptions import ClientError

from pulumi_encord_integrations.client import integrations
from pulumi_encord_integrations.model.policies.aws import trust_policy
from pulumi_encord_integrations.model.policies.cors import cors_rules
from tests.support.clouds.account import ORIGIN, Account
from tests.support.clouds.fetching import fetched
from tests.support.engine import operations
from tests.support.tiers import TOLD

NOT_ENFORCED = (
    "LocalEmu does not enforce conditions on prefixes, kms:Decrypt, permissions boundaries and SCPs, "
    "and gives sessions of roles that are gone"
)
STRANGER = "https://another.test"
MIA = "mia@example.com"
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


def one(buckets: list[dict[str, Any]], program: str = ONE, **args: Any) -> str:
    """A program of one resource, with a member."""
    return HEADER + program.replace("ARGS", repr({"buckets": buckets, **args}))


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


def test_bucket_integration_role_check_and_members_come_in_one_up_and_go_in_one_destroy(
    account: Account, record_property: Callable[[str, object], None]
) -> None:
    record_property(TOLD, NOT_ENFORCED)
    project = account.project
    account.declare(one([{"name": f"{account.name}-new", "create": True}]))
    planned = project.preview()
    assert account.left() == set()
    assert "s3:GetObject" in planned
    assert "assumeRolePolicy" in planned
    project.up()
    external_id = project.outputs()["external_id"]
    assert project.outputs()["valid"] is True
    assert account.members() == {MIA}
    project.unchanged()
    account.declare(one([{"name": f"{account.name}-new", "create": True}], title="Renamed"))
    assert operations(project.preview()) == {"to update": 1}
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
    assert fetched(url)[0] == 403
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
    account.declare(one([{"name": bucket}], signed_url_expiry="2h"))
    project.up()
    before = account.role()
    assert before["MaxSessionDuration"] == 3 * 3600
    account.declare(
        one([{"name": bucket}, {"name": second}], signed_url_expiry="5h", tags={"team": "vision"})
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
    account.declare(one([{"name": bucket}], SABOTAGED.replace("TRUST", repr(wrong))))
    said = project.fail("up", "--yes", "--skip-preview")
    assert "assume_with_id: the role cannot be assumed" in said
    assert "sts:ExternalId" in said
    assert account.members() == set()
    account.declare(one([{"name": bucket}]))
    project.up()
    assert account.members() == {MIA}


def test_a_check_that_fails_later_takes_nobodys_access(account: Account) -> None:
    project, bucket = account.project, account.bucket("raw", "a")
    account.declare(one([{"name": bucket}]))
    project.up()
    account.s3.delete_bucket_cors(Bucket=bucket)
    account.declare(one([{"name": bucket}], signed_url_expiry="1h"))
    said = project.fail("up", "--yes", "--skip-preview")
    assert "preflight: " in said
    assert f"Add a CORS rule that allows GET and HEAD from {ORIGIN}" in said
    assert account.members() == {MIA}
    account.declare(one([{"name": bucket}], signed_url_expiry="1h", require_access=False))
    said = project.up()
    assert "warning: preflight: " in said
    assert account.members() == {MIA}


def test_a_trust_policy_that_somebody_opened_shows_and_is_repaired(account: Account) -> None:
    project, bucket = account.project, account.bucket("raw", "a")
    account.declare(one([{"name": bucket}]))
    project.up()
    opened = trust_policy(account.principal, "none")
    del opened["Statement"][0]["Condition"]
    account.iam.update_assume_role_policy(RoleName=f"{account.name}-role", PolicyDocument=json.dumps(opened))
    assert "assumeRolePolicy" in project.refresh()
    project.up()
    external_id = next(integrations.search(project.api())).external_id  # type: ignore[attr-defined]
    assert account.role()["AssumeRolePolicyDocument"] == trust_policy(account.principal, external_id)
