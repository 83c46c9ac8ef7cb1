"""What every cloud's adapter does, and what it refuses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Protocol

from pulumi_encord_integrations.model.durations import DEFAULT_SECONDS
from pulumi_encord_integrations.model.expiry import LimitedBy
from pulumi_encord_integrations.model.objects import StoredObject
from pulumi_encord_integrations.model.signing import AccessChecked
from pulumi_encord_integrations.server.errors import CloudFailed, InvalidRequest, NotConfigured, invalid


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
    spec: Any = None
    """With its secrets decrypted; None where only access is checked."""

    @property
    def seconds(self) -> int:
        """How long its signed URLs live."""
        return self.settings.get("signed_url_expiry") or DEFAULT_SECONDS


@dataclass(frozen=True)
class AccessFinding:
    """What the checks of access saw."""

    checked: AccessChecked
    session_seconds: int | None = None
    """The longest session that the role gives, in whole hours; None unless the access is proven."""
    limited_by: LimitedBy | None = None


class CloudAdapter(Protocol):
    """One way to reach data; safe to share between threads."""

    proves_access: ClassVar[bool]
    """Whether nothing may be signed before `check` has proven the access."""

    def sign(
        self, integration: StoredIntegration, objects: Sequence[StoredObject], session_seconds: int | None
    ) -> SignedObjects:
        """A URL to read each object with; `session_seconds` is what a proof of access has seen."""

    def check(self, integration: StoredIntegration) -> AccessFinding:
        """Whether the API may reach the data. It neither waits nor retries: the caller may call again."""


class Unchecked:
    """What is reached without a role whose trust could be checked."""

    proves_access: ClassVar[bool] = False

    def check(self, integration: StoredIntegration) -> AccessFinding:
        """Always raises `InvalidRequest`."""
        raise unchecked(integration.provider)


def unchecked(provider: str) -> InvalidRequest:
    """The refusal to check what is reached without a role."""
    return invalid(f"{provider} integrations are reached without a role whose trust could be probed")


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
