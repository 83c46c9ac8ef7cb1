"""What URLs name in an integration's storage, and which ones it takes."""

import re
from typing import Any

import boto3
import pytest
from azure.storage.blob import BlobClient
from hypothesis import given
from hypothesis import strategies as st

from pulumi_encord_integrations.model.integration_registry import integration_type
from pulumi_encord_integrations.model.objects import DirectUrls, ObjectUrls, StoredObject, is_signed
from pulumi_encord_integrations.server.clouds import s3 as s3_signing
from pulumi_encord_integrations.server.clouds.azure import Account
from pulumi_encord_integrations.server.clouds.s3 import BucketEndpoint

TWO = [{"name": "acme", "prefixes": ["videos/", "scans/"]}, {"name": "b.b", "prefixes": []}]
ONE = [{"name": "acme", "prefixes": []}]
MINIO = "https://minio.example.com:9000"


def urls(provider: str, **settings: Any) -> Any:
    kind = integration_type(provider)
    assert kind
    return kind.urls(settings)


AWS, AWS_ONE = urls("AWS", buckets=TWO), urls("AWS", buckets=ONE)
GCP = urls("GCP", buckets=TWO)
S3 = urls("S3_COMPATIBLE", preset="MINIO", buckets=ONE, endpoint=MINIO)
OTC = urls("OTC", buckets=ONE, endpoint="https://obs.eu-de.otc.t-systems.com")
AZURE = urls("AZURE", storage_account="acmedata", container="scans")
ROOT = urls("AZURE", storage_account="acmedata", container="$root")
LEGACY = urls(
    "AWS", buckets=[{"name": name, "prefixes": []} for name in ("AcmeRaw", "acme_raw", "RAW", "raw")]
)
MIXED = urls("S3_COMPATIBLE", preset="MINIO", buckets=[{"name": "Acme_Lab", "prefixes": []}], endpoint=MINIO)
LOGS = urls("AZURE", storage_account="acmedata", container="$logs")
BLOBS = "https://acmedata.blob.core.windows.net"


