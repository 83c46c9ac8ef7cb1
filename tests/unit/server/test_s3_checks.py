"""What is asked of buckets, and what is made of the answers of storage that does not behave."""

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pulumi_encord_integrations.model.access_checks import AccessCheckRequest
from pulumi_encord_integrations.model.scenarios import Reach
from pulumi_encord_integrations.server.clouds import bucket_checks, findings, s3
from pulumi_encord_integrations.server.clouds.adapter import StoredIntegration
from pulumi_encord_integrations.server.clouds.browser import Browser
from pulumi_encord_integrations.server.clouds.bucket_checks import MAX_TARGETS
from pulumi_encord_integrations.server.clouds.key_pairs import KeyPair
from pulumi_encord_integrations.server.clouds.outbound import Answer, Outbound
from pulumi_encord_integrations.server.clouds.s3 import BucketEndpoint, Keys
from pulumi_encord_integrations.server.clouds.s3_refusals import Grants
from pulumi_encord_integrations.server.clouds.s3_storage import S3Storage
from tests.support.fake_s3 import Asked, FakeS3, Reply, refused, serving
from tests.unit.server.test_s3 import KEYS, SECRET, verified

LOOPBACK = (ip_network("127.0.0.0/8"),)
APP = "https://app.test"
DATA = ["list", "read", "sign", "write"]
CORS = ["preflight", "preflight_elsewhere"]
Buckets = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Guard(Outbound):
    """Notes what passes, and waits for less long."""

    seconds: float = 5
    passed: list[str] = field(default_factory=list)

    def request(self, method: str, url: str, *given: Any, seconds: float = 0, **more: Any) -> Answer:
        self.passed.append(f"{method} {url}")
        return super().request(method, url, *given, seconds=self.seconds, **more)


@pytest.fixture
def storage() -> Iterator[FakeS3]:
    with serving(FakeS3({"videos/a.mp4": b"film"}, origins=[APP])) as made:
        yield made


@pytest.fixture
def guard() -> Guard:
    return Guard(LOOPBACK)


def integration(storage: FakeS3, buckets: Buckets, *, strict: bool = False) -> StoredIntegration:
    listed = [{"name": name, "prefixes": prefixes} for name, prefixes in buckets.items()]
    settings = {"access_key_id": KEYS.access_key_id, "endpoint": storage.address, "buckets": listed}
    secret = SimpleNamespace(get_secret_value=lambda: SECRET)
    spec = SimpleNamespace(reach=Reach("S3_COMPATIBLE", strict), secret_access_key=secret)
    return StoredIntegration("S3_COMPATIBLE", "t", "e", settings, spec, "u", buckets)


def checked(
    storage: FakeS3, guard: Outbound, buckets: Buckets | None = None, *, strict: bool = False, **asked: Any
) -> dict[str, Any]:
    """Name -> what was found."""
    one = integration(storage, {"acme": ["videos/"]} if buckets is None else buckets, strict=strict)
    found = KeyPair(Browser(guard, [APP])).check(one, AccessCheckRequest(**asked))
    return {check.name: check for check in found.checks}


def answers(found: Mapping[str, Any]) -> dict[str, bool | None]:
    return {name: check.success for name, check in found.items()}


def read(storage: FakeS3) -> list[Any]:
    """Requests for objects; whether other pages may read is asked of one that is not there."""
    return [one for one in storage.asked("GET") if not one.lists and "access-check" not in one.path]


def test_what_is_well_passes_and_every_request_goes_through_the_guard(storage: FakeS3, guard: Guard) -> None:
    assert answers(checked(storage, guard)) == dict.fromkeys([*DATA, *CORS], True)
    assert len(guard.passed) == len(storage.requests) == 7
    assert {one.method for one in storage.requests} == {"GET", "PUT", "OPTIONS"}


def test_of_strict_client_only_data_the_storage_is_asked_for_cors_alone(
    storage: FakeS3, guard: Guard
) -> None:
    assert answers(checked(storage, guard, strict=True)) == dict.fromkeys(["sign", *CORS], True)
    assert {one.method for one in storage.requests} == {"OPTIONS"}


def test_preflights_carry_neither_signature_nor_query(storage: FakeS3, guard: Guard) -> None:
    checked(storage, guard)
    (target,) = {one.target for one in storage.asked("OPTIONS")}
    assert re.fullmatch(r"/acme/encord-access-check-[0-9a-f]{16}", target)


