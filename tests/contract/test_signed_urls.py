"""What is signed for whom, and what never is; that clouds accept the URLs is judged in tests/clouds."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import ClientError
from syrupy.assertion import SnapshotAssertion

from pulumi_encord_integrations.server.clouds import aws_trust, bucket_checks, s3
from pulumi_encord_integrations.server.clouds.adapter import AccessFinding, Trust
from pulumi_encord_integrations.server.clouds.aws_sessions import Role
from tests.support.api import INTEGRATIONS, Answer, Api, served
from tests.support.command import Ran, key_file, run, scrubbed
from tests.support.types import CANARY, CASES, TENANT

KEYED = ["OTC", "S3_COMPATIBLE"]


def made(api: Api, provider: str, **more: Any) -> str:
    answer = api.send(
        method="POST", body={k: v for k, v in CASES[provider].body(**more).items() if v is not None}
    )
    assert answer.status == 200, answer.body
    return f"{INTEGRATIONS}/{answer.body['integration']['integrationUuid']}"


def sign(api: Api, path: str, *urls: Any) -> Answer:
    return api.send(method="POST", path=f"{path}/signed-urls", body={"objectUrls": list(urls)})


@pytest.mark.parametrize("provider", KEYED)
def test_a_thousand_are_signed_in_the_order_asked_for(local: Api, provider: str) -> None:
    path = made(local, provider)
    keys = [f"videos/{n % 3}/clip {n}.mp4" for n in range(1000)]
    rows = sign(local, path, *keys).body["results"]
    assert [row["objectUrl"] for row in rows] == keys
    paths = [urlsplit(row["url"]).path for row in rows]
    assert [path.endswith(key.replace(" ", "%20")) for path, key in zip(paths, keys, strict=True)] == [
        True
    ] * 1000
    assert {parse_qs(urlsplit(row["url"]).query)["X-Amz-Expires"][0] for row in rows} == {"604800"}
    left = datetime.fromisoformat(rows[0]["expiresAt"]) - datetime.now(UTC)
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)


def test_a_custom_expiry_is_the_urls(local: Api) -> None:
    path = made(local, "OTC", signedUrlExpiry="90m")
    (row,) = sign(local, path, "videos/x").body["results"]
    assert "X-Amz-Expires=5400&" in row["url"]


def test_a_renewed_key_pair_signs_at_once(local: Api) -> None:
    path = made(local, "S3_COMPATIBLE")
    before = sign(local, path, "videos/x").body["results"][0]["url"]
    local.send(method="PATCH", path=path, body={"accessKeyId": "AKRENEWED1", "secretAccessKey": "renewed"})
    after = sign(local, path, "videos/x").body["results"][0]["url"]
    assert "AKRENEWED1" in after
    assert "AKRENEWED1" not in before


def test_direct_access_is_never_signed_for(local: Api) -> None:
    path = made(local, "DIRECT_ACCESS")
    assert sign(local, path, "https://files.example.com/a.mp4").refusal == (409, "never_signed")


@pytest.mark.parametrize(
    ("urls", "words"),
    [
        ([], "objectUrls: "),
        ([""], "objectUrls[0]: must not be empty"),
        ([7], "objectUrls[0]: must be a string"),
        ([f"videos/{n}" for n in range(10_001)], "objectUrls: "),
        (["videos/x", "secret/x"], "objectUrls[1]: is outside the integration's prefixes"),
        (["videos/x", "s3://other/x"], "objectUrls[1]: is in no bucket of the integration"),
    ],
)
def test_what_is_not_to_be_signed_stops_all(local: Api, urls: list[Any], words: str) -> None:
    answer = sign(local, made(local, "OTC"), *urls)
    assert answer.status == 400
    assert words in answer.body["message"]


def test_neither_urls_nor_secrets_are_kept_but_who_asked_is(local: Api) -> None:
    path = made(local, "OTC")
    url = sign(local, path, "videos/x").body["results"][0]["url"]
    signature = parse_qs(urlsplit(url).query)["X-Amz-Signature"][0]
    everything = [*local.rows("answers"), *local.rows("audit")]
    assert not any(signature in str(row) or CANARY in str(row) for row in everything)
    last = local.rows("audit")[-1]
    assert (last.actor, last.action, json.loads(last.detail)["count"]) == ("ada@example.com", "urls.sign", 1)


def test_a_library_that_is_not_installed_is_named(local: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(local, "OTC")

    def absent(*_given: Any) -> Any:
        raise ModuleNotFoundError("No module named 'obstore'", name="obstore")

    monkeypatch.setattr(s3, "sign", absent)
    answer = sign(local, path, "videos/x")
    assert answer.refusal == (501, "signing_not_configured")
    assert answer.body["message"] == "the API cannot sign: it lacks obstore"
    assert "[signing]" in answer.body["hint"]


def test_a_probe_without_its_library_says_so_and_not_that_it_cannot_tell(
    local: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    path = made(local, "AWS")
    for answer in (local.send(method="POST", path=f"{path}/access-check"), sign(local, path, "videos/x")):
        assert answer.refusal == (501, "signing_not_configured")
        assert answer.body["message"] == "the API cannot sign: it lacks boto3"


@pytest.mark.parametrize(
    ("provider", "more", "words"),
    [
        ("GCP", {}, "it has no key of a Google service account"),
        (
            "AZURE",
            {"sas_token": None, "tenant_id": TENANT},
            "no Azure application",
        ),
    ],
)
def test_a_deployment_that_lacks_its_own_credentials_says_which(
    local: Api, provider: str, more: dict[str, Any], words: str
) -> None:
    answer = sign(local, made(local, provider, **more), "videos/x")
    assert answer.refusal == (501, "signing_not_configured")
    assert words in answer.body["message"]
    assert "ENCORD_" in answer.body["hint"]


def test_an_account_sas_is_appended_and_nothing_else_is_told(local: Api) -> None:
    (row,) = sign(local, made(local, "AZURE"), "a b").body["results"]
    url, _, token = row["url"].partition("?")
    assert url == "https://acmestorage.blob.core.windows.net/training/a%20b"
    assert f"&sig={CANARY}" in token
    assert row["expiresAt"] == "2030-12-31T23:59:59+00:00"


Policy = Callable[[str | None], bool | None]
POLICIES: dict[str, Policy] = {
    "proven": lambda given: bool(given and not given.startswith("wrong")),
    "open": lambda _given: True,
    "silent": lambda _given: None,
}


@pytest.mark.parametrize("policy", POLICIES)
def test_verify_tells_what_the_probes_saw(
    on_sqlite: Api, policy: str, monkeypatch: pytest.MonkeyPatch, snapshot: SnapshotAssertion
) -> None:
    on_sqlite.create(title="prod-images")
    monkeypatch.setattr(aws_trust, "wrong_id", lambda given: f"wrong {given}")
    error = ClientError({"Error": {"Code": "Throttling"}}, "AssumeRole")
    monkeypatch.setattr(aws_trust, "_assumable", lambda _sts, _arn, given: (POLICIES[policy](given), error))
    monkeypatch.setattr(aws_trust, "_longest_session", lambda _sts, _role: (43_200, "role_session"))
    monkeypatch.setattr(bucket_checks, "checks", lambda *_given: [])
    real = aws_trust.probe
    monkeypatch.setattr(aws_trust, "probe", lambda role: real(role, lambda: None))  # type: ignore[arg-type, return-value]
    with served(on_sqlite.app) as address:
        folder = on_sqlite.path.parent
        settings = {
            "ENCORD_ENDPOINT": address,
            "ENCORD_SSH_KEY_FILE": key_file(folder, on_sqlite.keys["ada@example.com"]),
        }
        ran = run(folder, "verify", "prod-images", **settings)
        told = run(folder, "verify", "prod-images", "--json", **settings)
    assert told.code == ran.code
    assert json.loads(told.out)["valid"] == {"proven": True, "open": False, "silent": None}[policy]
    assert scrubbed(Ran(ran.code, ran.out, ran.err), folder) == snapshot


def test_a_finding_is_kept_only_of_what_was_probed(local: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"{INTEGRATIONS}/{local.create()['integrationUuid']}"

    def meanwhile(_role: Role) -> AccessFinding:
        local.send(method="PATCH", path=path, body={"roleArn": "arn:aws:iam::999999999999:role/other"})
        return AccessFinding([], Trust(True, 3600, "role_session"))

    monkeypatch.setattr(aws_trust, "probe", meanwhile)
    monkeypatch.setattr(bucket_checks, "checks", lambda *_given: [])
    assert local.send(method="POST", path=f"{path}/access-check").body["valid"] is True
    assert local.send(path=path).body["verified"] is False


def test_a_proof_of_an_earlier_role_does_not_come_back_with_it(
    local: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = AccessFinding([], Trust(True, 3600, "role_session"))
    monkeypatch.setattr(aws_trust, "probe", lambda _role: trusted)
    monkeypatch.setattr(bucket_checks, "checks", lambda *_given: [])
    made = local.create()
    path = f"{INTEGRATIONS}/{made['integrationUuid']}"
    assert local.send(method="POST", path=f"{path}/access-check").body["valid"] is True
    for arn in ("arn:aws:iam::999999999999:role/other", made["roleArn"]):
        local.send(method="PATCH", path=path, body={"roleArn": arn})
    assert local.send(path=path).body["verified"] is False
