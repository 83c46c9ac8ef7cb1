"""The stand-in for the gcp plugin does what the real one does, with the real engine, classes and calls."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import provider_pb2 as pb

from tests.support.cloud_plugins import gcp
from tests.support.cloud_plugins.gcp.catalog import GCP
from tests.support.cloud_plugins.server import Plugin
from tests.support.clouds.gcs import CREATOR, VIEWER, Gcs
from tests.support.engine import UP, Project, make_project, operations
from tests.support.size import at_full_size
from tools.engine import EngineError

ORIGIN = "https://app.encord.com"
PROGRAM = """
import json
import pulumi
from pulumi_gcp import storage

given = json.load(open("given.json"))
cors = {"methods": ["GET", "HEAD"], "origins": [given["origin"]], "max_age_seconds": 600}
bucket = storage.Bucket(
    "Images",
    location="eu",
    labels=given["labels"],
    cors=[cors],
    uniform_bucket_level_access=True,
    public_access_prevention="enforced",
    **given["more"],
)
member = "serviceAccount:" + given["email"]
condition = {
    "title": given["title"],
    "expression": bucket.name.apply(
        lambda name: f'resource.name.startsWith("projects/_/buckets/{name}/objects/{given["prefix"]}")'
    ),
}
storage.BucketIAMMember("read", bucket=bucket.name, role=given["role"], member=member, condition=condition)
storage.BucketIAMMember("make", bucket=given["existing"], role="roles/storage.objectCreator", member=member)
written = {"name": given["key"], "content": given["content"], "content_type": "text/plain"}
challenge = storage.BucketObject("challenge", bucket=given["existing"], **written)
pulumi.export("bucket", bucket.name)
pulumi.export("url", bucket.url)
pulumi.export("generation", challenge.generation)
"""
UNKNOWN_TYPE = """
from pulumi_gcp import storage
storage.BucketACL("a", bucket="b", predefined_acl="publicRead")
"""
WEAK = """
import json
import pulumi
from pulumi_gcp import Provider, storage

given = json.load(open("given.json"))
weak = Provider("weak", credentials=pulumi.Output.secret(given["key"]), project="acme-data")
storage.Bucket("images", location="EU", opts=pulumi.ResourceOptions(provider=weak))
"""
ALL = 5
"""The resources, the stack's own among them."""
MEMBER = "gcp:storage/bucketIAMMember:BucketIAMMember"
BUCKET = "gcp:storage/bucket:Bucket"
BOUND = {"bucket": "b", "role": VIEWER, "member": "user:a@acme.example"}


class GcpDeployment:
    """A project with the plugin, and the cloud behind the engine's back."""

    def __init__(self, project: Project, gcs: Gcs) -> None:
        self.project, self.gcs = project, gcs
        self.existing = gcs.make_bucket()
        gcs.grant(self.existing, role="roles/storage.objectAdmin", email=gcs.owner)
        self.given: dict[str, Any] = {
            "origin": ORIGIN,
            "labels": {"team": "vision"},
            "more": {"force_destroy": True},
            "email": gcs.email,
            "title": "encord toy/dev/read, one/two",
            "prefix": "videos/",
            "role": VIEWER,
            "existing": self.existing,
            "key": f".encord/{uuid4()}",
            "content": "never-in-the-open",
        }

    def declare(self, program: str = PROGRAM, **given: Any) -> None:
        (self.project.folder / "__main__.py").write_text(program)
        (self.project.folder / "given.json").write_text(json.dumps({**self.given, **given}))

    def bucket(self) -> str:
        return str(self.project.outputs()["bucket"])

    def resource(self) -> Any:
        return self.gcs.resource(self.bucket())

    def members(self, bucket: str) -> dict[str, list[str]]:
        """Who has which role, and with which condition."""
        return {
            f"{one['role']} {one.get('condition', {}).get('expression', '')}".rstrip(): one["members"]
            for one in self.gcs.policy(bucket)
        }

    def content(self) -> bytes | None:
        return self.gcs.get(self.existing, self.given["key"])

    def drift(self) -> None:
        """Changes by hand what is declared, and what is not."""
        self.gcs.cors(self.bucket(), [{"origin": ["https://example.com"], "method": ["GET"]}])
        self.gcs.set_policy(self.bucket())
        self.gcs.set_policy(self.existing)
        self.gcs.put(self.existing, self.given["key"], b"changed")

    def empty(self) -> bool:
        """Whether nothing of what is declared here is there, and all else is."""
        made = any(name.startswith("images-") for name in self.gcs.buckets())
        owners = [f"serviceAccount:{self.gcs.owner}"]
        untouched = self.members(self.existing) in ({}, {"roles/storage.objectAdmin": owners})
        return not made and untouched and self.gcs.objects(self.existing) == []


