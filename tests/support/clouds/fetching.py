"""URLs fetched as anybody would, with nothing but the URL."""

import ssl
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen


def fetched(url: str, method: str = "GET", certificate: Path | None = None) -> tuple[int, bytes]:
    """The status and the body of what a URL gives; a refusal has no body."""
    trusted = ssl.create_default_context(cafile=certificate) if certificate else None
    try:
        with urlopen(Request(url, method=method), timeout=20, context=trusted) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        return error.code, b""
