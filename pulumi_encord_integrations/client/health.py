"""Whether an API answers, which it tells everybody."""

import time
from email.utils import parsedate_to_datetime

import httpx2

from pulumi_encord_integrations.client.client import reaching
from pulumi_encord_integrations.client.errors import UnexpectedAnswer
from pulumi_encord_integrations.client.transport import http_client

_SECONDS = 10.0


def seconds_ahead(endpoint: str, transport: httpx2.BaseTransport | None = None) -> float | None:
    """How far this clock is ahead of the API's, None if it does not tell; raises `EncordError`."""
    # What it says is not read, since whatever listens there may say it for ever.
    with (
        reaching(endpoint),
        http_client(endpoint, transport, timeout=_SECONDS) as http,
        http.stream("GET", "/healthz") as response,
    ):
        pass
    if response.status_code != 200:
        raise UnexpectedAnswer(
            f"{endpoint}/healthz answered {response.status_code}",
            hint="Check the address in encord:endpoint and that the API is running",
        )
    try:
        return time.time() - parsedate_to_datetime(response.headers["Date"]).timestamp()
    except (KeyError, ValueError):
        return None
