"""Signed URLs: what is asked for, and what is answered."""

from datetime import datetime
from typing import Annotated

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
