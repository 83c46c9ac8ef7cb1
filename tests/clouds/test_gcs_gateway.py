"""The gateway before gcp-storage-emulator refuses what Google refuses, and lets through what Google does.

The emulator asks nobody who they are. All that is refused here is refused by the gateway, by what it has from
Google's discovery document, its documented roles, conditions and CORS, and its published answers. What no
server here can enforce is in the docstring of `tests.support.clouds.gcs`.
"""

import json
import time
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import jwt
import pytest
import requests
from google.auth.exceptions import RefreshError

from tests.support.clouds.cel import LIST_PREFIX
from tests.support.clouds.gcs import CREATOR, VIEWER, Gcs
from tests.support.clouds.gcs_caller import (
    BESIDE,
    DOTTED,
    INSIDE,
    OBJECTS,
    OUTSIDE,
    GcsCaller,
    message,
    signed,
    status,
)
from tests.support.clouds.gcs_principals import GOOGLE, GRANT
from tests.support.clouds.google_schemas import google_api
from tests.support.clouds.objects import OF_S3

ODD = [*OF_S3, ".encord/0b9f", "/first", "a/./b", "a/../b", "..a", "videos/\u0001\t'\"\\_2f"]


@pytest.fixture
def caller(gcs: Gcs) -> Iterator[GcsCaller]:
    made = GcsCaller(gcs)
    yield made
    made.client.close()


def under(bucket: str, prefix: str) -> str:
    """A condition as Google's documents write it."""
    name = f'resource.name.startsWith("projects/_/buckets/{bucket}/objects/{prefix}")'
    return f'{name} || api.getAttribute("{LIST_PREFIX}", "").startsWith("{prefix}")'


def test_whoever_has_no_role_may_nothing(caller: GcsCaller) -> None:
    told = message(lambda: caller.blob(INSIDE).download_as_bytes())
    assert f"{caller.gcs.email} does not have storage.objects.get access" in told
    assert "Permission 'storage.objects.get' denied on resource (or it may not exist)." in told
    assert (caller.read(INSIDE), caller.listed(), caller.write("x"), caller.listed("videos/")) == (403,) * 4
    there = caller.client.bucket(caller.name)
    assert [status(ask) for ask in (there.reload, there.get_iam_policy, there.patch)] == [403, 403, 403]
    assert status(caller.blob(INSIDE).delete) == 403


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (VIEWER, {"read": 200, "list": 200, "write": 403, "overwrite": 403, "delete": 403, "bucket": 403}),
        (CREATOR, {"read": 403, "list": 403, "write": 200, "overwrite": 403, "delete": 403, "bucket": 403}),
        (
            "roles/storage.admin",
            dict.fromkeys(("read", "list", "write", "overwrite", "delete", "bucket"), 200),
        ),
    ],
)
def test_a_role_permits_what_google_says(caller: GcsCaller, role: str, expected: dict[str, int]) -> None:
    caller.gcs.grant(caller.name, role=role)
    assert {
        "read": caller.read(INSIDE),
        "list": caller.listed(),
        "write": caller.write("new"),
        "overwrite": caller.write(BESIDE),
        "delete": status(caller.blob(OUTSIDE).delete),
        "bucket": status(lambda: caller.client.get_bucket(caller.name)),
    } == expected


def test_a_role_is_one_accounts_on_one_bucket(caller: GcsCaller) -> None:
    email, _ = caller.gcs.account(f"other-{uuid4().hex[:8]}")
    caller.gcs.grant(caller.name, email=email)
    caller.gcs.grant(caller.gcs.make_bucket(OBJECTS))
    assert (caller.read(INSIDE), caller.listed()) == (403, 403)


def test_a_condition_opens_a_prefix_alone(caller: GcsCaller) -> None:
    caller.gcs.grant(caller.name, under(caller.name, "videos/"))
    read = {key: caller.read(key) for key in OBJECTS}
    assert read == {INSIDE: 200, BESIDE: 200, OUTSIDE: 403, DOTTED: 403}
    prefixes = {prefix: caller.listed(prefix) for prefix in ("videos/", "videos/a", "video", "secret/", None)}
    assert prefixes == {"videos/": 200, "videos/a": 200, "video": 403, "secret/": 403, None: 403}


def test_a_condition_opens_one_object_alone(caller: GcsCaller) -> None:
    caller.gcs.grant(caller.name, f'resource.name == "projects/_/buckets/{caller.name}/objects/{DOTTED}"')
    assert {key: caller.read(key) for key in OBJECTS} == {INSIDE: 403, BESIDE: 403, OUTSIDE: 403, DOTTED: 200}
    assert caller.listed() == 403


