"""The stand-in for the aws plugin does what the real one does, with the real engine, classes and calls."""

import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import provider_pb2 as pb

from tests.support.cloud_plugins import aws
from tests.support.cloud_plugins.aws.catalog import AWS
from tests.support.cloud_plugins.server import Plugin
from tests.support.cloud_plugins.values import UNKNOWN, same, same_documents
from tests.support.clouds.aws import document, reading, trusting
from tests.support.clouds.localemu import LocalEmu
from tests.support.engine import UP, Project, make_project, operations
from tests.support.size import at_full_size
from tools.engine import EngineError

ORIGIN = "https://app.encord.com"
PROGRAM = """
import json
import pulumi
from pulumi_aws import get_caller_identity, iam, s3

given = json.load(open("given.json"))
bucket = s3.Bucket("Images", force_destroy=True, tags={"team": "vision"})
role = iam.Role("encord", name=given["role"], assume_role_policy=given["trust"], **given["more"])
policy = iam.RolePolicy(
    "read",
    role=role.name,
    policy=bucket.arn.apply(
        lambda arn: json.dumps({
            "Version": "2012-10-17",
            "Statement": {"Effect": "Allow", "Action": given["actions"], "Resource": [f"{arn}/*", arn]},
        })
    ),
)
rule = {"allowed_methods": ["GET", "HEAD"], "allowed_origins": [given["origin"]], "max_age_seconds": 600}
s3.BucketCorsConfiguration("cors", bucket=bucket.id, cors_rules=[rule])
s3.BucketPublicAccessBlock("closed", bucket=bucket.id, block_public_acls=True, restrict_public_buckets=True)
s3.BucketServerSideEncryptionConfiguration(
    "encrypted",
    bucket=bucket.id,
    rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
)
pulumi.export("bucket", bucket.bucket)
pulumi.export("policy", policy.name)
pulumi.export("role", role.arn)
pulumi.export("account", get_caller_identity().account_id)
"""
OTHER_PROGRAM = """
import json
import pulumi
from pulumi_aws import iam, s3

given = json.load(open("given.json"))
role = iam.Role(
    "encord",
    name=given["role"],
    path=given["path"],
    assume_role_policy=pulumi.Output.secret(given["trust"]),
    description=pulumi.Output.secret(given["words"]),
)
statement = {"Effect": "Allow", "Action": given["actions"], "Resource": "*"}
iam.RolePolicy("read", name="own", role=role.id, policy={"Version": "2012-10-17", "Statement": [statement]})
rule = {"allowed_methods": ["HEAD", "GET"], "allowed_origins": [given["origin"]], "expose_headers": []}
adopted = pulumi.ResourceOptions(import_=given["bucket"])
s3.BucketCorsConfiguration("cors", bucket=given["bucket"], cors_rules=[rule], opts=adopted)
pulumi.export("unique_id", role.unique_id)
"""
UNKNOWN_TYPE = """
from pulumi_aws import s3
s3.BucketVersioning("v", bucket="b", versioning_configuration={"status": "Enabled"})
"""
WEAK = """
import json
import pulumi
from pulumi_aws import Provider, s3

given = json.load(open("given.json"))
weak = Provider("weak", access_key=given["key"], secret_key=given["secret"], region="us-east-1")
s3.Bucket("images", opts=pulumi.ResourceOptions(provider=weak))
"""
GIVEN: dict[str, Any] = {
    "role": "encord-read",
    "trust": document(trusting("arn:aws:iam::000000000000:root")),
    "more": {"description": "Encord reads", "tags": {"team": "vision"}},
    "actions": ["s3:GetObject"],
    "origin": ORIGIN,
}
CORS = "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration"
ALL = 7
"""The resources, the stack's own among them."""


