"""Storage that speaks S3's protocol: presigned GET requests, in SigV4."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache, partial
from io import BytesIO
from typing import TYPE_CHECKING, Any

from pulumi_encord_integrations.model.buckets import fits_a_host
from pulumi_encord_integrations.model.durations import MAX_SECONDS
from pulumi_encord_integrations.model.object_storage import of_aws
from pulumi_encord_integrations.model.objects import StoredObject
from pulumi_encord_integrations.server.clouds.outbound import Outbound

if TYPE_CHECKING:
    from obstore.store import S3Config, S3Store
    from types_boto3_s3 import S3Client

DEFAULT_REGION = "us-east-1"
_MAKING = threading.Lock()
_CONTROL = frozenset(map(chr, (*range(32), 127)))
MAX_ANSWER = 1024 * 1024
"""Bytes of an answer that are read: more than a listing of a hundred names can have."""


@dataclass(frozen=True)
class Keys:
    """What S3 requests are signed with."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class BucketEndpoint:
    """Where a bucket is reached."""

    url: str
    region: str = DEFAULT_REGION

    @property
    def of_aws(self) -> bool:
        """Whether buckets are names in the host there."""
        return of_aws(self.url)


def s3_client(
    keys: Keys,
    endpoint: BucketEndpoint | None = None,
    region: str | None = None,
    outbound: Outbound | None = None,
) -> "S3Client":
    """S3 with given keys: at an endpoint, or where the standard chain says.

    With `outbound` its requests are sent by that, which is for endpoints that customers typed.
    """
    import boto3
    from botocore.config import Config

    own_host = endpoint is None or endpoint.of_aws
    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": "auto" if own_host else "path"},
        connect_timeout=5,
        read_timeout=20,
        retries={"total_max_attempts": 1 if outbound else 2},
        request_checksum_calculation="when_required",
    )
    # boto3's own session is not for several threads at once.
    with _MAKING:
        client = boto3.client(
            "s3",
            aws_access_key_id=keys.access_key_id,
            aws_secret_access_key=keys.secret_access_key,
            aws_session_token=keys.session_token,
            region_name=endpoint.region if endpoint else region or "us-east-1",
            endpoint_url=endpoint.url if endpoint else None,
            config=config,
        )
    if outbound:
        client.meta.events.register("before-send.s3", partial(_sent, outbound))
        client.meta.events.register_last("before-parameter-build.s3", _stay)
    return client


def _stay(context: Any, **_more: Any) -> None:
    """The library would look for a bucket in other regions, and find what URLs signed here do not."""
    context.setdefault("s3_redirect", {})["redirected"] = True


class _Raw(BytesIO):
    """A body as the library reads it."""

    def stream(self, *_size: Any, **_more: Any) -> Iterator[bytes]:
        """All of it at once."""
        yield self.read()


def _sent(outbound: Outbound, request: Any, **_more: Any) -> Any:
    """The answer to a request of the library's; raises `NotReached`."""
    from botocore.awsrequest import AWSResponse

    headers = {name: _text(value) for name, value in request.headers.items()}
    body = request.body.encode() if isinstance(request.body, str) else request.body or None
    answer = outbound.request(request.method, request.url, headers, body, limit=MAX_ANSWER)
    given: Any = answer.headers
    return AWSResponse(request.url, answer.status, given, _Raw(answer.body))


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def sign(
    keys: Keys, endpoints: Mapping[str, BucketEndpoint], objects: Sequence[StoredObject], seconds: int
) -> list[str]:
    """A URL for each object; `endpoints` holds each bucket."""
    if not 1 <= seconds <= MAX_SECONDS:
        raise ValueError(f"no URL of S3 lives {seconds} seconds")
    urls = [""] * len(objects)
    for bucket, endpoint in endpoints.items():
        plain: list[int] = []
        rest: list[int] = []
        for index, one in enumerate(objects):
            if one.bucket == bucket:
                (rest if _respelled(one.key) else plain).append(index)
        in_bulk = _in_bulk(keys, bucket, endpoint, [objects[index].key for index in plain], seconds)
        singly = _singly(keys, endpoint, [objects[index] for index in rest], seconds)
        for index, url in zip((*plain, *rest), (*in_bulk, *singly), strict=True):
            urls[index] = url
    return urls


def _respelled(key: str) -> bool:
    """Whether the fast library would sign another key, or none: it drops empty parts of paths, and knows
    neither dots alone nor control characters.
    """
    parts = key.split("/")
    return "" in parts or "." in parts or ".." in parts or not _CONTROL.isdisjoint(key)


def _in_bulk(keys: Keys, bucket: str, endpoint: BucketEndpoint, paths: list[str], seconds: int) -> list[str]:
    import obstore

    if not paths:
        return []
    return list(obstore.sign(_store(keys, bucket, endpoint), "GET", paths, timedelta(seconds=seconds)))


@lru_cache(maxsize=64)
def _store(keys: Keys, bucket: str, endpoint: BucketEndpoint) -> "S3Store":
    """Made once for many requests: that takes as long as signing a thousand URLs."""
    from obstore.store import S3Store

    # A certificate covers one part of a host, which has no upper case and no underscores; of "xn--" the
    # library wants valid Punycode.
    own_host = endpoint.of_aws and fits_a_host(bucket) and "." not in bucket and not bucket.startswith("xn--")
    scheme, _, host = endpoint.url.partition("://")
    config: S3Config = {
        "access_key_id": keys.access_key_id,
        "secret_access_key": keys.secret_access_key,
        "region": endpoint.region,
        "endpoint": f"{scheme}://{bucket}.{host}" if own_host else endpoint.url,
        "virtual_hosted_style_request": own_host,
    }
    if keys.session_token:
        config["session_token"] = keys.session_token
    return S3Store(bucket, config=config, client_options={"allow_http": scheme == "http"})


def _singly(keys: Keys, endpoint: BucketEndpoint, objects: Sequence[StoredObject], seconds: int) -> list[str]:
    if not objects:
        return []
    client = s3_client(keys, endpoint)
    return [
        client.generate_presigned_url(
            "get_object", Params={"Bucket": one.bucket, "Key": one.key}, ExpiresIn=seconds
        )
        for one in objects
    ]
