"""S3's presigned URLs: where a bucket stands in them, and that the signature is of that place."""

import hmac
from hashlib import sha256
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import pytest

from pulumi_encord_integrations.model.objects import StoredObject
from pulumi_encord_integrations.server.clouds import s3
from pulumi_encord_integrations.server.clouds.s3 import BucketEndpoint, Keys

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
KEYS = Keys("AKIAIOSFODNN7EXAMPLE", SECRET)
AWS = BucketEndpoint("https://s3.us-east-1.amazonaws.com")
LEGACY = ["AcmeRaw", "acme_raw", "ABCD_Central_1", "a..b", "abc-", "a" * 255]
OBJECTS = ["videos/a b+c.mp4", "ünï/日本.mp4", "a//b"]
"""The last one is signed by the other library."""


def signed(endpoint: BucketEndpoint, bucket: str, key: str) -> str:
    (url,) = s3.sign(KEYS, {bucket: endpoint}, [StoredObject(bucket, key)], 3600)
    return url


def verified(url: str) -> bool:
    """Whether the signature is that of SigV4 over exactly this URL."""
    parts = urlsplit(url)
    pairs = dict(parse_qsl(parts.query, strict_parsing=True, keep_blank_values=True))
    signature = pairs.pop("X-Amz-Signature")
    query = "&".join(f"{quote(k, safe='~')}={quote(v, safe='~')}" for k, v in sorted(pairs.items()))
    request = "\n".join(["GET", parts.path, query, f"host:{parts.netloc}", "", "host", "UNSIGNED-PAYLOAD"])
    scope = pairs["X-Amz-Credential"].partition("/")[2]
    digest = sha256(request.encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", pairs["X-Amz-Date"], scope, digest])
    key = f"AWS4{SECRET}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, text.encode(), sha256).hexdigest() == signature


@pytest.mark.parametrize("bucket", ["acme", "123", "acme-s3alias"])
@pytest.mark.parametrize("key", OBJECTS[:-1])
def test_a_bucket_of_aws_is_a_part_of_the_host(bucket: str, key: str) -> None:
    url = signed(AWS, bucket, key)
    assert urlsplit(url).netloc == f"{bucket}.s3.us-east-1.amazonaws.com"
    assert unquote(urlsplit(url).path) == f"/{key}"
    assert verified(url)


@pytest.mark.parametrize("bucket", [*LEGACY, "www.acme.example", "xn--acme"])
@pytest.mark.parametrize("key", OBJECTS)
def test_a_bucket_that_fits_no_host_is_a_part_of_the_path(bucket: str, key: str) -> None:
    url = signed(AWS, bucket, key)
    assert urlsplit(url).netloc == "s3.us-east-1.amazonaws.com"
    assert unquote(urlsplit(url).path) == f"/{bucket}/{key}"
    assert verified(url)
    assert not verified(url.replace("X-Amz-Expires=3600", "X-Amz-Expires=36000"))


@pytest.mark.parametrize("bucket", ["acme", "Acme_Lab"])
@pytest.mark.parametrize("key", OBJECTS)
def test_other_storage_has_the_bucket_in_the_path(bucket: str, key: str) -> None:
    url = signed(BucketEndpoint("https://minio.example.com:9000"), bucket, key)
    assert urlsplit(url).netloc == "minio.example.com:9000"
    assert unquote(urlsplit(url).path) == f"/{bucket}/{key}"
    assert verified(url)