ODD = ["videos/\u65e5\u672c\U0001f3a5.mp4", "videos/a b+c%20.mp4", "videos//two.mp4"]


def test_the_oddest_names_are_signed_and_fetched_beside_the_first(storage: FakeS3, guard: Guard) -> None:
    plain = {f"videos/{n:03}.mp4": b"x" for n in range(90)}
    storage.objects = {**plain, "videos/what?&#'.mp4": b"x", **dict.fromkeys(ODD[:2], b"x")}
    assert checked(storage, guard)["sign"].success is True
    first, *odd = [one.path for one in storage.fetched()]
    assert first == "/acme/videos/000.mp4"
    assert set(odd) == {f"/acme/{key}" for key in ["videos/what?&#'.mp4", *ODD[:2]]}


HARD = [*ODD, "videos/line\nfeed.mp4", "videos/100%.mp4", "videos/a%2Fb.mp4", "videos/\x1b[31m.mp4",
        "videos/./dots/../x.mp4", "videos/cr\rlf\n.mp4", "videos/~(x)!$,;=@'*.mp4"]  # fmt: skip


@pytest.mark.parametrize("key", HARD, ids=ascii)
def test_every_name_that_s3_allows_is_fetched_as_itself(storage: FakeS3, guard: Guard, key: str) -> None:
    storage.objects = {key: b"x"}
    assert answers(checked(storage, guard)) == dict.fromkeys([*DATA, *CORS], True)
    assert {one.path for one in read(storage)} == {f"/acme/{key}"}
    assert all(verified(f"{storage.address}{one.target}") for one in storage.fetched())


@pytest.mark.parametrize("key", HARD, ids=ascii)
def test_a_name_is_told_in_one_line_that_steers_no_terminal(storage: FakeS3, guard: Guard, key: str) -> None:
    storage.objects = {key: b"x"}
    storage.special = lambda asked: refused("AccessDenied") if "X-Amz-Signature" in asked.query else None
    found = checked(storage, guard)["sign"]
    assert found.success is False
    assert found.message.isprintable()
    assert "Allow" not in found.remedy
    assert found.remedy.endswith("s3:GetObject on arn:aws:s3:::acme/videos/*")


def test_a_folder_marker_is_not_read(storage: FakeS3, guard: Guard) -> None:
    storage.objects = {"videos/": b"", "videos/sub/": b"", "videos/sub/a.mp4": b"x"}
    assert checked(storage, guard)["read"].success is True
    assert {one.path for one in read(storage)} == {"/acme/videos/sub/a.mp4"}


@pytest.mark.parametrize("objects", [{}, {"videos/": b""}, {"other/a.mp4": b"x"}])
def test_where_nothing_can_be_read_that_is_said_and_nothing_fails(
    storage: FakeS3, guard: Guard, objects: dict[str, bytes]
) -> None:
    storage.objects = objects
    found = checked(storage, guard)
    assert answers(found) == {**dict.fromkeys([*DATA, *CORS], True), "read": None, "sign": None}
    assert not found["read"].required
    assert "s3://acme/videos/ holds no object" in found["sign"].message


def test_an_empty_object_can_be_read_though_it_has_no_first_byte(storage: FakeS3, guard: Guard) -> None:
    storage.objects = {"videos/empty": b""}
    assert answers(checked(storage, guard)) == dict.fromkeys([*DATA, *CORS], True)


class Reader:
    """A client that may list and not write, and says what it was asked for."""

    def __init__(self) -> None:
        self.listed: list[tuple[str, str]] = []

    def list_objects_v2(self, **given: Any) -> Any:
        self.listed.append((given["Bucket"], given["Prefix"]))
        return {}

    def put_object(self, **_given: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "PutObject")


def asked_for(buckets: Buckets) -> tuple[Reader, dict[str, Any]]:
    reader: Any = Reader()
    made = S3Storage(
        lambda _bucket: reader,
        lambda objects: ["x"] * len(objects),
        Grants(True),
        Browser(Outbound(), []),
        "probe",
    )
    one = integration(FakeS3(), buckets)
    found = bucket_checks.checks(made, one, buckets, AccessCheckRequest())
    return reader, {check.name: check for check in found}


def prefixes(count: int) -> list[str]:
    return [f"{n}/" for n in range(count)]