@pytest.fixture
def deployment(tmp_path: Path, gcs: Gcs) -> GcpDeployment:
    pytest.importorskip("pulumi_gcp")
    try:
        project = make_project(tmp_path / "project")
    except EngineError as error:
        pytest.skip(str(error))
    # Whoever else speaks to Google in there, it is not the plugin.
    project.env.update(
        GOOGLE_APPLICATION_CREDENTIALS="/nonexistent", STORAGE_EMULATOR_HOST="http://127.0.0.1:9"
    )
    project.env.update(gcp.environment(project.env, gcs))
    project.new_stack()
    return GcpDeployment(project, gcs)


def _account(deployment: GcpDeployment) -> list[str]:
    return [f"serviceAccount:{deployment.gcs.email}"]


@at_full_size
def test_drift_is_found_and_repaired_and_destroy_leaves_nothing(deployment: GcpDeployment) -> None:
    project, account = deployment.project, _account(deployment)
    deployment.declare()
    assert operations(project.preview()) == {"to create": ALL}
    assert deployment.empty()
    assert operations(project.up()) == {"created": ALL}
    project.unchanged()
    assert operations(project.refresh()) == {"unchanged": ALL}
    bucket, there = deployment.bucket(), deployment.resource()
    assert project.outputs()["url"] == f"gs://{bucket}"
    assert there["labels"] == {"team": "vision", "goog-pulumi-provisioned": "true"}
    assert there["iamConfiguration"]["publicAccessPrevention"] == "enforced"
    expression = f'resource.name.startsWith("projects/_/buckets/{bucket}/objects/videos/")'
    made = {f"{VIEWER} {expression}": account}
    assert deployment.members(bucket) == made
    assert deployment.members(deployment.existing)[CREATOR] == account
    assert deployment.content() == b"never-in-the-open"
    assert "never-in-the-open" not in json.dumps(project.export())

    deployment.drift()
    found = project.refresh()
    assert operations(found) == {"updated": 2, "deleted": 2}
    assert f'"{ORIGIN}" => "https://example.com"' in found
    assert operations(project.up()) == {"updated": 1, "replaced": 1, "created": 2}
    project.unchanged()
    assert deployment.resource()["cors"][0]["origin"] == [ORIGIN]
    assert (deployment.members(bucket), deployment.content()) == (made, b"never-in-the-open")

    deployment.gcs.delete_bucket(bucket)
    assert operations(project.refresh()) == {"deleted": 2}
    # The new bucket has a new name, which the condition holds.
    assert operations(project.up()) == {"created": 2}
    deployment.gcs.put(deployment.bucket(), "a", b"a")
    project.destroy()
    assert deployment.empty()