class Deployment:
    """A project with the plugin, and the cloud behind the engine's back."""

    def __init__(self, project: Project, cloud: LocalEmu) -> None:
        self.project = project
        self.iam, self.s3 = cloud.client("iam"), cloud.client("s3")

    def declare(self, program: str = PROGRAM, **given: Any) -> None:
        (self.project.folder / "__main__.py").write_text(program)
        (self.project.folder / "given.json").write_text(json.dumps({**GIVEN, **given}))

    def trust(self) -> Any:
        return self.iam.get_role(RoleName=GIVEN["role"])["Role"]["AssumeRolePolicyDocument"]

    def actions(self) -> Any:
        found = self.iam.get_role_policy(RoleName=GIVEN["role"], PolicyName=self.output("policy"))
        return found["PolicyDocument"]["Statement"]["Action"]

    def origins(self) -> Any:
        return self.s3.get_bucket_cors(Bucket=self.output("bucket"))["CORSRules"][0]["AllowedOrigins"]

    def drift(self) -> None:
        """Changes by hand what is declared, and what is not."""
        role, bucket = GIVEN["role"], self.output("bucket")
        self.iam.update_assume_role_policy(RoleName=role, PolicyDocument=document(trusting("*")))
        self.iam.update_role(RoleName=role, MaxSessionDuration=7200)
        self.iam.untag_role(RoleName=role, TagKeys=["team"])
        more = document(*reading("another"))
        self.iam.put_role_policy(RoleName=role, PolicyName=self.output("policy"), PolicyDocument=more)
        rules = [{"AllowedMethods": ["GET"], "AllowedOrigins": ["https://example.com"]}]
        self.s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules})
        self.s3.delete_public_access_block(Bucket=bucket)

    def output(self, name: str) -> str:
        (stack,) = (one for one in self.project.export() if one["type"] == "pulumi:pulumi:Stack")
        return str(stack["outputs"][name])

    def ids(self) -> dict[str, str]:
        return {one["urn"].rpartition("::")[2]: one["id"] for one in self.project.export() if "id" in one}

    def empty(self) -> bool:
        """Whether nothing of what is declared here is there."""
        roles = {role["RoleName"] for role in self.iam.list_roles()["Roles"]}
        buckets = {bucket["Name"] for bucket in self.s3.list_buckets()["Buckets"]}
        return GIVEN["role"] not in roles and not any(name.startswith("images-") for name in buckets)


@pytest.fixture
def deployment(tmp_path: Path, localemu: LocalEmu) -> Deployment:
    pytest.importorskip("pulumi_aws")
    try:
        project = make_project(tmp_path / "project")
    except EngineError as error:
        pytest.skip(str(error))
    # Whoever else speaks to AWS in there, it is not the plugin.
    project.env.update(AWS_ENDPOINT_URL="http://127.0.0.1:9", AWS_ACCESS_KEY_ID="x", AWS_PROFILE="y")
    project.env.update(aws.environment(project.env, localemu))
    project.new_stack()
    return Deployment(project, localemu)


@at_full_size
def test_drift_is_found_and_repaired_and_destroy_leaves_nothing(deployment: Deployment) -> None:
    project = deployment.project
    deployment.declare()
    assert operations(project.preview()) == {"to create": ALL}
    assert deployment.empty()
    assert operations(project.up()) == {"created": ALL}
    project.unchanged()
    assert operations(project.refresh()) == {"unchanged": ALL}
    ids = deployment.ids()

    deployment.drift()
    found = project.refresh()
    assert operations(found) == {"updated": 3, "deleted": 1}
    assert '"arn:aws:iam::000000000000:root" => "*"' in found
    assert f'"{ORIGIN}" => "https://example.com"' in found
    assert operations(project.up()) == {"updated": 3, "created": 1}
    project.unchanged()
    assert deployment.trust() == json.loads(GIVEN["trust"])
    assert (deployment.actions(), deployment.origins()) == (GIVEN["actions"], [ORIGIN])
    assert deployment.ids() == ids

    deployment.s3.delete_bucket(Bucket=deployment.output("bucket"))
    assert operations(project.refresh()) == {"deleted": 4}
    # The new bucket has a new name, which the policy holds.
    assert operations(project.up()) == {"updated": 1, "created": 4}
    deployment.s3.put_object(Bucket=deployment.output("bucket"), Key="a", Body=b"a")
    project.destroy()
    assert deployment.empty()