@pytest.mark.parametrize(
    ("rules", "url", "bucket", "key"),
    [
        (AWS, "s3://acme/videos/a b+c?d#e%20.mp4", "acme", "videos/a b+c?d#e%20.mp4"),
        (AWS, "S3://acme/videos/x", "acme", "videos/x"),
        (AWS, "https://acme.s3.eu-west-1.amazonaws.com/videos/a%20b", "acme", "videos/a b"),
        (AWS, "https://s3.eu-west-1.amazonaws.com/acme/scans/x", "acme", "scans/x"),
        (AWS, "https://s3.dualstack.eu-west-1.amazonaws.com/acme/scans/x", "acme", "scans/x"),
        (AWS, "https://acme.s3.cn-north-1.amazonaws.com.cn/videos/x", "acme", "videos/x"),
        (AWS, "https://b.b.s3.amazonaws.com/x", "b.b", "x"),
        (AWS, "s3://b.b/\u00fcn\u00ef/\u65e5\u672c", "b.b", "\u00fcn\u00ef/\u65e5\u672c"),
        (AWS_ONE, "video_file.mp4", "acme", "video_file.mp4"),
        (AWS_ONE, "s3://acme//x", "acme", "/x"),
        (AWS_ONE, "a..b/c.../.d", "acme", "a..b/c.../.d"),
        (LEGACY, "https://s3.amazonaws.com/AcmeRaw/x", "AcmeRaw", "x"),
        (LEGACY, "https://s3.us-east-1.amazonaws.com/acme_raw/x", "acme_raw", "x"),
        (LEGACY, "https://acme_raw.s3.us-east-1.amazonaws.com/x", "acme_raw", "x"),
        (LEGACY, "https://AcmeRaw.s3.amazonaws.com/x", "AcmeRaw", "x"),
        (LEGACY, "https://AcmeRaw.S3.Amazonaws.com/x", "AcmeRaw", "x"),
        (LEGACY, "https://RAW.s3.amazonaws.com/x", "raw", "x"),
        (LEGACY, "s3://AcmeRaw/x", "AcmeRaw", "x"),
        (MIXED, f"{MINIO}/Acme_Lab/x", "Acme_Lab", "x"),
        (MIXED, "https://Acme_Lab.minio.example.com:9000/x", "Acme_Lab", "x"),
        (LOGS, f"{BLOBS}/$logs/blob/x.log", "$logs", "blob/x.log"),
        (LOGS, "https://AcmeData.blob.core.windows.net/%24logs/x", "$logs", "x"),
        (GCP, "gs://acme/videos/x", "acme", "videos/x"),
        (GCP, "https://storage.googleapis.com/acme/videos/x", "acme", "videos/x"),
        (GCP, "https://storage.cloud.google.com/acme/videos/x", "acme", "videos/x"),
        (GCP, "https://acme.storage.googleapis.com/videos/x", "acme", "videos/x"),
        (S3, f"{MINIO}/acme/x%3Fy", "acme", "x?y"),
        (S3, "https://acme.minio.example.com:9000/x", "acme", "x"),
        (S3, "s3://acme/x", "acme", "x"),
        (OTC, "https://acme.obs.eu-de.otc.t-systems.com/x", "acme", "x"),
        (AZURE, f"{BLOBS}/scans/a%20b", "scans", "a b"),
        (AZURE, "a/b c", "scans", "a/b c"),
        (ROOT, f"{BLOBS}/x", "$root", "x"),
        (ROOT, f"{BLOBS}/%24root/x", "$root", "x"),
    ],
)
def test_a_url_names_an_object(rules: ObjectUrls, url: str, bucket: str, key: str) -> None:
    assert rules.find(url) == StoredObject(bucket, key)
    assert rules.canonical(url) == f"{bucket}/{key}"


@pytest.mark.parametrize(
    ("rules", "url", "words"),
    [
        (AWS, "video_file.mp4", "names no bucket, and the integration has several; write s3://BUCKET/KEY"),
        (AWS, "s3://acme/secret/x", "outside the integration's prefixes in acme: videos/, scans/"),
        (AWS, "s3://acme/videosx", "outside the integration's prefixes"),
        (AWS, "s3://other/videos/x", "in no bucket of the integration; it has acme, b.b"),
        (AWS, "s3://acme", "names no object"),
        (AWS, "s3://acme/", "names no object"),
        (AWS, "s3:///x", "in no bucket"),
        (LEGACY, "s3://acmeraw/x", "in no bucket of the integration; it has AcmeRaw"),
        (LEGACY, "https://acmeraw.s3.amazonaws.com/x", "in no bucket"),
        (LEGACY, "https://s3.amazonaws.com/acmeraw/x", "in no bucket"),
        (AWS, "gs://acme/videos/x", "is no URL of the integration's storage, such as s3://BUCKET/KEY"),
        (
            AWS,
            "https://acme.s3.amazonaws.com.evil.example/videos/x",
            "is no URL of the integration's storage",
        ),
        (AWS, "https://evil.example/acme/videos/x", "is no URL of the integration's storage"),
        (AWS, "https://u:p@acme.s3.amazonaws.com/videos/x", "is no URL of the integration's storage"),
        (AWS, "http://acme.s3.amazonaws.com/videos/x", "is no URL of the integration's storage"),
        (AWS, "https://acme.s3.amazonaws.com/videos/x?X-Amz-Signature=1", "is a signed URL"),
        (AWS, "https://acme.s3.amazonaws.com/videos/x?versionId=1", 'write "?" and "#" of a key as %3F and'),
        (AWS, "https://acme.s3.amazonaws.com/videos/x#t=1", 'write "?" and "#" of a key as %3F and %23'),
        (AWS, "s3://acme/videos/../secret/x", 'must not hold "." or ".."'),
        (AWS, "https://acme.s3.amazonaws.com/videos/%2e%2e/x", 'must not hold "." or ".."'),
        (AWS, "https://acme.s3.amazonaws.com/videos/..%5Cx", 'must not hold "." or ".."'),
        (AWS, "s3://acme/videos/./x", 'must not hold "." or ".."'),
        (AWS, "https://acme.s3.amazonaws.com/videos/%FF", "not UTF-8"),
        (AWS, "https://acme.s3.amazonaws.com/videos/%00", "control or invisible"),
        (AWS, "s3://acme/videos/\u200bx", "control or invisible"),
        (AWS, f"s3://acme/videos/{'x' * 1024}", "a key of more than 1024 bytes"),
        (AWS, f"s3://b.b/{chr(0xFC) * 600}", "a key of more than 1024 bytes"),
        (AWS, "s3://acme/" + "x" * 20_000, "is longer than 16 KB"),
        (AWS, "https://[/x", "is not a URL"),
        (AWS, "", "must not be empty"),
        (AZURE, f"{BLOBS}/other/x", "in no container of the integration; it has scans"),
        (AZURE, "https://other.blob.core.windows.net/scans/x", f"such as {BLOBS}/scans/BLOB"),
        (AZURE, f"{BLOBS}/scans/x?sv=1&se=2&sig=3", "is a signed URL"),
        (S3, "https://minio.example.com/acme/x", "is no URL of the integration's storage"),
    ],
)
def test_what_names_none_is_refused_and_not_quoted(rules: ObjectUrls, url: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)) as refusal:
        rules.find(url)
    assert not url or url not in str(refusal.value)


