"""The page's flow for GCP in one `pulumi up`, from an empty project: by the real engine and SDK.

A stand-in for the provider's plugin makes the resources (tests/support/cloud_plugins/gcp), in
gcp-storage-emulator behind a gateway of ours, which enforces IAM conditions, tokens, signed URLs and CORS.
The tests then act as the service account that reads the data. What no server here can enforce is in the
docstring of tests/support/clouds/gcs.py.
"""

from collections.abc import Callable
from typing import Any

import pytest
from google.api_core.exceptions import Forbidden

from pulumi_encord_integrations.client.errors import Refused
from tests.support.clouds.gcp_customer import ORIGIN
from tests.support.clouds.gcp_project import Anonymous, GcpProject, plain
from tests.support.clouds.gcs import VIEWER
from tests.support.clouds.objects import KEYS
from tests.support.engine import operations
from tests.support.size import at_full_size
from tests.support.tiers import TOLD

NOT_ENFORCED = (
    "gcp-storage-emulator behind our gateway does not enforce keys of Cloud KMS, organization policies, "
    "object ACLs and quotas, and heeds a change of a policy at once"
)
STRANGER, MIA = "https://another.test", "mia@example.com"
HEADER = """
import pulumi
from pulumi_encord_integrations import IntegrationMember, OrganizationUser
from pulumi_encord_integrations.components import GcpEncordIntegration

"""
ONE = """
mia = OrganizationUser("mia", email="mia@example.com", role="MEMBER", member_type="internal")
args = {"title": "Research video", "retry_for": "5s", **ARGS}
research = GcpEncordIntegration("research", args)
IntegrationMember("mia-researches", integration=research.integration, user=mia, role="user")
pulumi.export("account", research.service_account_email)
pulumi.export("valid", research.valid)
"""


def one(buckets: list[dict[str, Any]], program: str = ONE, **args: Any) -> str:
    """A program of one resource, with a member."""
    return HEADER + program.replace("ARGS", repr({"buckets": buckets, **args}))


def denied(ask: Callable[[], Any]) -> bool:
    """Whether it is refused for want of a permission; any other error is one."""
    try:
        ask()
    except Forbidden:
        return True
    return False


def reads(google: GcpProject, bucket: str, key: str) -> bool:
    """Whether the service account may, by its own client."""
    there = google.gcs.client(google.gcs.key_file).bucket(bucket)
    return not denied(lambda: there.blob(key).download_as_bytes(retry=None))


def lists(google: GcpProject, bucket: str, prefix: str = "") -> bool:
    client = google.gcs.client(google.gcs.key_file)
    return not denied(lambda: list(client.list_blobs(bucket, prefix=prefix or None, retry=None)))


def writes(google: GcpProject, bucket: str, key: str) -> bool:
    there = google.gcs.client(google.gcs.key_file).bucket(bucket)
    return not denied(lambda: there.blob(key).upload_from_string(b"new", retry=None))


def test_all_comes_in_one_up_and_goes_in_one_destroy_by_bodies_that_googles_discovery_document_knows(
    google: GcpProject, record_property: Callable[[str, object], None]
) -> None:
    record_property(TOLD, NOT_ENFORCED)
    project, gcs, bucket = google.project, google.gcs, f"{google.name}-new"
    google.declare(one([{"name": bucket, "create": True, "location": "EU"}]))
    planned = project.preview()
    assert (google.left(), VIEWER in planned, "resource.name.startsWith" in planned) == (set(), True, True)
    with Anonymous(gcs, bucket) as anonymous:
        project.up()
    assert project.outputs() == {"account": gcs.email, "valid": True}
    assert {404, 401} <= set(anonymous.statuses)
    assert google.members() == {MIA}
    project.unchanged()
    google.declare(one([{"name": bucket, "create": True, "location": "EU"}], title="Renamed"))
    assert operations(project.preview()) == {"to update": 1}
    (challenge,) = gcs.objects(bucket)
    as_the_service_sees_it(google, bucket)
    assert anonymous.refused(challenge, *KEYS)
    assert operations(project.refresh()).keys() <= {"unchanged"}
    for key in KEYS:
        gcs.delete(bucket, key)
    project.destroy()
    assert (google.left(), anonymous.refused()) == (set(), True)
    sent = {call.method for call in gcs.calls if call.who == gcs.owner}
    assert {
        f"storage.{name}" for name in ("buckets.insert", "buckets.setIamPolicy", "objects.insert")
    } <= sent
    gcs.settle()


def as_the_service_sees_it(google: GcpProject, bucket: str) -> None:
    gcs, other = google.gcs, google.bucket("other", "secret")
    for key in KEYS:
        gcs.put(bucket, key, key.encode())
    urls = google.signed(bucket, *KEYS)
    assert {key: plain(gcs, url).content.decode() for key, url in urls.items()} == {key: key for key in KEYS}
    unsigned = urls[KEYS[0]].partition("?")[0]
    answers = [
        google.preflight(unsigned, *how) for how in ((ORIGIN,), (ORIGIN, "PUT"), (STRANGER,), ("null",))
    ]
    assert answers == [True, False, False, False]
    assert (lists(google, bucket), writes(google, bucket, "new")) == (True, False)
    there = gcs.client(gcs.key_file).bucket(bucket)
    assert denied(lambda: there.blob(KEYS[0]).delete(retry=None))
    assert denied(lambda: there.get_iam_policy(retry=None))
    assert denied(lambda: there.patch(retry=None))
    assert (lists(google, other), reads(google, other, "secret")) == (False, False)
    settings = gcs.resource(bucket)["iamConfiguration"]
    assert settings["publicAccessPrevention"] == "enforced"
    assert settings["uniformBucketLevelAccess"]["enabled"] is True
    gcs.delete_bucket(other)


