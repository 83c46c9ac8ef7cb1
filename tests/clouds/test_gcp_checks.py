"""Checks of access to Google Cloud Storage that enforces: what is right passes, and each sabotage is named.

gcp-storage-emulator keeps the data; our gateway before it judges tokens, IAM conditions, signed URLs and
CORS. Google's own words for the rest are in tests/unit/server/test_google_refusals.py.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pulumi_encord_integrations.model.policies.gcp import READER, GcpBinding, gcp_cors
from tests.clouds.test_access_checks import BROWSER, DATA, answers
from tests.support.api import Api
from tests.support.clouds.cel import LIST_PREFIX
from tests.support.clouds.gcp_customer import ORIGIN, GcpCustomer, call, trusting
from tests.support.clouds.gcs import Gcs
from tests.support.clouds.objects import CONTENT, KEYS, OUTSIDE
from tools.clouds.process import free_ports

EVERY = ["control", *DATA, *BROWSER]
PREFIXES = ["videos/"]
FEW = {"videos/plain.mp4": b"a", OUTSIDE: b"b"}
Make = Callable[..., GcpCustomer]


@pytest.fixture
def customer(local: Api, gcs: Gcs) -> Iterator[Make]:
    """Makes one as our documents say, of some prefixes unless others are given."""

    def make(prefixes: list[str] = PREFIXES, *, bucket: str = "", **more: Any) -> GcpCustomer:
        made = GcpCustomer(local, gcs, prefixes=prefixes, bucket=bucket or gcs.make_bucket(FEW), **more)
        made.open()
        return made

    with trusting(gcs):
        call(local, gcs)
        yield make


@pytest.mark.parametrize("prefixes", [[], PREFIXES, ["secret/", "videos/"]])
def test_a_bucket_as_our_documents_open_it_passes_every_check(
    customer: Make, gcs: Gcs, prefixes: list[str]
) -> None:
    made = customer(prefixes, bucket=gcs.make_bucket(CONTENT))
    assert answers(made.check()) == dict.fromkeys(EVERY, True)
    assert made.valid is True


def test_of_strict_client_only_data_the_challenge_alone_is_read(customer: Make, gcs: Gcs) -> None:
    made = customer(strictClientOnly=True)
    gcs.calls.clear()
    assert answers(made.check()) == dict.fromkeys(["control", "sign", *BROWSER], True)
    assert {(call.method, call.key) for call in gcs.asked()} == {("storage.objects.get", made.challenge_key)}


def test_over_vpn_the_network_is_not_asked(customer: Make, gcs: Gcs) -> None:
    made = customer(strictClientOnly=True, overVpn=True)
    gcs.calls.clear()
    found = made.check()
    assert answers(found) == {"control": False, **dict.fromkeys(BROWSER)}
    assert f"encord-integrations approve {made.uuid}" in found["control"]["remedy"]
    assert gcs.calls == []


def test_a_probe_of_writing_leaves_nothing_behind(customer: Make, gcs: Gcs) -> None:
    made = customer()
    made.permit(*made.bindings(writable=True))
    before, found = gcs.objects(made.bucket), made.check()
    assert (found["write"]["success"], made.valid) == (False, False)
    assert "can be written, and only reading was granted" in found["write"]["message"]
    assert "declare writable=True if it is meant" in found["write"]["remedy"]
    assert (made.check(writable=True)["write"]["success"], made.valid) == (True, True)
    assert gcs.objects(made.bucket) == before


def test_write_access_that_was_granted_is_missed_if_it_is_gone(customer: Make) -> None:
    made = customer()
    found = made.check(writable=True)
    assert (found["write"]["success"], made.valid) == (False, False)
    assert "roles/storage.objectCreator" in found["write"]["remedy"]


def test_a_name_that_no_url_can_be_signed_for_fails_nothing(customer: Make, gcs: Gcs) -> None:
    made = customer(
        bucket=gcs.make_bucket({"videos//doubled.mp4": b"a", "videos/": b"", "videos/plain": b"b"})
    )
    assert answers(made.check()) == dict.fromkeys(EVERY, True)


def test_an_empty_bucket_passes_and_says_what_was_not_tried(customer: Make, gcs: Gcs) -> None:
    made = customer(bucket=gcs.make_bucket())
    found = made.check()
    assert (found["read"]["success"], found["sign"]["success"], made.valid) == (None, None, True)
    assert "holds no object" in found["read"]["message"]


def _binding(made: GcpCustomer, *, listing: bool) -> GcpBinding:
    """Either half of the one that lists and reads."""
    objects = f'resource.name.startsWith("projects/_/buckets/{made.bucket}/objects/videos/")'
    listed = f'api.getAttribute("{LIST_PREFIX}", "").startsWith("videos/")'
    return GcpBinding(READER, "half", listed if listing else objects)


def _of_another(made: GcpCustomer) -> None:
    """The challenge of another integration that reads the same, under the key of this one."""
    other = GcpCustomer(made.api, made.gcs, bucket=made.bucket, prefixes=made.prefixes)
    made.prove(integration_id=other.uuid, challenge=other.view["challenge"])


def _cors(*origins: str, methods: tuple[str, ...] = ("GET", "HEAD")) -> Callable[[GcpCustomer], object]:
    rule = {**gcp_cors([ORIGIN])[0], "origin": list(origins), "method": list(methods)}
    return lambda made: made.gcs.cors(made.bucket, [rule])


Sabotage = tuple[Callable[[GcpCustomer], object], dict[str, bool | None], str, str]
LINE = "otherwise: printf %s "
SABOTAGES: dict[str, Sabotage] = {
    "no challenge": (
        lambda made: made.gcs.delete(made.bucket, made.challenge_key),
        {"control": False},
        "has no permission, or the challenge object does not exist",
        LINE,
    ),
    "the challenge of another integration": (
        _of_another,
        {"control": False},
        "holds another value than the challenge of this integration and its prefixes",
        LINE,
    ),
    "the challenge of other prefixes": (
        lambda made: made.prove(prefixes=["videos/", "secret/"]),
        {"control": False},
        "holds another value",
        LINE,
    ),
    "the challenge of the whole bucket": (
        lambda made: made.prove(prefixes=[]),
        {"control": False},
        "holds another value",
        LINE,
    ),
    "no bindings": (
        lambda made: made.gcs.set_policy(made.bucket),
        {"control": False},
        "may not be read: encord-reader@",
        "Let the account read that, too: `encord-integrations cloud-policy` prints the command",
    ),
    "the binding of the challenge alone": (
        lambda made: made.permit(),
        {"list": False},
        "/videos/ may not be listed: encord-reader@",
        'roles/storage.objectViewer on gs://{bucket} for what begins with "videos/"',
    ),
    "a binding for another prefix": (
        lambda made: made.permit(*made.bindings(prefixes=["images/"])),
        {"list": False},
        "/videos/ may not be listed",
        'for what begins with "videos/"',
    ),
    "permission to list alone": (
        lambda made: made.permit(_binding(made, listing=True)),
        {"read": False, "sign": False},
        "/videos/ may not be read: encord-reader@",
        'roles/storage.objectViewer on gs://{bucket} for what begins with "videos/"',
    ),
    "permission to read alone": (
        lambda made: made.permit(_binding(made, listing=False)),
        {"list": False},
        "/videos/ may not be listed",
        "roles/storage.objectViewer",
    ),
    "no CORS": (
        lambda made: made.gcs.cors(made.bucket, []),
        {"preflight": False},
        f"browsers may not read from {ORIGIN}",
        f"Add a CORS rule that allows GET and HEAD from {ORIGIN}",
    ),
    "CORS for another origin": (
        _cors("https://another.test"),
        {"preflight": False},
        f"browsers may not read from {ORIGIN}",
        "cloud-policy",
    ),
    "CORS for uploads alone": (
        _cors(ORIGIN, methods=("PUT",)),
        {"preflight": False},
        "browsers may not read",
        "GET and HEAD",
    ),
    "CORS for every origin": (
        _cors("*"),
        {"preflight_elsewhere": False},
        "any origin",
        'in place of "*"',
    ),
    "no bucket": (
        lambda made: made.gcs.delete_bucket(made.bucket),
        {"control": False},
        "gs://{bucket}/ does not exist",
        "Check the bucket's name",
    ),
}


@pytest.mark.parametrize("name", SABOTAGES)
def test_a_sabotage_is_named_with_its_remedy(customer: Make, name: str) -> None:
    sabotage, failing, message, remedy = SABOTAGES[name]
    made = customer()
    sabotage(made)
    found = made.check()
    assert {one: answer for one, answer in answers(found).items() if answer is not True} == failing
    assert made.valid is False
    first = found[next(iter(failing))]
    assert message.replace("{bucket}", made.bucket) in first["message"]
    assert remedy.replace("{bucket}", made.bucket) in first["remedy"]


def test_of_a_bucket_that_is_open_whole_a_missing_challenge_is_told_with_its_line(
    customer: Make, gcs: Gcs
) -> None:
    made = customer([])
    value = gcs.get(made.bucket, made.challenge_key)
    gcs.delete(made.bucket, made.challenge_key)
    (found,) = made.check().values()
    place = f"gs://{made.bucket}/{made.challenge_key}"
    assert (found["name"], found["success"]) == ("control", False)
    assert f"{place} does not exist" in found["message"]
    assert found["remedy"].endswith(f"printf %s {(value or b'').decode()} | gcloud storage cp - {place}")
    assert made.valid is False


def test_one_bucket_without_control_hides_nothing_of_the_other(customer: Make, gcs: Gcs) -> None:
    made = customer([], buckets=[{"name": name} for name in (gcs.make_bucket({"a": b"a"}), "acme-none")])
    made.bucket = made.view["buckets"][0]["name"]
    made.open()
    found = made.check()
    assert answers(found) == {**dict.fromkeys(EVERY, True), "control": False}
    assert "gs://acme-none/ does not exist" in found["control"]["message"]


def test_an_endpoint_that_nobody_listens_on_cannot_be_told(customer: Make, local: Api, gcs: Gcs) -> None:
    made = customer()
    call(local, gcs, endpoint=f"https://127.0.0.1:{free_ports(1)[0]}")
    (found,) = made.check().values()
    assert (found["name"], found["success"], made.valid) == ("control", None, None)
    assert "the API cannot reach Google" in found["message"]
    assert "Check the API host's network connection to Google" in found["remedy"]


def test_an_outage_cannot_be_told(customer: Make, gcs: Gcs) -> None:
    made = customer()
    assert made.check()["control"]["success"] is True
    gcs.down()
    (found,) = made.check().values()
    assert (found["success"], made.valid, found["remedy"]) == (None, None, "Ask again later")
    assert "Cloud Storage answered 503" in found["message"]


def test_a_key_that_google_does_not_know_is_named(
    customer: Make, local: Api, gcs: Gcs, tmp_path: Path
) -> None:
    made, ended = customer(), tmp_path / "ended.json"
    other = json.loads(gcs.owner_key_file.read_text())["private_key"]
    ended.touch(0o600)
    ended.write_text(json.dumps({**json.loads(gcs.key_file.read_text()), "private_key": other}))
    call(local, gcs, key_file=ended)
    (found,) = made.check().values()
    assert (found["name"], found["success"], made.valid) == ("control", None, None)
    assert "Google does not take the API's own credentials" in found["message"]
    assert "ENCORD_GCP_SERVICE_ACCOUNT_KEY_FILE" in found["remedy"]
    assert other[40:80] not in json.dumps(found)
    assert made.sign(KEYS[0]).refusal == (409, "control_unproven")
