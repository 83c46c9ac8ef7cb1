"""Whether an API answers, which it tells everybody."""

import time
from email.utils import parsedate_to_datetime

import httpx2

from pulumi_encord_integrations.client.client import reaching
from pulumi_encord_integrations.client.errors import UnexpectedAnswer

_SECONDS = 10.0


def seconds_ahead(endpoint: str, transport: httpx2.BaseTransport | None = None) -> float | None:
    """How far this clock is ahead of the API's, None if it does not tell; raises `EncordError`."""
    with reaching(endpoint), httpx2.Client(transport=transport, timeout=_SECONDS) as http:
        response = http.get(f"{endpoint}/healthz")
    if response.status_code != 200:
        raise UnexpectedAnswer(
            f"{endpoint}/healthz answered {response.status_code}",
            hint="Check the address in encord:endpoint and that the API is running",
        )
    try:
        return time.time() - parsedate_to_datetime(response.headers["Date"]).timestamp()
    except (KeyError, ValueError):
        return None
