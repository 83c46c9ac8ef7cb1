"""CORS rules of buckets, in the form that S3 and all that speaks its protocol takes."""

import re
from collections.abc import Sequence

from pulumi_encord_integrations.model.policies.grants import Document

METHODS = ("GET", "HEAD")
REQUEST_HEADERS = ("*",)
EXPOSED_HEADERS = ("Accept-Ranges", "Content-Length", "Content-Range", "ETag")
"""What players need to know to read a part of a file."""
MAX_AGE_SECONDS = 3_600
"""How long a browser may keep the answer to a preflight."""
_ORIGIN = re.compile(
    r"https?://(?:\*\.[a-z0-9-]+\.)?[a-z0-9.-]*[a-z0-9](?::\d{1,5})?|https?://\[[0-9a-f:]+\](?::\d{1,5})?"
)


def is_origin(text: str) -> bool:
    """Whether a text is a browser's origin as CORS rules name it: scheme and host in lower case, no path."""
    return bool(_ORIGIN.fullmatch(text))


def cors_rules(origins: Sequence[str]) -> list[Document]:
    """The rule that lets browsers of the app read objects, by GET and HEAD alone.

    Args:
        origins: browser origins of the app, such as `https://app.example.com`; none is published, so the
            deployment's own are given: the output `origins` of an integration.

    Raises:
        ValueError: there is no list of origins, or one is no origin; `*` is refused.

    """
    if not origins:
        raise ValueError("origins: names no origin of the app; set encord:appOrigins where the API runs")
    if not isinstance(origins, (list, tuple)) or not all(isinstance(one, str) for one in origins):
        raise ValueError("origins: must be a list of texts such as https://app.example.com")
    for origin in origins:
        if not is_origin(origin):
            raise ValueError(f'origins: "{origin}" is no origin such as https://app.example.com')
    return [
        {
            "AllowedOrigins": sorted(set(origins)),
            "AllowedMethods": list(METHODS),
            "AllowedHeaders": list(REQUEST_HEADERS),
            "ExposeHeaders": list(EXPOSED_HEADERS),
            "MaxAgeSeconds": MAX_AGE_SECONDS,
        }
    ]