TWO = """
def integration(name, **more):
    return GcpEncordIntegration(name, {"title": name, "retry_for": "1s", **more})

integration("part", buckets=[{"name": "ACME-raw", "prefixes": PREFIXES}], **MORE)
if WHOLE:
    integration("whole", buckets=[{"name": "ACME-raw"}])
"""


def two(*prefixes: str, whole: bool = False, **more: Any) -> str:
    """A program of one integration of some prefixes, and maybe one of the whole bucket."""
    program = HEADER + TWO
    for name, value in {"PREFIXES": [*prefixes], "WHOLE": whole, "MORE": more}.items():
        program = program.replace(name, repr(value))
    return program


def test_two_integrations_of_one_bucket_take_nothing_from_each_other(google: GcpProject) -> None:
    project, gcs, keys = google.project, google.gcs, ["maps/a", "secret/a", "videos/a"]
    bucket = google.bucket("raw", *keys)
    rules = gcs.resource(bucket)["cors"]
    google.declare(two("videos/", whole=True))
    with Anonymous(gcs, bucket, *keys) as anonymous:
        project.up()
    before = google.conditions(bucket)
    assert before.keys() == {"part-access", "part-access challenge", "whole-access"}
    assert len(gcs.objects(bucket)) == len(keys) + 2
    google.declare(two("videos/"))
    project.up()
    (uuid,) = project.living()
    del before["whole-access"]
    assert google.conditions(bucket) == before
    assert gcs.objects(bucket) == [f".encord/{uuid}", *keys]
    assert [lists(google, bucket, prefix) for prefix in ("videos/", "maps/", "secret/", "")] == [
        True, False, False, False
    ]  # fmt: skip
    assert [reads(google, bucket, key) for key in keys] == [False, False, True]
    prefixes_and_writing_follow_the_program(google, bucket)
    project.destroy()
    assert (gcs.policy(bucket), gcs.objects(bucket)) == ([], keys)
    assert gcs.resource(bucket)["cors"] == rules
    assert anonymous.refused()


def prefixes_and_writing_follow_the_program(google: GcpProject, bucket: str) -> None:
    """Prefixes and `writable` are added, and taken away."""
    google.declare(two("videos/", "maps/", writable=True))
    google.project.up()
    assert plain(google.gcs, google.signed(bucket, "maps/a")["maps/a"]).content == b"data"
    assert [reads(google, bucket, key) for key in ("maps/a", "secret/a", "videos/a")] == [True, False, True]
    assert [writes(google, bucket, key) for key in ("maps/b", "maps/a", "secret/b")] == [True, False, False]
    google.gcs.delete(bucket, "maps/b")
    google.declare(two("maps/"))
    google.project.up()
    google.project.unchanged()
    assert [reads(google, bucket, key) for key in ("maps/a", "videos/a")] == [True, False]
    assert (lists(google, bucket, "videos/"), writes(google, bucket, "maps/b")) == (False, False)
    with pytest.raises(Refused, match="outside the integration's prefixes"):
        google.signed(bucket, "videos/a")


SABOTAGED = """
def sabotage(args):
    if args.type_ == "gcp:storage/bucketIAMMember:BucketIAMMember" and args.name.endswith("-read"):
        condition = {**args.props["condition"], "expression": 'resource.name == "projects/_/buckets/another"'}
        return pulumi.ResourceTransformResult({**args.props, "condition": condition}, args.opts)
"""
BEHIND = ONE.replace("args)\n", "args, pulumi.ResourceOptions(transforms=[sabotage]))\n").replace("5s", "1s")


def test_nobody_is_let_in_behind_a_sabotaged_binding_and_the_next_up_repairs_it(google: GcpProject) -> None:
    project, bucket = google.project, google.bucket("raw", "videos/a")
    buckets = [{"name": bucket, "prefixes": ["videos/"]}]
    google.declare(one(buckets, SABOTAGED + BEHIND))
    said = project.fail("up", "--yes", "--skip-preview")
    assert f"list: gs://{bucket}/videos/ may not be listed: {google.gcs.email} has no permission" in said
    assert f'{VIEWER} on gs://{bucket} for what begins with "videos/"' in said
    assert google.members() == set()
    google.declare(one(buckets))
    project.up()
    assert google.members() == {MIA}


@at_full_size
def test_what_somebody_changed_by_hand_shows_and_is_repaired(google: GcpProject) -> None:
    project, gcs, bucket = google.project, google.gcs, google.bucket("raw", "videos/a")
    google.declare(one([{"name": bucket, "prefixes": ["videos/"]}]))
    project.up()
    (challenge, _), made = gcs.objects(bucket), google.conditions(bucket)
    value = gcs.get(bucket, challenge)
    gcs.set_policy(bucket)
    gcs.put(bucket, challenge, b"changed")
    assert operations(project.refresh()).keys() <= {"deleted", "updated"}
    project.up()
    assert (google.conditions(bucket), gcs.get(bucket, challenge)) == (made, value)
    assert google.members() == {MIA}
    project.unchanged()


@at_full_size
def test_a_check_that_fails_later_takes_nobodys_access(google: GcpProject) -> None:
    project, bucket = google.project, google.bucket("raw", "a")
    google.declare(one([{"name": bucket}]))
    project.up()
    google.gcs.cors(bucket, [])
    google.declare(one([{"name": bucket}], signed_url_expiry="1h"))
    said = project.fail("up", "--yes", "--skip-preview")
    assert f"Add a CORS rule that allows GET and HEAD from {ORIGIN}" in said
    assert google.members() == {MIA}
    google.declare(one([{"name": bucket}], signed_url_expiry="1h", require_access=False))
    assert "warning: preflight: " in project.up()
    assert google.members() == {MIA}
