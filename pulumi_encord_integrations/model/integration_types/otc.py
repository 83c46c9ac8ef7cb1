"""Object Storage Service of the Open Telekom Cloud, read with a key pair."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator

from pulumi_encord_integrations.model.base import Deferred, rule
from pulumi_encord_integrations.model.buckets import DISTINCT, FEW, NAMED, BucketSpec, dns_name
from pulumi_encord_integrations.model.durations import ExpiryDuration
from pulumi_encord_integrations.model.integrations import (
    IntegrationSpec,
    IntegrationType,
    IntegrationView,
)
from pulumi_encord_integrations.model.marks import IMMUTABLE, SHARED
from pulumi_encord_integrations.model.object_storage import (
    KEY_PAIR,
    AccessKeyId,
    Endpoint,
    SecretAccessKey,
    endpoint_urls,
    host_of,
    quoted_keys,
)
from pulumi_encord_integrations.model.problems import Problem

_REGION = re.compile(r"[a-z]{2}-[a-z]{2,9}\d{0,2}", re.ASCII)
_HOST = re.compile(r"obs\.([a-z0-9-]+)\.(?:sc\.)?otc\.t-systems\.com")
"""The cloud's own hosts name the region."""


def _region(value: str) -> str:
    if not _REGION.fullmatch(value):
        raise ValueError("must be a region of the Open Telekom Cloud, such as eu-de")
    return value


class OtcBucket(BucketSpec):
    """A bucket of the Open Telekom Cloud."""

    name: Annotated[str, AfterValidator(dns_name)]


class _Settings(Deferred):
    endpoint: Annotated[Endpoint, IMMUTABLE]
    region: Annotated[str, AfterValidator(_region)]
    buckets: Annotated[list[Annotated[OtcBucket, NAMED]], FEW, DISTINCT]
    access_key_id: AccessKeyId
    signed_url_expiry: Annotated[ExpiryDuration | None, SHARED] = None


class OtcSpec(_Settings, IntegrationSpec):
    """An OTC integration as declared."""

    provider: Literal["OTC"] = "OTC"
    secret_access_key: SecretAccessKey

    key_pairs: ClassVar[Mapping[str, str]] = KEY_PAIR

    def unfit(self, now: datetime) -> Iterator[Problem]:
        """A key that was pasted with its quotes."""
        yield from quoted_keys(self)

    @rule("endpoint", "region")
    def one_region(self) -> Iterator[Problem]:
        """The endpoint, where it names a region, names this one."""
        named = _HOST.fullmatch(host_of(self.endpoint))
        if named and named[1] != self.region:
            yield Problem(("region",), f"{self.region} is not the region of the endpoint, {named[1]}")


class OtcView(_Settings, IntegrationView):
    """An OTC integration as answered."""

    credential_fingerprint: str
    """Changes with the secret access key, and says nothing about it."""

    @property
    def credential(self) -> str:
        """What signs, never told itself."""
        return "key pair"


OTC = IntegrationType("OTC", "OtcIntegration", OtcSpec, OtcView, endpoint_urls)