def test_a_missing_object_is_told_to_those_alone_who_may_list(caller: GcsCaller) -> None:
    caller.gcs.grant(caller.name, under(caller.name, "videos/"))
    assert "does not have storage.objects.list access" in message(
        caller.blob("videos/none").download_as_bytes
    )
    assert caller.read("videos/none") == 403
    caller.gcs.grant(caller.name)
    assert f"No such object: {caller.name}/videos/none" in message(
        caller.blob("videos/none").download_as_bytes
    )
    missing = caller.client.bucket("acme-no-such-bucket").blob("x")
    assert "404" in (told := message(missing.download_as_bytes))
    assert "The specified bucket does not exist." in told


def test_what_is_taken_away_ends_at_once(caller: GcsCaller) -> None:
    caller.gcs.grant(caller.name)
    url = signed(caller.gcs, caller.name, INSIDE)
    assert (caller.read(INSIDE), caller.fetch(url).status_code) == (200, 200)
    caller.gcs.set_policy(caller.name)
    assert (caller.read(INSIDE), caller.fetch(url).status_code) == (403, 403)


def test_a_name_passes_through_unharmed(caller: GcsCaller) -> None:
    contents = {key: b"%s\r\n\r\x00\xff\n" % key.encode() for key in ODD}
    bucket = caller.gcs.make_bucket(contents)
    caller.gcs.grant(bucket)
    assert caller.gcs.objects(bucket) == sorted(ODD, key=str.encode)
    assert {key: caller.gcs.get(bucket, key) for key in ODD} == contents
    for prefix in ("videos/", "videos//", "a/.", "videos/a%"):
        found = [blob.name for blob in caller.client.list_blobs(bucket, prefix=prefix)]
        assert sorted(found) == sorted(key for key in ODD if key.startswith(prefix))
    assert [caller.fetch(f"{caller.gcs.endpoint}/{bucket}/{quote(ODD[0])}").status_code] == [403]
    plain = [key for key in ODD if not {"", ".", ".."} & {*key.split("/")}]
    assert {key: caller.fetch(signed(caller.gcs, bucket, key)).content for key in plain} == {
        key: contents[key] for key in plain
    }


def test_a_list_comes_in_pages_in_the_order_of_names(caller: GcsCaller) -> None:
    pages = [
        [blob.name for blob in page]
        for page in caller.gcs.client(caller.gcs.owner_key_file).list_blobs(caller.name, page_size=3).pages
    ]
    assert pages == [sorted(OBJECTS)[:3], sorted(OBJECTS)[3:]]
    folders = caller.gcs.client(caller.gcs.owner_key_file).list_blobs(caller.name, delimiter="/")
    assert ([*folders], folders.prefixes) == ([], {".encord/", "secret/", "videos/"})


def test_a_range_is_read_and_an_empty_object_has_none(caller: GcsCaller) -> None:
    caller.gcs.grant(caller.name)
    caller.gcs.put(caller.name, "empty", b"")
    assert caller.blob(BESIDE).download_as_bytes(start=1, end=3, checksum=None) == b"esi"
    assert status(lambda: caller.blob("empty").download_as_bytes(start=0, end=0, checksum=None)) == 416


@pytest.mark.parametrize(("generation", "expected"), [(0, 412), (1, 412), (None, 200)])
def test_a_precondition_on_what_is_there(caller: GcsCaller, generation: int | None, expected: int) -> None:
    caller.gcs.grant(caller.name, role="roles/storage.objectAdmin")
    assert caller.write(BESIDE, generation) == expected
    assert caller.gcs.get(caller.name, BESIDE) == (b"new" if expected == 200 else b"beside")


def test_the_probe_of_writing_tells_the_permission_and_stores_nothing(caller: GcsCaller) -> None:
    assert caller.write("probe", 1) == 403
    caller.gcs.grant(caller.name, role=CREATOR)
    assert (caller.write("probe", 1), caller.gcs.get(caller.name, "probe")) == (412, None)
    assert (caller.write("made", 0), caller.gcs.get(caller.name, "made")) == (200, b"new")
    assert caller.write("made", 0) == 403