MANY: list[tuple[Buckets, int, str]] = [
    ({"a": prefixes(200)}, 200, "every bucket and prefix can be listed"),
    ({"a": prefixes(201)}, 200, "200 of 201 prefixes were asked for"),
    ({"a": prefixes(1_000), "b": prefixes(1_000), "c": []}, 200, "200 of 2,001 prefixes were asked for"),
    ({f"b{n}": prefixes(3) for n in range(100)}, 200, "200 of 300 prefixes were asked for"),
    ({f"b{n}": [] for n in range(100)}, 100, "every bucket and prefix can be listed"),
]


@pytest.mark.parametrize(("buckets", "count", "message"), MANY)
def test_of_many_prefixes_each_bucket_s_first_is_asked_for_and_the_cut_is_told(
    buckets: Buckets, count: int, message: str
) -> None:
    reader, found = asked_for(buckets)
    assert len(set(reader.listed)) == len(reader.listed) == count <= MAX_TARGETS
    assert {(name, (found or [""])[0]) for name, found in buckets.items()} <= set(reader.listed)
    assert message in found["list"].message


@pytest.mark.parametrize(("writable", "success"), [(False, False), (True, True)])
def test_a_probe_that_is_stored_is_deleted_again_and_counts_as_written(
    storage: FakeS3, guard: Guard, writable: bool, success: bool
) -> None:
    storage.writable, storage.knows_digests = True, False
    assert checked(storage, guard, writable=writable)["write"].success is success
    (put,), (deleted,) = storage.asked("PUT"), storage.asked("DELETE")
    assert put.path == deleted.path
    assert set(storage.objects) == {"videos/a.mp4"}


@pytest.mark.parametrize(("writable", "success"), [(False, False), (True, None)])
def test_a_probe_that_cannot_be_deleted_counts_as_written_all_the_same(
    storage: FakeS3, guard: Guard, writable: bool, success: bool
) -> None:
    storage.writable, storage.knows_digests, storage.deletable = True, False, False
    found = checked(storage, guard, writable=writable)["write"]
    assert (found.success, found.required) == (success, success is False)
    assert "was stored, and cannot be deleted" in found.message


def test_a_write_that_only_its_encryption_stops_counts_as_allowed(storage: FakeS3, guard: Guard) -> None:
    said = "User is not authorized to perform: kms:GenerateDataKey on the resource"
    body = f"<Error><Code>AccessDenied</Code><Message>{said}</Message></Error>".encode()
    storage.special = lambda asked: (403, {}, body) if asked.method == "PUT" else None
    found = checked(storage, guard)["write"]
    assert (found.success, "only reading was granted" in found.message) == (False, True)
    assert "kms:GenerateDataKey" in checked(storage, guard, writable=True)["write"].remedy


def test_a_digest_that_is_refused_stores_nothing_and_counts_as_written(storage: FakeS3, guard: Guard) -> None:
    storage.writable = True
    assert checked(storage, guard)["write"].message == (
        "s3://acme/videos/ can be written, and only reading was granted"
    )
    assert checked(storage, guard, writable=True)["write"].success is True
    assert set(storage.objects) == {"videos/a.mp4"}
    assert storage.asked("DELETE") == []


def test_storage_that_hangs_is_given_up_and_what_was_not_asked_is_said(
    storage: FakeS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "DEADLINE_SECONDS", 0.2)
    over = threading.Event()
    storage.special = lambda _asked: None if over.wait(30) else refused("Late")
    found = checked(storage, Guard(LOOPBACK, seconds=0.3), {"acme": prefixes(30)})
    over.set()
    assert answers(found) == dict.fromkeys([*DATA, *CORS])
    assert "did not answer within 0.3 seconds" in found["list"].message
    assert "time did not suffice for s3://" in found["write"].message
    assert len(storage.requests) <= 10


def test_what_was_not_asked_of_strict_client_only_data_is_said_too(
    storage: FakeS3, guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "DEADLINE_SECONDS", -1)
    assert answers(checked(storage, guard, strict=True)) == dict.fromkeys(["sign", *CORS])
    assert storage.requests == []


def listing(body: bytes) -> Any:
    return lambda asked: (200, {}, body) if asked.lists else None


