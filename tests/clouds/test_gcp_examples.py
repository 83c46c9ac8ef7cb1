"""The examples that open buckets of Google Cloud Storage live their whole life, unchanged, on our gateway.

What a reader would write into `Pulumi.yaml` or type is configured: names, the app's origin, the key's file,
how long to wait, and where Cloud Storage is.
"""

import json
from collections.abc import Mapping

from pulumi_encord_integrations.model.policies.gcp import gcp_cors
from tests.support.clouds.gcp_customer import ORIGIN
from tests.support.clouds.gcp_project import GcpProject
from tests.support.examples import ON_GCP, commands, place

NEW, EXISTING = ON_GCP
ACCOUNT = "encord:gcpServiceAccount"


def configure(google: GcpProject, settings: Mapping[str, str]) -> None:
    """Sets what a reader sets: all that the README asks for, and what is another on our gateway."""
    project = google.project
    own = {f"encord:{name}": value for name, value in google.gcs.settings().items()}
    given = {"gcp:project": google.gcs.project, "encord:appOrigins": ORIGIN, **own, **settings}
    assert {command[2] for command in commands(project.folder, "config set")} <= given.keys()
    words = [word for key, value in given.items() for word in ("--plaintext", f"{key}={value}")]
    project.succeed("config", "set-all", *words)


def test_the_example_of_a_new_bucket(google: GcpProject) -> None:
    project, gcs = google.project, google.gcs
    place(NEW, project)
    configure(google, {"bucket": google.name})
    project.up()
    assert project.outputs() == {"service_account": gcs.email, "valid": True}
    assert google.members() == {"mia@example.com"}
    made = gcs.resource(google.name)
    assert (made["location"], made["cors"]) == ("EU", gcp_cors([ORIGIN]))
    project.unchanged()
    project.destroy()
    assert (google.left(), project.export()) == (set(), [])


def test_the_example_of_a_bucket_that_exists(google: GcpProject) -> None:
    project, gcs, key = google.project, google.gcs, "footage/2026/a.mp4"
    bucket = google.bucket("drones", key, "footage/2025/a.mp4")
    owned = gcs.resource(bucket)["cors"]
    place(EXISTING, project)
    configure(google, {"bucket": bucket, "retryFor": "5s"})
    nobody_is_let_in_where_the_api_names_nobody(google)
    project.up("--refresh", "--run-program")
    outputs = project.outputs()
    assert {one["name"] for one in outputs["checks"] if one["success"]} >= {"control", "list", "preflight"}
    assert len(json.loads(outputs["bindings"])[bucket]) == len(gcs.policy(bucket)) == 2
    assert json.loads(outputs["cors_rules"]) == gcp_cors([ORIGIN])
    assert list(google.signed(bucket, key)) == [key]
    (group,) = google.members()
    assert group.startswith("group:")
    project.unchanged()
    project.destroy()
    assert (gcs.policy(bucket), gcs.objects(bucket)) == ([], ["footage/2025/a.mp4", key])
    assert gcs.resource(bucket)["cors"] == owned


def nobody_is_let_in_where_the_api_names_nobody(google: GcpProject) -> None:
    """And the error says how to go on."""
    project = google.project
    project.succeed("config", "rm", ACCOUNT)
    said = project.fail("up", "--yes", "--skip-preview")
    assert f"set {ACCOUNT} where it runs, then `pulumi up --refresh --run-program`" in said
    assert google.members() == set()
    project.succeed("config", "set", ACCOUNT, google.gcs.email)
