"""Storage that speaks S3's protocol outside AWS and OTC, read with a key pair."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator

from pulumi_encord_integrations.model.base import Deferred, rule
from pulumi_encord_integrations.model.buckets import (
    DISTINCT,
    FEW,
    NAMED,
    BucketSpec,
    dns_name,
    not_an_ip_address,
)
from pulumi_encord_integrations.model.integrations import (
    IntegrationSpec,
    IntegrationType,
    IntegrationView,
)
from pulumi_encord_integrations.model.marks import IMMUTABLE
from pulumi_encord_integrations.model.object_storage import (
    KEY_PAIR,
    AccessKeyId,
    Endpoint,
    SecretAccessKey,
    endpoint_urls,
    host_of,
    quoted_keys,
)
from pulumi_encord_integrations.model.objects import ObjectUrls
from pulumi_encord_integrations.model.paths import plus_is_plus, plus_is_unclear
from pulumi_encord_integrations.model.problems import Problem

Preset = Literal["MINIO", "WASABI", "ORACLE", "CLOUDFLARE_R2", "COREWEAVE", "OTHER"]

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?!\.)){0,254}[A-Za-z0-9_-]", re.ASCII)
_MINIO = re.compile(r"(?!.*(?:\.-|-\.))[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?!\.)){1,61}[A-Za-z0-9]", re.ASCII)
"""What MinIO reads, of which it makes only what is in lower case and without underscores."""
_REGION = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}", re.ASCII)


@dataclass(frozen=True)
class _Service:
    """What a service demands beyond the protocol."""

    hosts: re.Pattern[str]
    example: str
    dotless: bool = False
    free_names: bool = False
    """Bucket names of any case and with underscores."""
    reserved: tuple[str, ...] = ()
    """How no bucket name begins."""


_SERVICES: dict[str, _Service] = {
    "WASABI": _Service(re.compile(r"s3(\.[a-z0-9-]+)?\.wasabisys\.com"), "s3.eu-central-1.wasabisys.com"),
    "ORACLE": _Service(
        re.compile(
            r"[a-z0-9_-]+\.compat\.objectstorage\.[a-z0-9-]+\."
            r"(oci\.customer-oci\.com|oraclecloud\d*\.(com|eu)|oraclegovcloud\.(com|uk))"
        ),
        "NAMESPACE.compat.objectstorage.eu-frankfurt-1.oraclecloud.com",
        free_names=True,
    ),
    "CLOUDFLARE_R2": _Service(
        re.compile(r"[0-9a-f]{32}\.((eu|us|fedramp)\.)?r2\.cloudflarestorage\.com"),
        "ACCOUNT_ID.r2.cloudflarestorage.com",
        dotless=True,
    ),
    "COREWEAVE": _Service(
        re.compile(r"(cwobject|cwlota)\.com|[a-z0-9.-]+\.coreweave\.com"),
        "cwobject.com",
        dotless=True,
        reserved=("cw-", "vip-", "xn--", "log-stitcher-ch-"),
    ),
}
"""MinIO and all others may be anywhere."""


def _bucket_name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError(
            "must be a bucket name: 2 to 256 letters, digits, hyphens, underscores and single dots"
        )
    not_an_ip_address(value)
    return value


def _name_at(preset: Preset, name: str) -> None:
    service = _SERVICES.get(preset)
    if preset == "MINIO" and not _MINIO.fullmatch(name):
        raise ValueError(
            "must be a bucket name of MinIO: 3 to 63 letters, digits, hyphens, underscores and single dots, "
            "beginning and ending with a letter or digit, no hyphen beside a dot"
        )
    if preset in {"MINIO", "OTHER"} or (service and service.free_names):
        return
    dns_name(name)
    if service and service.dotless and "." in name:
        raise ValueError(f"must not hold a dot at {preset}")
    if service and name.startswith(service.reserved):
        raise ValueError(f"must not begin with any of {', '.join(service.reserved)} at {preset}")


def _region(value: str) -> str:
    if not _REGION.fullmatch(value):
        raise ValueError("must be the region that the storage signs with, such as us-east-1 or auto")
    return value


class S3CompatibleBucket(BucketSpec):
    """A bucket of storage that speaks S3's protocol."""

    name: Annotated[str, AfterValidator(_bucket_name)]


class _Settings(Deferred):
    preset: Annotated[Preset, IMMUTABLE]
    endpoint: Annotated[Endpoint, IMMUTABLE]
    buckets: Annotated[list[Annotated[S3CompatibleBucket, NAMED]], FEW, DISTINCT]
    access_key_id: AccessKeyId
    region: Annotated[str, AfterValidator(_region)] | None = None


class S3CompatibleSpec(_Settings, IntegrationSpec):
    """An S3-compatible integration as declared."""

    provider: Literal["S3_COMPATIBLE"] = "S3_COMPATIBLE"
    secret_access_key: SecretAccessKey

    key_pairs: ClassVar[Mapping[str, str]] = KEY_PAIR

    def unfit(self, now: datetime) -> Iterator[Problem]:
        """A key that was pasted with its quotes."""
        yield from quoted_keys(self)

    @rule("preset", "endpoint")
    def own_hosts(self) -> Iterator[Problem]:
        """A service is reached at its own hosts."""
        service = _SERVICES.get(self.preset)
        if service and not service.hosts.fullmatch(host_of(self.endpoint)):
            yield Problem(
                ("endpoint",),
                f"is no endpoint of {self.preset}, such as https://{service.example}",
                "use preset OTHER for other storage",
            )

    @rule("preset", "buckets")
    def own_names(self) -> Iterator[Problem]:
        """Bucket names follow the service's rules."""
        for index, bucket in enumerate(self.buckets):
            try:
                _name_at(self.preset, bucket.name)
            except ValueError as error:
                yield Problem(("buckets", index, "name"), str(error))


class S3CompatibleView(_Settings, IntegrationView):
    """An S3-compatible integration as answered."""

    credential_fingerprint: str
    """Changes with the secret access key, and says nothing about it."""

    @property
    def credential(self) -> str:
        """What signs, never told itself."""
        return "key pair"


def _urls(settings: Mapping[str, Any]) -> ObjectUrls:
    # MinIO's server was read; what the other services do is not published.
    return endpoint_urls(settings, plus_is_plus if settings["preset"] == "MINIO" else plus_is_unclear)


S3_COMPATIBLE = IntegrationType(
    "S3_COMPATIBLE", "S3CompatibleIntegration", S3CompatibleSpec, S3CompatibleView, _urls
)
