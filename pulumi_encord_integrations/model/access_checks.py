"""Checks of an integration's access: which ones each type and scenario gets, and what they found."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StrictBool

from pulumi_encord_integrations.model.base import Received, Sent
from pulumi_encord_integrations.model.durations import Timespan, shown
from pulumi_encord_integrations.model.members import IntegrationId
from pulumi_encord_integrations.model.objects import DirectUrls
from pulumi_encord_integrations.model.scenarios import DIRECT_ACCESS, Reach

CheckName = Literal[
    "assume_with_id",
    "assume_without_id",
    "assume_with_wrong_id",
    "credential",
    "control",
    "list",
    "read",
    "sign",
    "write",
    "fetch",
    "preflight",
    "preflight_elsewhere",
]
MAX_URLS = 100
"""URLs of Direct Access in one check."""
RETRY_SECONDS = 120
"""How long a resource asks again, unless told otherwise: IAM takes seconds to settle, at times a minute."""
MAX_RETRY_SECONDS = 900
"""A provider process serves four resources at a time, and a check that waits is one of them."""

_TRUST: tuple[CheckName, ...] = ("assume_with_id", "assume_without_id", "assume_with_wrong_id")
_DATA: tuple[CheckName, ...] = ("list", "read", "sign", "write")
_BROWSER: tuple[CheckName, ...] = ("preflight", "preflight_elsewhere")
_TYPES: Mapping[str, tuple[CheckName, ...]] = {
    "AWS": (*_TRUST, *_DATA, *_BROWSER),
    "GCP": ("control", *_DATA, *_BROWSER),
    "AZURE": ("credential", "control", *_DATA, *_BROWSER),
    "OTC": (*_DATA, *_BROWSER),
    "S3_COMPATIBLE": (*_DATA, *_BROWSER),
    DIRECT_ACCESS: ("fetch", "preflight"),
}
"""Type -> its checks where the data may be read."""
READS_DATA: frozenset[CheckName] = frozenset({"list", "read", "write", "fetch"})
"""Never made for strict client-only integrations; `sign` then signs, and fetches nothing. The challenge
object is read nevertheless: it is no data.
"""
OVER_THE_NETWORK: frozenset[CheckName] = frozenset(
    {"credential", "fetch", "preflight", "preflight_elsewhere"}
)
"""Not to be told over VPN, where the API cannot reach the data."""


def checks_of(reach: Reach) -> tuple[CheckName, ...]:
    """The checks that a type and scenario gets, in the order in which they are made.

    `control` is made only where the integration is challenged: for Azure, with tenant_id.
    """
    names = _TYPES[reach.provider]
    return tuple(name for name in names if not (reach.strict_client_only and name in READS_DATA))


class CheckOutcome(Received):
    """One question about access, and what follows from its answer."""

    name: str
    """A `CheckName`, or one that only a newer API makes."""
    success: bool | None
    """None if it cannot be told."""
    required: bool = True
    """False if nothing depends on the answer, as over VPN."""
    message: str
    remedy: str = ""


class AccessChecked(Received):
    """What the checks of an integration found."""

    valid: bool | None
    """False if a required check failed; None if none did, but not all could be asked."""
    checks: list[CheckOutcome]


def judged(checks: Iterable[CheckOutcome]) -> AccessChecked:
    """The checks, and what they amount to."""
    found = list(checks)
    answers = {check.success for check in found if check.required}
    return AccessChecked(valid=False if False in answers else None if None in answers else True, checks=found)


def _within_bounds(seconds: int) -> int:
    if seconds > MAX_RETRY_SECONDS:
        raise ValueError(f"must be at most {shown(MAX_RETRY_SECONDS)} ({MAX_RETRY_SECONDS} seconds)")
    return seconds


def _url(value: str) -> str:
    return DirectUrls(signed=True, known_signatures=False).canonical(value)


Urls = Annotated[list[Annotated[str, AfterValidator(_url)]], Field(max_length=MAX_URLS)]


class AccessCheckRequest(Sent):
    """What is checked beside the integration's own settings."""

    urls: Urls = Field(default_factory=list)
    """Of Direct Access: URLs that must be readable."""
    writable: StrictBool = False
    """Whether write access was granted: then writing must be allowed, else it must be refused."""


class AccessCheckOptions(AccessCheckRequest):
    """What may be declared of a check beside its integration."""

    required: StrictBool = True
    """Whether a failure fails the update, and memberships wait for it."""
    retry_for: Annotated[Timespan, AfterValidator(_within_bounds)] = RETRY_SECONDS
    """How long it is asked again while clouds settle."""


class AccessCheckSpec(AccessCheckOptions):
    """A check of access as a resource declares it."""

    integration: IntegrationId
    settings_revision: int | None = None
    triggers: Any = None
