"""Signed URLs and CORS of the gateway before gcp-storage-emulator, by what Google documents and answers."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import product
from urllib.parse import quote

import pytest

from tests.support.clouds.gcs import Gcs
from tests.support.clouds.gcs_caller import INSIDE, OBJECTS, ORIGIN, GcsCaller, signed


@pytest.fixture
def caller(gcs: Gcs) -> Iterator[GcsCaller]:
    made = GcsCaller(gcs)
    yield made
    made.client.close()


def test_a_signed_url_reads_one_object_in_one_way(caller: GcsCaller) -> None:
    caller.gcs.grant(caller.name)
    url = signed(caller.gcs, caller.name, INSIDE)
    assert caller.fetch(url).content == OBJECTS[INSIDE]
    wrong = {
        "another object": url.replace("a%20b%2Bc.mp4", "other.mp4"),
        "another bucket": url.replace(caller.name, caller.gcs.make_bucket(OBJECTS)),
        "a longer life": url.replace("X-Goog-Expires=60", "X-Goog-Expires=600"),
        "another signature": url[:-4] + ("0000" if not url.endswith("0000") else "1111"),
        "another account": url.replace("encord-reader%40", "owner%40"),
    }
    assert url not in wrong.values()
    answers = {how: caller.fetch(other) for how, other in wrong.items()}
    assert {how: answer.status_code for how, answer in answers.items()} == dict.fromkeys(wrong, 403)
    assert all("<Code>SignatureDoesNotMatch</Code>" in answer.text for answer in answers.values())
    assert [caller.fetch(url, method).status_code for method in ("HEAD", "PUT", "DELETE", "POST")] == [
        403
    ] * 4
    assert caller.fetch(url, Host="example.com").status_code == 403
    assert caller.fetch(f"{url}&response-content-type=text%2Fhtml").status_code == 403


def test_a_signed_url_may_what_its_account_may(caller: GcsCaller) -> None:
    url = signed(caller.gcs, caller.name, INSIDE)
    refused = caller.fetch(url)
    assert (refused.status_code, "<Code>AccessDenied</Code>" in refused.text) == (403, True)
    assert f"{caller.gcs.email} does not have storage.objects.get access" in refused.text
    caller.gcs.grant(caller.name)
    assert caller.fetch(url).status_code == 200
    missing = caller.fetch(signed(caller.gcs, caller.name, "none"))
    assert (missing.status_code, "<Code>NoSuchKey</Code>" in missing.text) == (404, True)
    no_bucket = caller.fetch(signed(caller.gcs, "acme-no-such-bucket", "x"))
    assert (no_bucket.status_code, "<Code>NoSuchBucket</Code>" in no_bucket.text) == (404, True)


def test_a_signed_url_ends(caller: GcsCaller) -> None:
    caller.gcs.grant(caller.name)
    url = signed(caller.gcs, caller.name, INSIDE, 1)
    ends = datetime.now(UTC) + timedelta(seconds=2.1)
    time.sleep((ends - datetime.now(UTC)).total_seconds())
    ended = caller.fetch(url)
    assert (ended.status_code, "<Code>ExpiredToken</Code>" in ended.text) == (400, True)


def test_googles_own_client_signs_for_the_gateway(caller: GcsCaller) -> None:
    caller.gcs.grant(caller.name)
    blob, given = caller.blob(INSIDE), {"version": "v4", "expiration": timedelta(seconds=60)}
    url = blob.generate_signed_url(**given, api_access_endpoint=caller.gcs.endpoint, method="HEAD")
    assert (caller.fetch(url, "HEAD").status_code, caller.fetch(url).status_code) == (200, 403)


@pytest.mark.parametrize(
    ("origin", "method", "headers", "allowed"),
    [
        (ORIGIN, "GET", "", True),
        (ORIGIN, "HEAD", "", True),
        (ORIGIN, "PUT", "", False),
        ("https://example.com", "GET", "", False),
        (ORIGIN, "GET", "x-own", False),
    ],
)
def test_a_preflight_is_answered_by_the_buckets_rules(
    caller: GcsCaller, origin: str, method: str, headers: str, allowed: bool
) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    if headers:
        asked["Access-Control-Request-Headers"] = headers
    answer = caller.fetch(f"{caller.gcs.endpoint}/{caller.name}/{quote(INSIDE)}", "OPTIONS", **asked)
    assert answer.status_code == 200
    assert answer.headers.get("Access-Control-Allow-Origin") == (ORIGIN if allowed else None)
    assert ("Access-Control-Allow-Methods" in answer.headers) is allowed


def test_a_page_reads_what_the_buckets_rules_let_it(caller: GcsCaller) -> None:
    caller.gcs.grant(caller.name)
    url = signed(caller.gcs, caller.name, INSIDE)
    rules = [{"origin": ["*"], "method": ["GET"], "responseHeader": ["Range"], "maxAgeSeconds": 60}]
    told = []
    for cors, origin in product([None, rules, []], [ORIGIN, "https://example.com"]):
        if cors is not None:
            caller.gcs.cors(caller.name, cors)
        told.append(caller.fetch(url, Origin=origin).headers.get("Access-Control-Allow-Origin"))
    assert told == [ORIGIN, None, "*", "*", None, None]


def test_many_can_ask_at_once(caller: GcsCaller) -> None:
    caller.gcs.grant(caller.name)
    url = signed(caller.gcs, caller.name, INSIDE)
    with ThreadPoolExecutor(8) as pool:
        assert [*pool.map(lambda _: caller.fetch(url).content, range(24))] == [OBJECTS[INSIDE]] * 24
