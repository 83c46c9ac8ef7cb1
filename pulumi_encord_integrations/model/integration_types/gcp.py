"""Google Cloud Storage, read by a service account of the API's."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator

from pulumi_encord_integrations.model.base import Deferred
from pulumi_encord_integrations.model.buckets import DISTINCT, FEW, NAMED, BucketSpec, not_an_ip_address
from pulumi_encord_integrations.model.durations import ExpiryDuration
from pulumi_encord_integrations.model.integrations import (
    IntegrationSpec,
    IntegrationType,
    IntegrationView,
)
from pulumi_encord_integrations.model.marks import SHARED, STABLE
from pulumi_encord_integrations.model.objects import ObjectUrls, bucket_urls
from pulumi_encord_integrations.model.paths import plus_is_plus

_HOSTS = re.compile(r"storage\.googleapis\.com|storage\.cloud\.google\.com")
_PART = r"[a-z0-9_-]{1,63}"
_BUCKET = re.compile(rf"(?=.{{3,222}}$)(?=[a-z0-9])(?=.*[a-z0-9]$){_PART}(?:\.{_PART})*")


def _bucket_name(value: str) -> str:
    if not _BUCKET.fullmatch(value) or ("." not in value and len(value) > 63):
        raise ValueError(
            "must be a Cloud Storage bucket name: 3 to 63 lower-case letters, digits, hyphens and "
            "underscores (222 with dots, 63 between them), beginning and ending with a letter or digit"
        )
    not_an_ip_address(value)
    return value


class GcpBucket(BucketSpec):
    """A Cloud Storage bucket."""

    name: Annotated[str, AfterValidator(_bucket_name)]


class _Settings(Deferred):
    buckets: Annotated[list[Annotated[GcpBucket, NAMED]], FEW, DISTINCT]
    signed_url_expiry: Annotated[ExpiryDuration | None, SHARED] = None


class GcpSpec(_Settings, IntegrationSpec):
    """A GCP integration as declared."""

    provider: Literal["GCP"] = "GCP"

    @property
    def challenged(self) -> bool:
        """Always: one service account reads for all customers, and proves nothing about who declared."""
        return True


class GcpView(_Settings, IntegrationView):
    """A GCP integration as answered."""

    service_account_email: Annotated[str | None, STABLE]
    """Who reads the buckets; None if the deployment has not configured it."""
    challenge: Annotated[str, STABLE]
    """What each bucket's challenge object is made from; chosen by the API, stable for life."""
    verified: bool = False
    """Whether the API has seen the challenge object in every bucket."""

    @property
    def credential(self) -> str:
        """The service account that is let in."""
        return "service account"


def _urls(settings: Mapping[str, Any]) -> ObjectUrls:
    return bucket_urls(settings, _HOSTS, plus_is_plus, "gs")


GCP = IntegrationType("GCP", "GcpIntegration", GcpSpec, GcpView, _urls)
