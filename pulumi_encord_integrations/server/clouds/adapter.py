"""What every cloud's adapter does, and what it refuses."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from pulumi_encord_integrations.model.access_checks import (
    AccessCheckRequest,
    CheckName,
    CheckOutcome,
    checks_of,
)
from pulumi_encord_integrations.model.durations import DEFAULT_SECONDS
from pulumi_encord_integrations.model.expiry import LimitedBy
from pulumi_encord_integrations.model.objects import StoredObject
from pulumi_encord_integrations.model.policies.control import ChallengeObject, challenge_object
from pulumi_encord_integrations.server.errors import CloudFailed, NotConfigured

if TYPE_CHECKING:
    from pulumi_encord_integrations.server.clouds.findings import Finding


@dataclass(frozen=True)
class SignedObjects:
    """Minted URLs in the order of the objects, all with one end."""

    urls: Sequence[str]
    expires_at: datetime


@dataclass(frozen=True)
class StoredIntegration:
    """An integration as a cloud's adapter sees it."""

    provider: str
    title: str
    external_id: str
    settings: Mapping[str, Any]
    spec: Any
    """With its secrets decrypted."""
    uuid: str
    buckets: Mapping[str, Sequence[str]]
    """Bucket or container -> prefixes, none for all of it; empty for Direct Access."""
    approved: frozenset[str] = frozenset()
    """Over VPN: the buckets of which an operator has approved that the integration controls them."""

    @property
    def seconds(self) -> int:
        """How long its signed URLs live."""
        return self.settings.get("signed_url_expiry") or DEFAULT_SECONDS

    @property
    def checks(self) -> tuple[CheckName, ...]:
        """The checks that its type, its scenario and its credential get."""
        names = checks_of(self.spec.reach)
        return tuple(name for name in names if name != "control" or self.spec.challenged)

    @property
    def over_vpn(self) -> bool:
        """Whether the API cannot reach its data."""
        return bool(self.spec.reach.over_vpn)

    def challenge(self, bucket: str) -> ChallengeObject:
        """What proves control of a bucket."""
        return challenge_object(self.uuid, self.external_id, bucket, self.buckets[bucket])


@dataclass(frozen=True)
class Trust:
    """Whether a role trusts this deployment alone."""

    proven: bool | None
    """None if that could not be told."""
    session_seconds: int | None = None
    """The longest session that the role gives, in whole hours; None unless the trust is proven."""
    limited_by: LimitedBy | None = None


@dataclass(frozen=True)
class AccessFinding:
    """What the checks of access saw."""

    checks: Sequence[CheckOutcome]
    trust: Trust | None = None
    """None where no role is assumed."""
    controls: Mapping[str, bool | None] = field(default_factory=dict)
    """Bucket -> whether its challenge object was seen; None if that could not be told. Empty over VPN."""


class CloudAdapter(ABC):
    """One way to reach data; safe to share between threads."""

    proves_access: ClassVar[bool] = False
    """Whether nothing may be signed before `prove` has proven the access."""

    @abstractmethod
    def sign(
        self, integration: StoredIntegration, objects: Sequence[StoredObject], session_seconds: int | None
    ) -> SignedObjects:
        """A URL to read each object with; `session_seconds` is what a proof of access has seen."""

    def prove(self, integration: StoredIntegration) -> AccessFinding:
        """The checks that come before anything is signed; empty unless `proves_access`."""
        return AccessFinding([])

    def controls(self, integration: StoredIntegration, buckets: Sequence[str]) -> "Mapping[str, Finding]":
        """Whether the challenge object is in each of these buckets; empty unless the type is challenged.

        Raises `NotConfigured` if the deployment has nothing to ask with.
        """
        return {}

    @abstractmethod
    def check(self, integration: StoredIntegration, request: AccessCheckRequest) -> AccessFinding:
        """All checks of `integration.checks`. It neither waits nor retries: the caller may call again."""


def ends_in(seconds: int) -> datetime:
    """The end of what is minted now."""
    return datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds)


def not_configured(what: str, remedy: str) -> NotConfigured:
    """The deployment lacks what it would sign with."""
    return NotConfigured("signing_not_configured", f"the API cannot sign: {what}", remedy)


def not_installed(missing: ImportError) -> NotConfigured:
    """The same for a library."""
    return not_configured(
        f"it lacks {missing.name}", "Install the extra: pip install 'pulumi-encord-integrations[signing]'"
    )


def cloud_failed(what: str) -> CloudFailed:
    """The cloud did not do it."""
    return CloudFailed("cloud_failed", what, "See the API's log, and what the cloud says of its credentials")
