"""Signed URLs: what is asked for, and what is answered."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from pulumi_encord_integrations.model.base import Received, Sent

MAX_SIGNED = 10_000
"""URLs in one request."""


class SignedUrlsRequest(Sent):
    """Objects to sign URLs for, by their own URLs or, with a single bucket, their keys."""

    object_urls: Annotated[list[str], Field(min_length=1, max_length=MAX_SIGNED)]


class SignedUrl(Received):
    """A URL that anybody can read the object with until it ends."""

    object_url: str
    url: str
    expires_at: datetime


class SignedUrls(Received):
    """One for each object that was asked for, in that order."""

    results: list[SignedUrl]


CheckName = Literal["assume_with_id", "assume_without_id", "assume_with_wrong_id"]


class TrustCheck(Received):
    """One question to the cloud, and what follows from its answer."""

    name: CheckName
    success: bool | None
    """None if the cloud could not be asked."""
    message: str
    remedy: str = ""


class AccessChecked(Received):
    """What the checks of an integration found."""

    valid: bool | None
    """None if nothing failed but not all could be asked."""
    checks: list[TrustCheck]