LAUGHS = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
BOMBS = {
    "a billion laughs": f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]><ListBucketResult>&l9;</ListBucketResult>',
    "an entity of a file": '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><ListBucketResult>'
    "<Contents><Key>&f;</Key></Contents></ListBucketResult>",
    "deep": "<a>" * 300_000,
    "a page": "<!doctype html><html><body><p>Console</body></html>",
    "JSON": '{"Contents": []}',
    "no text": "\x00\x01",
}  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS)
def test_an_answer_that_is_no_listing_hurts_nobody(storage: FakeS3, guard: Guard, bomb: str) -> None:
    storage.special = listing(BOMBS[bomb].encode())
    found = checked(storage, guard)["list"]
    assert (found.success, found.required) == (None, True)
    assert found.message == "s3://acme/videos/: the storage answered 500"
    assert found.remedy.startswith("Check that the endpoint is the one for S3's protocol")


def test_of_an_answer_without_end_only_the_beginning_is_read(storage: FakeS3, guard: Guard) -> None:
    row = b"<Contents><Key>videos/a.mp4</Key></Contents>"
    storage.special = listing(b"<ListBucketResult>" + row * (100_000_000 // len(row)))
    assert checked(storage, guard)["list"].success is None
    assert storage.sent < 30_000_000


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(storage: FakeS3, guard: Guard, status: int) -> None:
    with serving(FakeS3()) as metadata:
        where = f"{metadata.address}/latest/meta-data/iam/security-credentials/"
        storage.special = lambda _asked: (status, {"Location": where}, b"")
        found = checked(storage, guard)
    assert metadata.requests == []
    assert not any(answers(found)[name] for name in ("list", "write", "preflight"))


def elsewhere(asked: Asked) -> Reply | None:
    """As S3 answers in the region of another bucket."""
    redirected = refused("PermanentRedirect", 301, **{"x-amz-bucket-region": "eu-west-1"})
    return None if "eu-west-1" in asked.headers.get("authorization", "") else redirected


def test_a_bucket_in_another_region_is_told_as_signing_would_find_it(storage: FakeS3, guard: Guard) -> None:
    storage.special = elsewhere
    found = checked(storage, guard)["list"]
    assert (found.success, found.remedy) == (False, 'Declare region="eu-west-1"')
    assert len([one for one in storage.requests if one.lists]) == 1


def test_what_the_library_asks_by_itself_goes_through_the_guard_too(storage: FakeS3, guard: Guard) -> None:
    storage.special = lambda asked: (
        (200, {"x-amz-bucket-region": "eu-west-1"}, b"")
        if asked.method == "HEAD"
        else refused("PermanentRedirect", 301)
        if "us-east-1" in asked.headers["authorization"]
        else None
    )
    client = s3.s3_client(KEYS, BucketEndpoint(storage.address), outbound=guard)
    events, name = client.meta.events, "before-parameter-build.s3"
    events.register_last(name, lambda context, **_: context["s3_redirect"].update(redirected=False))
    client.list_objects_v2(Bucket="acme", MaxKeys=1)
    assert [one.method for one in storage.requests] == ["GET", "HEAD", "GET"]
    assert [one.partition(" ")[0] for one in guard.passed] == ["GET", "HEAD", "GET"]


@pytest.mark.parametrize("bucket", ["AcmeRaw", "acme_raw", "www.acme.example", "acme"])
def test_a_bucket_of_any_name_is_reached_in_the_path(storage: FakeS3, guard: Guard, bucket: str) -> None:
    assert checked(storage, guard, {bucket: ["videos/"]})["sign"].success is True
    assert {one.path.split("/")[1] for one in storage.requests} == {bucket}


def test_an_address_that_may_not_be_called_gets_no_request_at_all(storage: FakeS3) -> None:
    found = checked(storage, Outbound())
    assert answers(found) == dict.fromkeys(["list", "write", *CORS])
    assert all("encord:privateNetworks" in check.remedy for check in found.values())
    assert storage.requests == []


def test_neither_keys_nor_signatures_are_told(storage: FakeS3, guard: Guard) -> None:
    storage.special = lambda asked: refused("AccessDenied") if not asked.lists else None
    told = str(checked(storage, guard))
    assert "cannot be read" in told
    assert SECRET not in told
    assert "Signature" not in told


def test_one_bad_prefix_fails_the_check_and_is_named(storage: FakeS3, guard: Guard) -> None:
    storage.special = lambda asked: refused("AccessDenied") if asked.query.get("prefix") == "b/" else None
    found = checked(storage, guard, {"acme": ["videos/", "b/", "c/"]})
    assert answers(found) == {**dict.fromkeys([*DATA, *CORS], True), "list": False}
    assert found["list"].message == "s3://acme/b/ cannot be listed: access is denied"


def test_keys_show_no_secret() -> None:
    assert SECRET not in repr(Keys("a", SECRET, SECRET))
