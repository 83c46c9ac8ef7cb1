"""Reads answers within bounds, since whatever listens at an address may send for ever."""

import json
import os
import time
from typing import Any

import httpx2

from pulumi_encord_integrations.client import errors
from pulumi_encord_integrations.client.transport import PROXIES, goes_directly

MAX_ANSWER = 64 * 1024 * 1024
"""Bytes of a body, unpacked."""
MAX_TOLD = 32_768
"""Characters of a refusal."""
REPLACED = "\N{REPLACEMENT CHARACTER}"


def body_of(response: httpx2.Response, endpoint: str, seconds: float) -> bytes:
    """The body of a response that was opened as a stream, which this closes.

    Raises `UnexpectedAnswer` for one that is too large, and `TimedOut` for one that takes longer.
    """
    ends = time.monotonic() + seconds
    body = bytearray()
    try:
        for piece in response.iter_bytes():
            body += piece
            if len(body) > MAX_ANSWER:
                raise errors.UnexpectedAnswer(
                    f"{endpoint} answered with more than {MAX_ANSWER // 2**20} MiB",
                    hint="Check the address in encord:endpoint",
                )
            if time.monotonic() > ends:
                raise errors.TimedOut(f"{endpoint} did not end its answer within {seconds:.0f} s")
    finally:
        response.close()
    return bytes(body)


def remedy(error: httpx2.TransportError) -> str:
    """What to do where no answer arrived."""
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "SSL_CERT_FILE names a file with the certificates of the authorities that are trusted"
    return "Check the address in encord:endpoint and that the API is running"


def way(endpoint: str) -> str:
    """That a proxy is asked first, where the environment names one; nothing of its address is told."""
    if goes_directly(endpoint) or not any(os.environ.get(name) for name in PROXIES):
        return ""
    return ", through the proxy of HTTPS_PROXY or ALL_PROXY"


def decoded(body: bytes) -> Any:
    """What a JSON body says; None if it is not JSON."""
    try:
        return json.loads(body)
    # Of what is nested too deep.
    except (ValueError, RecursionError):
        return None


def told(value: Any) -> str:
    """A text of the API's, which can neither steer a terminal nor fill it."""
    shown = (char if char.isprintable() or char.isspace() else REPLACED for char in str(value)[:MAX_TOLD])
    return "".join(shown)
