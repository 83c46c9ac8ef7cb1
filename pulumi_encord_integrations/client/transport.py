"""How the API is reached: directly, or through a proxy of the environment that cannot read what passes."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx2

from pulumi_encord_integrations.client.errors import ConfigurationError
from pulumi_encord_integrations.client.settings import LOOPBACK

PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
"""Variables that may name a proxy for https."""


def http_client(
    endpoint: str,
    transport: httpx2.BaseTransport | None = None,
    *,
    timeout: httpx2.Timeout | float,
    headers: Mapping[str, str] | None = None,
) -> httpx2.Client:
    """A client of one API, which follows no redirect.

    Raises `ConfigurationError`, which does not quote it, if the proxy of the environment cannot be used.
    """
    try:
        return httpx2.Client(
            base_url=endpoint,
            transport=transport or _direct(endpoint),
            timeout=timeout,
            headers=headers,
            follow_redirects=False,
        )
    except (ValueError, ImportError, httpx2.InvalidURL):
        raise ConfigurationError(
            "the proxy that the environment names cannot be used",
            hint="Check HTTPS_PROXY and ALL_PROXY: they must be like http://proxy.example.com:3128. "
            "NO_PROXY lists hosts that are reached without one",
        ) from None


def _direct(endpoint: str) -> httpx2.BaseTransport | None:
    """A transport without a proxy; None where the environment may name one.

    Over https a proxy sees a CONNECT and ciphertext. Over http it would read every request, so the only such
    endpoints, those on loopback, are never reached through one.
    """
    # With a transport of its own, a client takes no proxy from the environment.
    return httpx2.HTTPTransport() if goes_directly(endpoint) else None


def goes_directly(endpoint: str) -> bool:
    """Whether no proxy is ever asked for the endpoint."""
    parts = urlsplit(endpoint)
    return parts.scheme != "https" or parts.hostname in LOOPBACK