@given(st.text(max_size=40))
def test_no_text_leads_out_of_the_prefixes(text: str) -> None:
    for url in (text, f"s3://{text}", f"s3://acme/{text}", f"https://acme.s3.amazonaws.com/{text}"):
        try:
            found = AWS.find(url)
        except ValueError:
            continue
        assert found.bucket == "b.b" or found.key.startswith(("videos/", "scans/"))
        assert not {".", ".."} & set(found.key.split("/"))


SIGNED = [
    "https://x.example/a?X-Amz-Algorithm=a&X-Amz-Signature=b",
    "https://x.example/a?x-amz-signature=b",
    "https://x.example/a?X-Goog-Signature=b",
    "https://x.example/a?AWSAccessKeyId=a&Expires=1&Signature=b",
    "https://x.example/a?sv=1&se=2030-01-01&sig=b",
]
PLAIN = [
    "https://x.example/a",
    "https://x.example/a?version=1",
    "https://x.example/a?signature=",
    "https://x/a#sig",
]


@pytest.mark.parametrize(("url", "signed"), [*((u, True) for u in SIGNED), *((u, False) for u in PLAIN)])
def test_a_signed_url_is_told_by_its_parameters(url: str, signed: bool) -> None:
    assert is_signed(url) is signed
    for known in (False, True):
        takes_unsigned = DirectUrls(signed=False, known_signatures=known)
        assert _takes(takes_unsigned, url) is not signed
        assert _takes(DirectUrls(signed=True, known_signatures=known), url) is (signed or not known)


@pytest.mark.parametrize(
    "url",
    ["a.mp4", "s3://acme/x", "http://x.example/a", "https:///a", "https://u:p@x.example/a", "", "https://[/"],
)
def test_direct_access_takes_whole_https_urls(url: str) -> None:
    assert not _takes(DirectUrls(signed=False, known_signatures=False), url)


def _takes(rules: DirectUrls, url: str) -> bool:
    try:
        return rules.canonical(url) == url
    except ValueError:
        return False


