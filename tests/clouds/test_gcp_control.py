"""The confused deputy on Google Cloud Storage: a bucket gives nothing to those who only declare it.

The API's service account may read it, whoever asks for that. Another member of the owner's organization and
another organization declare the bucket as theirs. Every request that the API makes is counted at the gateway
before gcp-storage-emulator.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.api import CREATOR, FOREIGNER, INTEGRATIONS, OUTSIDER, Api, served
from tests.support.clouds.gcp_customer import GcpCustomer, call, trusting
from tests.support.clouds.gcp_project import GcpProject
from tests.support.clouds.gcs import Gcs
from tests.support.command import key_file
from tests.support.control import aged
from tests.support.engine import make_project
from tests.support.size import at_full_size
from tools.engine import EngineError

KEY = "videos/plain.mp4"
DAY, WEEK = timedelta(days=1), timedelta(days=7)
THIEVES = [OUTSIDER, FOREIGNER]
"""Another member of the organization, and an admin of another."""
OPEN = ["videos/"]
PROGRAM = """
from pulumi_encord_integrations.components import GcpEncordIntegration

bucket = {"name": "ACME-new", "create": True, "location": "EU"}
GcpEncordIntegration("research", {"title": "Research", "retry_for": "5s", "buckets": [bucket]})
"""


@pytest.fixture
def api(local: Api, gcs: Gcs) -> Iterator[Api]:
    """Reads buckets as the service account."""
    with trusting(gcs):
        call(local, gcs)
        yield local


@pytest.fixture
def google(api: Api, gcs: Gcs, tmp_path: Path) -> Iterator[GcpProject]:
    """A project of the admin's, whose API is served."""
    pytest.importorskip("pulumi_gcp", reason="Pulumi's SDK for GCP is not installed: the extra gcp")
    unset = dict.fromkeys(["database", "user", "appOrigins", *gcs.settings()])
    with served(api.app) as endpoint:
        try:
            project = make_project(tmp_path / "project")
            key = key_file(tmp_path, api.keys[CREATOR])
            yield GcpProject(project, gcs, **{**unset, "endpoint": endpoint, "sshKeyFile": key})
        except EngineError as error:
            pytest.skip(f"no pulumi: {error}")


def nothing_is_given(thief: GcpCustomer, reason: str) -> None:
    """No URL, no listing: the challenge object alone is asked for, and the answer says that it is missing."""
    place = f"gs://{thief.bucket}/{thief.challenge_key}"
    thief.gcs.calls.clear()
    refused = thief.sign(KEY)
    assert (refused.refusal, refused.body.keys() & {"results"}) == ((409, "control_unproven"), set())
    assert reason in refused.body["message"]
    assert f"| gcloud storage cp - {place}" in refused.body["hint"]
    (found,) = thief.check().values()
    assert (found["name"], found["success"], thief.valid) == ("control", False, False)
    asked = {(one.method, f"gs://{one.bucket}/{one.key}") for one in thief.gcs.calls}
    assert asked == {("storage.objects.get", place)}


def test_a_bucket_that_a_component_opened_gives_nothing_to_others_who_declare_it(
    google: GcpProject, api: Api
) -> None:
    gcs, bucket = google.gcs, f"{google.name}-new"
    google.declare(PROGRAM)
    google.project.up()
    (view,) = api.send(path=f"{INTEGRATIONS}/search").body["results"]
    gcs.put(bucket, KEY, b"data")
    owner = GcpCustomer(api, gcs, bucket=bucket, view=view)
    value = gcs.get(bucket, owner.challenge_key) or b""
    for who in THIEVES:
        thief = GcpCustomer(api, gcs, bucket=bucket, who=who)
        nothing_is_given(thief, f"gs://{bucket}/{thief.challenge_key} does not exist")
        gcs.put(bucket, thief.challenge_key, value)
        nothing_is_given(thief, "holds another value than the challenge of this integration")
        gcs.delete(bucket, thief.challenge_key)
    assert (owner.sign(KEY).status, owner.check()["control"]["success"]) == (200, True)


@pytest.mark.parametrize("prefixes", [[], OPEN, ["videos/", "secret/"]], ids=str)
@pytest.mark.parametrize("who", THIEVES)
def test_a_prefix_that_is_open_gives_nothing_to_others_who_declare_it(
    api: Api, gcs: Gcs, who: str, prefixes: list[str]
) -> None:
    owner = GcpCustomer(api, gcs, prefixes=OPEN)
    owner.open()
    thief = GcpCustomer(api, gcs, bucket=owner.bucket, prefixes=prefixes, who=who)
    nothing_is_given(thief, "has no permission, or the challenge object does not exist")
    owner.prove(thief.challenge_key)
    nothing_is_given(thief, "has no permission, or the challenge object does not exist")
    assert owner.sign().status == 200


def test_without_its_object_a_proof_ends(api: Api, gcs: Gcs) -> None:
    owner = GcpCustomer(api, gcs, prefixes=OPEN)
    owner.open()
    assert owner.sign().status == 200
    gcs.delete(owner.bucket, owner.challenge_key)
    assert owner.sign().status == 200, "within a day it is not asked for again"
    aged(api, owner.view, DAY)
    assert owner.sign().refusal == (409, "control_unproven")
    owner.prove()
    assert owner.sign().status == 200
    gcs.delete_bucket(owner.bucket)
    assert owner.check()["control"]["success"] is False
    assert owner.sign().refusal == (409, "control_unproven")


@pytest.mark.parametrize(
    "hang", [pytest.param(False, id="503"), pytest.param(True, id="nobody answers", marks=at_full_size)]
)
def test_while_google_is_down_a_proof_stays_for_a_week(api: Api, gcs: Gcs, hang: bool) -> None:
    owner = GcpCustomer(api, gcs, prefixes=OPEN)
    owner.open()
    assert owner.sign().status == 200
    gcs.delete(owner.bucket, owner.challenge_key)
    gcs.down(hang=hang)
    aged(api, owner.view, WEEK - timedelta(hours=1))
    assert owner.sign().status == 200
    aged(api, owner.view, timedelta(hours=2))
    assert owner.sign().refusal == (409, "control_unproven")