@at_full_size
def test_changes_are_made_in_place_where_they_can_be(deployment: Deployment, localemu: LocalEmu) -> None:
    project, bucket = deployment.project, localemu.bucket({})
    rules = [{"AllowedMethods": ["GET", "HEAD"], "AllowedOrigins": [ORIGIN]}]
    deployment.s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules})
    given = {"path": "/", "words": "never-in-the-open", "bucket": bucket}
    deployment.declare(OTHER_PROGRAM, **given)
    made = operations(project.up())
    assert (made["created"], made["imported"]) == (3, 1)
    project.unchanged()
    state = json.dumps(project.export())
    assert GIVEN["role"] in state
    assert given["words"] not in state
    assert "sts:AssumeRole" not in state
    unique = deployment.output("unique_id")

    trust = document(trusting("*"))
    deployment.declare(OTHER_PROGRAM, **given, trust=trust, actions=["s3:GetObject", "s3:ListBucket"])
    assert operations(project.up()) == {"updated": 2}
    assert deployment.trust() == json.loads(trust)
    assert deployment.output("unique_id") == unique

    given["path"] = "/encord/"
    deployment.declare(OTHER_PROGRAM, **given)
    assert operations(project.up()) == {"replaced": 2}
    assert deployment.output("unique_id") != unique
    project.unchanged()
    project.destroy()
    assert deployment.empty()


def test_a_type_that_it_does_not_know_is_refused(deployment: Deployment) -> None:
    deployment.declare(UNKNOWN_TYPE)
    refusal = "aws:s3/bucketVersioning:BucketVersioning is no type of the tests' stand-in"
    assert refusal in deployment.project.fail("preview")


@pytest.mark.parametrize(
    ("type_", "inputs", "refused"),
    [
        ("aws:iam/role:Role", {"assumeRolePolicy": "{}", "forceDetachPolicies": True}, "forceDetachPolicies"),
        ("aws:iam/role:Role", {}, "assumeRolePolicy"),
        ("aws:iam/rolePolicy:RolePolicy", {"role": "r", "policy": "{"}, "policy"),
        (CORS, {"bucket": "b", "corsRules": [{"allowedMethod": "GET"}]}, "corsRules"),
        (CORS, {"bucket": "b", "corsRules": [], "region": "us-east-1"}, "region"),
    ],
)
def test_inputs_that_it_does_not_know_are_refused(type_: str, inputs: dict[str, Any], refused: str) -> None:
    news = json_format.ParseDict(inputs, struct_pb2.Struct())
    urn = f"urn:pulumi:dev::toy::toy:Component${type_}::name"
    answer = Plugin(AWS).Check(pb.CheckRequest(urn=urn, news=news), None)
    assert [failure.property for failure in answer.failures] == [refused]


def test_settings_and_functions_that_it_does_not_know_are_refused() -> None:
    news = json_format.ParseDict({"region": "us-east-1", "defaultTags": "{}"}, struct_pb2.Struct())
    assert [one.property for one in Plugin(AWS).CheckConfig(pb.CheckRequest(news=news), None).failures] == [
        "defaultTags"
    ]
    answer = Plugin(AWS).Invoke(pb.InvokeRequest(tok="aws:index/getRegions:getRegions"), None)
    assert "is no function" in answer.failures[0].reason


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ({"Action": "a", "Resource": ["x", "y"]}, {"Resource": ["y", "x"], "Action": ["a"]}, True),
        ({"Statement": [{"Sid": "a"}, {"Sid": "b"}]}, {"Statement": [{"Sid": "b"}, {"Sid": "a"}]}, True),
        ({"Statement": {"Sid": "a"}}, {"Statement": [{"Sid": "a"}]}, True),
        ({"Action": ["a"]}, {"Action": ["a", "b"]}, False),
        ({"Condition": {"Bool": False}}, {"Condition": {}}, False),
        ({"Action": "a"}, UNKNOWN, False),
    ],
)
def test_documents_are_compared_by_what_they_say(one: Any, other: Any, alike: bool) -> None:
    texts = [value if value == UNKNOWN else json.dumps(value, indent=2) for value in (one, other)]
    assert same_documents(*texts) is alike


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ([{"a": ["x", "y"], "b": []}], [{"a": ["y", "x"], "c": False}], True),
        ([{"a": 600.0}, {"a": 30}], [{"a": 30.0}, {"a": 600}], True),
        ({"team": ""}, {}, False),
        ("", None, True),
        (["x"], "x", False),
        (UNKNOWN, "x", False),
    ],
)
def test_values_are_compared_by_what_they_say(one: Any, other: Any, alike: bool) -> None:
    assert same(one, other) is alike


def test_what_the_cloud_refuses_is_told(deployment: Deployment, localemu: LocalEmu) -> None:
    _, (key, secret) = localemu.user("iam:*")
    deployment.declare(WEAK, key=key, secret=secret)
    assert "AccessDenied" in deployment.project.fail(*UP)
    state = json.dumps(deployment.project.export())
    assert "providers:aws::weak" in state
    assert secret not in state
