"""How long signed URLs live: what is declared of it, and what the cloud makes of that."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from pulumi_encord_integrations.model.base import Received, Sent
from pulumi_encord_integrations.model.durations import DEFAULT_SECONDS, ExpiryDuration, Timespan, shown
from pulumi_encord_integrations.model.members import IntegrationId

LONGEST_SESSION = 43_200
"""Seconds that a session of an IAM role lasts at most; a URL signed with it ends with it."""
CHAINED_SESSION = 3_600
"""The same where who assumes the role is a role itself."""

LimitedBy = Literal["role_session", "role_chaining"]
"""What ends signed URLs early: the longest session that the role allows, or that a role is given at all."""


class SignedUrlExpirySpec(Sent):
    """What is declared of an integration's signed URLs."""

    integration: IntegrationId
    duration: ExpiryDuration
    expected_annotation_time: Timespan | None = None
    on_delete: Literal["remove", "keep"] = "remove"


class ExpiryChange(Sent):
    """The body that sets an expiry."""

    duration: ExpiryDuration


class ExpiryView(Received):
    """How long an integration's signed URLs live, as answered."""

    integration: str = Field(alias="integrationUuid")
    seconds: int
    custom: bool
    """False for the default of 1 week."""
    effective_seconds: int | None
    """What the cloud makes of it; None until the role was probed."""
    limited_by: LimitedBy | None


@dataclass(frozen=True)
class EffectiveExpiry:
    """How long a URL lives in fact; None if that is not known yet."""

    seconds: int | None
    limited_by: LimitedBy | None = None


def effective_expiry_of(view: Any) -> tuple[int, EffectiveExpiry]:
    """The seconds that an answered integration's URLs are signed for, and what becomes of them."""
    seconds = view.signed_url_expiry or DEFAULT_SECONDS
    if not hasattr(view, "session_seconds"):
        return seconds, EffectiveExpiry(seconds)
    if view.session_seconds is None:
        return seconds, EffectiveExpiry(None)
    if seconds <= view.session_seconds:
        return seconds, EffectiveExpiry(seconds)
    return seconds, EffectiveExpiry(view.session_seconds, view.session_limited_by)


def advice(seconds: int, *, by_role: bool, expected: int | None = None) -> Iterator[str]:
    """What is worth a word about an expiry that somebody chose."""
    lifetime = min(seconds, LONGEST_SESSION) if by_role else seconds
    if lifetime < seconds:
        yield (
            f"URLs will live at most {shown(lifetime)}, not {shown(seconds)}: they are signed with a session "
            "of the role, and no session lasts longer"
        )
    if expected is not None and expected > lifetime:
        yield (
            f"annotating takes {shown(expected)}, but signed URLs live "
            f"{'at most ' if by_role else ''}{shown(lifetime)}: files would stop loading meanwhile"
        )