def test_a_token_is_given_for_the_accounts_own_key_alone(caller: GcsCaller) -> None:
    content, now = json.loads(caller.gcs.key_file.read_text()), int(time.time())
    other = json.loads(caller.gcs.owner_key_file.read_text())
    scope = "https://www.googleapis.com/auth/devstorage.read_only"
    claims = {"iss": content["client_email"], "aud": GOOGLE, "scope": scope, "iat": now, "exp": now + 3600}

    def asked(pem: str = content["private_key"], grant: str = GRANT, **changes: Any) -> int:
        assertion = jwt.encode({**claims, **changes}, pem, "RS256")
        form = {"grant_type": grant, "assertion": assertion}
        with requests.Session() as session:
            session.trust_env = False
            url = f"{caller.gcs.endpoint}/token"
            return session.post(url, form, verify=str(caller.gcs.authority), timeout=20).status_code

    assert asked() == 200
    refused = [
        asked(other["private_key"]),
        asked(iss="nobody@acme-data.iam.gserviceaccount.com"),
        asked(aud="https://example.com/token"),
        asked(iat=now - 7200, exp=now - 3600),
        asked(exp=now + 7200),
        asked(scope="https://www.googleapis.com/auth/bigquery"),
        asked(grant="refresh_token"),
    ]
    assert refused == [400] * 7


def test_a_token_does_what_it_was_made_for_alone(caller: GcsCaller) -> None:
    gcs, root = caller.gcs, f"{caller.gcs.endpoint}/storage/v1/b/{caller.name}"
    upload = f"{gcs.endpoint}/upload/storage/v1/b/{caller.name}/o?uploadType=media&name=x"
    found = {}
    for scope in ("read_only", "read_write", "full_control"):
        with gcs.session(gcs.owner_key_file, scope) as session:
            answers = [session.get(f"{root}/o"), session.post(upload, b"x"), session.get(f"{root}/iam")]
            found[scope] = [answer.status_code for answer in answers]
    assert found == {"read_only": [200, 403, 403], "read_write": [200, 200, 403], "full_control": [200] * 3}


def test_who_is_unknown_is_told_so(caller: GcsCaller) -> None:
    root = f"{caller.gcs.endpoint}/storage/v1/b/{caller.name}"
    anonymous, wrong = caller.fetch(root), caller.fetch(root, Authorization="Bearer ya29.made-up")
    assert (anonymous.status_code, wrong.status_code) == (401, 401)
    assert anonymous.json()["error"]["message"].startswith(
        "Anonymous caller does not have storage.buckets.get"
    )
    assert wrong.json()["error"]["errors"][0]["reason"] == "authError"
    by_xml = caller.fetch(f"{caller.gcs.endpoint}/{caller.name}/{quote(INSIDE)}")
    assert (by_xml.status_code, "<Code>AccessDenied</Code>" in by_xml.text) == (403, True)
    gone = caller.gcs.client(caller.gcs.key_file)
    gone._http.credentials._signer = caller.gcs.client(caller.gcs.owner_key_file)._http.credentials._signer
    with pytest.raises(RefreshError, match="invalid_grant"):
        gone.get_bucket(caller.name, retry=None)


def test_a_policy_is_taken_as_google_takes_it(caller: GcsCaller) -> None:
    gcs, account = caller.gcs, f"serviceAccount:{caller.gcs.email}"
    loose = gcs.make_bucket(uniform=False)
    binding: dict[str, Any] = {"role": VIEWER, "members": [account]}

    def conditional(expression: str, title: str = "t") -> dict[str, Any]:
        return {**binding, "condition": {"title": title, "expression": expression}}

    one = 'resource.name == "x"'
    refused = {
        "the public": (caller.name, {**binding, "members": ["allUsers"]}),
        "any account": (caller.name, {**binding, "members": ["allAuthenticatedUsers"]}),
        "nobody's": (caller.name, {**binding, "members": ["serviceAccount:a@b.iam.gserviceaccount.com"]}),
        "no member": (caller.name, {**binding, "members": [gcs.email]}),
        "no role": (caller.name, {**binding, "role": "roles/storage.reader"}),
        "not uniform": (loose, conditional(one)),
        "no title": (caller.name, conditional(one, "")),
        "long title": (caller.name, conditional(one, "t" * 101)),
        "no CEL": (caller.name, conditional("resource.name = 'x'")),
        "14 clauses": (caller.name, conditional(" || ".join([one] * 14))),
    }
    found = {}
    for why, (bucket, what) in refused.items():
        found[why] = status(partial(gcs.set_policy, bucket, what))
    assert found == {
        why: 412 if why in {"the public", "any account", "not uniform"} else 400 for why in refused
    }
    assert gcs.policy(caller.name) == []
    gcs.set_policy(caller.name, conditional(" || ".join([one] * 13)))
    assert status(lambda: gcs.set_policy(caller.name, *(conditional(one, f"{n}") for n in range(21)))) == 400


