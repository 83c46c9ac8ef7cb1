"""Whether an API answers, which it tells everybody."""

import time
from email.utils import parsedate_to_datetime

import httpx2

from pulumi_encord_integrations.client.errors import TimedOut, Unavailable, UnexpectedAnswer

_SECONDS = 10.0
_HINT = "Check the address in encord:endpoint and that the API is running"


def seconds_ahead(endpoint: str) -> float | None:
    """How far this clock is ahead of the API's, None if it does not tell; raises `EncordError`."""
    try:
        response = httpx2.get(f"{endpoint}/healthz", timeout=_SECONDS)
    except httpx2.TimeoutException:
        raise TimedOut(f"{endpoint} did not answer in {_SECONDS:.0f} s", hint=_HINT) from None
    except httpx2.HTTPError as error:
        text = f"cannot reach {endpoint}: {str(error) or type(error).__name__}"
        raise Unavailable(text, hint=_HINT) from None
    if response.status_code != 200:
        raise UnexpectedAnswer(f"{endpoint}/healthz answered {response.status_code}", hint=_HINT)
    try:
        return time.time() - parsedate_to_datetime(response.headers["Date"]).timestamp()
    except (KeyError, ValueError):
        return None
