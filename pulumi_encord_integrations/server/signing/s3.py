"""Storage that speaks S3's protocol: presigned GET requests, in SigV4."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from pulumi_encord_integrations.model.buckets import fits_a_host
from pulumi_encord_integrations.model.durations import MAX_SECONDS
from pulumi_encord_integrations.model.object_storage import of_aws
from pulumi_encord_integrations.model.objects import StoredObject

if TYPE_CHECKING:
    from obstore.store import S3Config, S3Store

DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True)
class Keys:
    """What S3 requests are signed with."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Place:
    """Where a bucket is reached."""

    endpoint: str
    region: str = DEFAULT_REGION

    @property
    def of_aws(self) -> bool:
        """Whether buckets are names in the host there."""
        return of_aws(self.endpoint)


def sign(keys: Keys, places: Mapping[str, Place], objects: Sequence[StoredObject], seconds: int) -> list[str]:
    """A URL for each object; `places` holds each bucket."""
    if not 1 <= seconds <= MAX_SECONDS:
        raise ValueError(f"no URL of S3 lives {seconds} seconds")
    urls = [""] * len(objects)
    for bucket, place in places.items():
        plain: list[int] = []
        rest: list[int] = []
        for index, one in enumerate(objects):
            if one.bucket == bucket:
                (rest if _respelled(one.key) else plain).append(index)
        in_bulk = _in_bulk(keys, bucket, place, [objects[index].key for index in plain], seconds)
        singly = _singly(keys, place, [objects[index] for index in rest], seconds)
        for index, url in zip((*plain, *rest), (*in_bulk, *singly), strict=True):
            urls[index] = url
    return urls


def _respelled(key: str) -> bool:
    """Whether the fast library would sign another key: it drops empty parts of paths."""
    return "//" in key or key.startswith("/") or key.endswith("/")


def _in_bulk(keys: Keys, bucket: str, place: Place, paths: list[str], seconds: int) -> list[str]:
    import obstore

    if not paths:
        return []
    return list(obstore.sign(_store(keys, bucket, place), "GET", paths, timedelta(seconds=seconds)))


@lru_cache(maxsize=64)
def _store(keys: Keys, bucket: str, place: Place) -> "S3Store":
    """Made once for many requests: that takes as long as signing a thousand URLs."""
    from obstore.store import S3Store

    # A certificate covers one part of a host, which has no upper case and no underscores; of "xn--" the
    # library wants valid Punycode.
    own_host = place.of_aws and fits_a_host(bucket) and "." not in bucket and not bucket.startswith("xn--")
    scheme, _, host = place.endpoint.partition("://")
    config: S3Config = {
        "access_key_id": keys.access_key_id,
        "secret_access_key": keys.secret_access_key,
        "region": place.region,
        "endpoint": f"{scheme}://{bucket}.{host}" if own_host else place.endpoint,
        "virtual_hosted_style_request": own_host,
    }
    if keys.session_token:
        config["session_token"] = keys.session_token
    return S3Store(bucket, config=config, client_options={"allow_http": scheme == "http"})


def _singly(keys: Keys, place: Place, objects: Sequence[StoredObject], seconds: int) -> list[str]:
    if not objects:
        return []
    from pulumi_encord_integrations.server.signing.aws import s3_client

    client = s3_client(keys, place)
    return [
        client.generate_presigned_url(
            "get_object", Params={"Bucket": one.bucket, "Key": one.key}, ExpiresIn=seconds
        )
        for one in objects
    ]
