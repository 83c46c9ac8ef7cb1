"""Signed URLs: what is asked for, and what is answered."""

from datetime import datetime
from typing import Annotated

from pulumi_encord_integrations.model.base import Received, Sent
from pulumi_encord_integrations.model.bounds import Many

MAX_SIGNED = 10_000
"""URLs in one request."""


class SignedUrlsRequest(Sent):
    """Objects to sign URLs for, by their own URLs or, with a single bucket, their keys."""

    object_urls: Annotated[list[str], Many(MAX_SIGNED, empty=False)]


class SignedUrl(Received):
    """A URL that anybody can read the object with until it ends."""

    object_url: str
    url: str
    expires_at: datetime


class SignedUrls(Received):
    """One for each object that was asked for, in that order."""

    results: list[SignedUrl]