@at_full_size
def test_changes_are_made_in_place_where_they_can_be(deployment: GcpDeployment) -> None:
    project = deployment.project
    deployment.declare()
    project.up()
    bucket, generation = deployment.bucket(), project.outputs()["generation"]

    changed: dict[str, Any] = {
        "origin": "https://other.test",
        "labels": {"owner": "b"},
        "more": {"storage_class": "NEARLINE"},
    }
    deployment.declare(**changed)
    assert operations(project.up()) == {"updated": 1}
    there = deployment.resource()
    assert (deployment.bucket(), there["storageClass"]) == (bucket, "NEARLINE")
    assert there["labels"] == {"owner": "b", "goog-pulumi-provisioned": "true"}
    assert there["cors"][0]["origin"] == ["https://other.test"]
    assert project.outputs()["generation"] == generation

    deployment.declare(**changed, prefix="images/", content="other")
    assert operations(project.up()) == {"replaced": 2}
    (role,) = deployment.members(bucket)
    assert role.endswith('/objects/images/")')
    assert deployment.content() == b"other"
    assert project.outputs()["generation"] != generation

    deployment.declare(**{**changed, "more": {"project": deployment.gcs.project}}, role=CREATOR)
    assert operations(project.up()) == {"updated": 1, "replaced": 2}
    (role,) = deployment.members(bucket)
    assert role.startswith(f"{CREATOR} ")
    project.unchanged()
    project.destroy()
    assert deployment.empty()


@at_full_size
def test_a_binding_is_one_members_alone(deployment: GcpDeployment) -> None:
    project, gcs, existing = deployment.project, deployment.gcs, deployment.existing
    email, _ = gcs.account("beside")
    gcs.grant(existing, role=CREATOR, email=email)
    deployment.declare()
    project.up()
    both = sorted([f"serviceAccount:{email}", *_account(deployment)])
    assert deployment.members(existing)[CREATOR] == both
    project.destroy()
    assert deployment.members(existing)[CREATOR] == [f"serviceAccount:{email}"]


def test_a_type_that_it_does_not_know_is_refused(deployment: GcpDeployment) -> None:
    deployment.declare(UNKNOWN_TYPE)
    refusal = "gcp:storage/bucketACL:BucketACL is no type of the tests' stand-in"
    assert refusal in deployment.project.fail("preview")


@pytest.mark.parametrize(
    ("type_", "inputs", "refused"),
    [
        (BUCKET, {}, "location"),
        (BUCKET, {"location": "EU", "autoclass": {"enabled": True}}, "autoclass"),
        (BUCKET, {"location": "EU", "cors": [{"origin": ["*"]}]}, "cors"),
        (BUCKET, {"location": "EU", "versioning": {"on": True}}, "versioning"),
        (MEMBER, {**BOUND, "member": "a@acme.example"}, "member"),
        (MEMBER, {**BOUND, "condition": {"title": "t"}}, "condition"),
        (MEMBER, {"bucket": "b", "role": VIEWER}, "member"),
        ("gcp:storage/bucketObject:BucketObject", {"bucket": "b"}, "content"),
    ],
)
def test_inputs_that_it_does_not_know_are_refused(type_: str, inputs: dict[str, Any], refused: str) -> None:
    news = json_format.ParseDict(inputs, struct_pb2.Struct())
    urn = f"urn:pulumi:dev::toy::toy:Component${type_}::name"
    answer = Plugin(GCP).Check(pb.CheckRequest(urn=urn, news=news), None)
    assert [failure.property for failure in answer.failures] == [refused]


def test_settings_and_functions_that_it_does_not_know_are_refused() -> None:
    plugin = Plugin(GCP)
    news = json_format.ParseDict({"project": "p", "defaultLabels": "{}"}, struct_pb2.Struct())
    refused = plugin.CheckConfig(pb.CheckRequest(news=news), None).failures
    assert [failure.property for failure in refused] == ["defaultLabels"]
    token = "gcp:organizations/getProject:getProject"
    assert "is no function" in plugin.Invoke(pb.InvokeRequest(tok=token), None).failures[0].reason


def test_what_the_cloud_refuses_is_told(deployment: GcpDeployment) -> None:
    key = deployment.gcs.key_file.read_text()
    deployment.declare(WEAK, key=key)
    told = deployment.project.fail(*UP)
    assert f"googleapi: Error 403: {deployment.gcs.email} does not have storage.buckets.create access" in told
    state = json.dumps(deployment.project.export())
    assert "providers:gcp::weak" in state
    assert json.loads(key)["private_key"][40:80] not in state