def test_a_policy_with_conditions_needs_version_3_and_the_newest_etag(caller: GcsCaller) -> None:
    owned = caller.gcs.client(caller.gcs.owner_key_file).bucket(caller.name)
    caller.gcs.grant(caller.name, 'resource.name == "x"')
    assert "cannot be less than the existing policy version (3)" in message(owned.get_iam_policy)
    policy, other = (owned.get_iam_policy(requested_policy_version=3) for _ in range(2))
    policy.version = 1
    assert "at least 3" in message(lambda: owned.set_iam_policy(policy))
    policy.version = 3
    owned.set_iam_policy(policy)
    assert status(lambda: owned.set_iam_policy(other)) == 412


def test_settings_of_a_bucket_are_merged_and_cleared(caller: GcsCaller) -> None:
    with caller.gcs.session(caller.gcs.owner_key_file) as session:
        url = f"{caller.gcs.endpoint}/storage/v1/b/{caller.name}"
        session.patch(
            url,
            json={"labels": {"a": "1", "b": "2"}, "iamConfiguration": {"publicAccessPrevention": "enforced"}},
        )
        made = session.patch(url, json={"labels": {"a": None}, "cors": None}).json()
    assert made["labels"] == {"b": "2"}
    assert "cors" not in made
    assert made["iamConfiguration"]["uniformBucketLevelAccess"]["enabled"]
    assert made["iamConfiguration"]["publicAccessPrevention"] == "enforced"
    assert status(lambda: caller.gcs.make_bucket(name=caller.name)) == 409
    assert status(lambda: caller.gcs.client(caller.gcs.owner_key_file).bucket(caller.name).delete()) == 409


@pytest.mark.parametrize(
    ("method", "body", "problem"),
    [
        ("insert", {"name": "b", "cors": [{"origins": ["*"]}]}, "body.cors[0] has no field 'origins'"),
        ("insert", {"name": "b", "cors": [{"origin": "*"}]}, "body.cors[0].origin is '*', not array"),
        ("patch", {"labels": {"a": 1}}, "body.labels.a is 1, not string"),
        ("patch", {"cors": [{"maxAgeSeconds": "60"}]}, "maxAgeSeconds is '60', not int32"),
        ("patch", {"versioning": {"enabled": "true"}}, "body.versioning.enabled is 'true', not boolean"),
        ("patch", {"softDeletePolicy": {"retentionDurationSeconds": "1d"}}, "is '1d', not int64"),
        ("setIamPolicy", {"bindings": [{"member": "x"}]}, "body.bindings[0] has no field 'member'"),
        ("setIamPolicy", {"etag": "?"}, "body.etag is '?', not byte"),
        ("get", {}, "body where there is none"),
    ],
)
def test_a_body_that_google_does_not_know_is_a_problem(method: str, body: Any, problem: str) -> None:
    (found,) = google_api("storage.v1").body_problems(f"storage.buckets.{method}", body)
    assert problem in found


def test_a_request_that_google_does_not_know_fails_the_test(caller: GcsCaller) -> None:
    gcs, root = caller.gcs, f"{caller.gcs.endpoint}/storage/v1/b/{caller.name}"
    with gcs.session(gcs.owner_key_file) as session:
        assert session.patch(root, json={"corsRules": []}).status_code == 400
        assert session.get(f"{root}?projection=some").status_code == 400
        assert session.get(f"{root}/o?prefixes=a").status_code == 400
        assert session.get(f"{root}/notificationConfigs").status_code == 501
    with pytest.raises(AssertionError, match=r"corsRules.*projection.*prefixes.*notifications"):
        gcs.settle()


def test_an_outage_is_one_for_everybody_until_it_is_over(caller: GcsCaller) -> None:
    caller.gcs.grant(caller.name)
    url = signed(caller.gcs, caller.name, INSIDE)
    assert caller.read(INSIDE) == 200
    caller.gcs.down()
    assert (caller.read(INSIDE), caller.listed(), caller.fetch(url).status_code) == (503, 503, 503)
    caller.gcs.down(hang=True)
    with pytest.raises(requests.ReadTimeout):
        caller.blob(INSIDE).download_as_bytes(timeout=0.3, retry=None)
    caller.gcs.up()
    assert (caller.read(INSIDE), caller.fetch(url).status_code) == (200, 200)


def test_what_was_asked_is_told(caller: GcsCaller) -> None:
    caller.read(INSIDE)
    caller.listed("videos/")
    told = [(call.method, call.bucket, call.key, call.status) for call in caller.gcs.asked()]
    assert told == [
        ("storage.objects.get", caller.name, INSIDE, 403),
        ("storage.objects.list", caller.name, "videos/", 403),
    ]
