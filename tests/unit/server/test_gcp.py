"""Google's V4 signatures, verified with the service account's public key as Cloud Storage would."""

import json
import shutil
from binascii import unhexlify
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pulumi_encord_integrations.model.objects import StoredObject
from pulumi_encord_integrations.server.clouds import gcp
from pulumi_encord_integrations.server.clouds.gcp import GoogleAccount
from pulumi_encord_integrations.server.errors import ServiceError

ACCOUNT = "encord@acme.iam.gserviceaccount.com"
KEYS = ["videos/plain.mp4", "with space", "plus+sign", "what?&#%", "ünï 日本", "a%20b", "(x)*!'~$,;=:@"]


@cache
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    pem = private_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    content = {
        "type": "service_account",
        "client_email": ACCOUNT,
        "private_key": pem,
        "private_key_id": "1",
        "client_id": "1",
    }
    path = tmp_path / "key.json"
    path.touch(0o600)
    path.write_text(json.dumps(content))
    return path


def verified(url: str, method: str = "GET") -> bool:
    """Whether the signature is the account's over exactly this request."""
    parts = urlsplit(url)
    pairs = dict(parse_qsl(parts.query, strict_parsing=True))
    signature = unhexlify(pairs.pop("X-Goog-Signature"))
    query = "&".join(f"{quote(k, safe='~')}={quote(v, safe='~')}" for k, v in sorted(pairs.items()))
    request = "\n".join([method, parts.path, query, f"host:{parts.netloc}", "", "host", "UNSIGNED-PAYLOAD"])
    scope = pairs["X-Goog-Credential"].partition("/")[2]
    digest = sha256(request.encode()).hexdigest()
    signed = "\n".join([pairs["X-Goog-Algorithm"], pairs["X-Goog-Date"], scope, digest])
    try:
        private_key().public_key().verify(signature, signed.encode(), padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


@pytest.mark.parametrize("key", KEYS)
def test_the_signature_is_the_accounts_over_this_object_alone(key_file: Path, key: str) -> None:
    (url,) = gcp.sign(GoogleAccount(key_file, ACCOUNT), [StoredObject("acme", key)], 3600)
    parts = urlsplit(url)
    assert parts.netloc == "storage.googleapis.com"
    assert unquote(parts.path) == f"/acme/{key}"
    assert verified(url)
    assert not verified(url, "DELETE")
    assert not verified(url.replace("/acme/", "/acme/x"))
    assert not verified(url.replace("X-Goog-Expires=3600", "X-Goog-Expires=36000"))


@pytest.mark.parametrize(
    "bucket", ["acme_raw", "www.acme.example", "my-google-scans", f"{'a' * 63}.{'b' * 63}"]
)
def test_any_bucket_is_a_part_of_the_path(key_file: Path, bucket: str) -> None:
    (url,) = gcp.sign(GoogleAccount(key_file, ACCOUNT), [StoredObject(bucket, "x")], 60)
    assert urlsplit(url).path == f"/{bucket}/x"
    assert verified(url)


def test_a_url_ends_after_the_expiry(key_file: Path) -> None:
    (url,) = gcp.sign(GoogleAccount(key_file, None), [StoredObject("acme", "x")], 90)
    pairs = dict(parse_qsl(urlsplit(url).query))
    assert pairs["X-Goog-Expires"] == "90"
    assert pairs["X-Goog-Credential"].startswith(f"{ACCOUNT}/")
    made = datetime.strptime(pairs["X-Goog-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - made) < timedelta(minutes=1)


@pytest.mark.parametrize("seconds", [0, -1, 604_801])
def test_googles_own_bound_holds(key_file: Path, seconds: int) -> None:
    with pytest.raises(ValueError, match="no URL of Cloud Storage lives"):
        gcp.sign(GoogleAccount(key_file, ACCOUNT), [StoredObject("acme", "x")], seconds)


def test_objects_of_several_buckets_keep_their_order(key_file: Path) -> None:
    objects = [StoredObject(bucket, str(n)) for n in range(3) for bucket in ("a-1", "b-1")]
    urls = gcp.sign(GoogleAccount(key_file, ACCOUNT), objects, 60)
    assert [urlsplit(url).path for url in urls] == [f"/{one.bucket}/{one.key}" for one in objects]


def test_a_name_that_would_be_signed_for_another_is_refused(key_file: Path) -> None:
    with pytest.raises(ServiceError, match="an empty part between slashes"):
        gcp.sign(GoogleAccount(key_file, ACCOUNT), [StoredObject("acme", "a//b")], 60)


def test_without_the_accounts_key_nothing_is_signed(key_file: Path, tmp_path: Path) -> None:
    one = [StoredObject("acme", "x")]
    broken = tmp_path / "broken.json"
    broken.touch(0o600)
    broken.write_text("{}")
    shared = Path(shutil.copy(key_file, tmp_path / "shared.json"))
    shared.chmod(0o640)
    for file, account, words in (
        (None, ACCOUNT, "it has no key of a Google service account"),
        (tmp_path / "absent.json", ACCOUNT, "cannot be read"),
        (broken, ACCOUNT, "cannot be read"),
        (shared, ACCOUNT, "is open to others"),
        (key_file, "other@acme.iam.gserviceaccount.com", "is not of the service account that it names"),
    ):
        with pytest.raises(ServiceError, match=words) as refusal:
            gcp.sign(GoogleAccount(file, account), one, 60)
        assert refusal.value.code == "signing_not_configured"