SPELLED = {"my+clip": "my%2Bclip", "my clip": "my%20clip", "my%2Bclip": "my%252Bclip"}
"""Keys, and what any cloud takes for them in a URL."""
AMAZON = urls("S3_COMPATIBLE", preset="OTHER", buckets=ONE, endpoint="https://s3.eu-west-1.amazonaws.com")
R2 = urls("S3_COMPATIBLE", preset="CLOUDFLARE_R2", buckets=ONE, endpoint="https://x.r2.cloudflarestorage.com")
AT = {
    "AWS": (AWS_ONE, "https://acme.s3.eu-west-1.amazonaws.com/"),
    "AWS by path": (AWS_ONE, "https://s3.eu-west-1.amazonaws.com/acme/"),
    "AWS by endpoint": (AMAZON, "https://acme.s3.eu-west-1.amazonaws.com/"),
    "GCP": (urls("GCP", buckets=ONE), "https://storage.googleapis.com/acme/"),
    "AZURE": (AZURE, f"{BLOBS}/scans/"),
    "MINIO": (S3, f"{MINIO}/acme/"),
    "OTC": (OTC, "https://acme.obs.eu-de.otc.t-systems.com/"),
    "R2": (R2, "https://x.r2.cloudflarestorage.com/acme/"),
}
PLUS = {
    "AWS": "my clip",
    "AWS by path": "my clip",
    "AWS by endpoint": "my clip",
    "GCP": "my+clip",
    "AZURE": "my+clip",
    "MINIO": "my+clip",
    "OTC": None,
    "R2": None,
}
"""What `my+clip` in the path of a URL names; None where that is not published."""


@pytest.mark.parametrize("cloud", AT)
@pytest.mark.parametrize("key", SPELLED)
def test_percent_encoding_is_the_same_in_all_clouds(cloud: str, key: str) -> None:
    rules, front = AT[cloud]
    assert rules.find(front + SPELLED[key]).key == key


@pytest.mark.parametrize("cloud", AT)
def test_a_plus_in_a_path_is_what_the_cloud_takes_it_for(cloud: str) -> None:
    rules, front = AT[cloud]
    if PLUS[cloud] is None:
        with pytest.raises(ValueError, match="write %2B for a plus, %20 for a space"):
            rules.find(f"{front}my+clip")
    else:
        assert rules.find(f"{front}my+clip").key == PLUS[cloud]


@pytest.mark.parametrize("cloud", AT)
def test_a_key_that_is_no_url_is_not_decoded(cloud: str) -> None:
    assert AT[cloud][0].find("my+clip%20").key == "my+clip%20"


@pytest.mark.parametrize("key", ["my+clip", "my clip", "a%20b", "a%2Bb", "what?&#%", "\u00fcn\u00ef"])
def test_a_url_that_an_sdk_makes_names_the_object_that_it_was_made_for(key: str) -> None:
    """Second sources for how each cloud spells a key."""
    s3 = boto3.client("s3", "eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    by_boto = s3.generate_presigned_url("get_object", Params={"Bucket": "acme", "Key": key})
    by_azure = BlobClient(BLOBS, "scans", key).url
    assert AWS_ONE.find(by_boto.partition("?")[0]).key == key
    assert AZURE.find(by_azure).key == key


@pytest.mark.parametrize("key", ["my+clip", "my clip", "a%20b", "a%2Bb"])
def test_what_is_signed_names_the_object_by_the_same_rule(key: str) -> None:
    keys = s3_signing.Keys("x", "y")
    for name, place in {
        "AWS": "https://s3.eu-west-1.amazonaws.com",
        "MINIO": MINIO,
        "OTC": "https://obs.eu-de.otc.t-systems.com",
    }.items():
        [url] = s3_signing.sign(keys, {"acme": BucketEndpoint(place)}, [StoredObject("acme", key)], 60)
        assert AT[name][0].find(url.partition("?")[0]).key == key
    url = Account("acmedata", BLOBS).url(StoredObject("scans", key))
    assert AZURE.find(url).key == key
