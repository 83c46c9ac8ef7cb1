"""What an API tells of its health and its clock, and what is said where it does not."""

import time
from email.utils import formatdate

import httpx2
import pytest

from pulumi_encord_integrations.client import errors
from pulumi_encord_integrations.client.health import seconds_ahead

API = "https://api.test"


def ahead(status: int = 200, date: str | None = None) -> float | None:
    answer = httpx2.Response(status, headers={"Date": date} if date else {})
    return seconds_ahead(API, httpx2.MockTransport(lambda _request: answer))


@pytest.mark.parametrize("seconds", [-7200, 0, 7200])
def test_the_clocks_are_compared(seconds: int) -> None:
    found = ahead(date=formatdate(time.time() - seconds, usegmt=True))
    assert found is not None
    assert seconds - 5 < found < seconds + 60


@pytest.mark.parametrize("date", [None, "soon"])
def test_an_api_that_does_not_tell_its_time_is_no_failure(date: str | None) -> None:
    assert ahead(date=date) is None


@pytest.mark.parametrize("status", [204, 301, 404, 418, 503])
def test_what_is_no_healthy_api_is_told_with_its_status(status: int) -> None:
    with pytest.raises(
        errors.UnexpectedAnswer, match=f"https://api.test/healthz answered {status}"
    ) as refusal:
        ahead(status)
    assert "encord:endpoint" in refusal.value.hint


@pytest.mark.parametrize(
    ("failure", "error", "words"),
    [
        (httpx2.ReadTimeout("slow"), errors.TimedOut, "https://api.test did not answer in time"),
        (httpx2.ConnectError("refused"), errors.Unavailable, "cannot reach https://api.test: refused"),
        (httpx2.DecodingError("garbled"), errors.UnexpectedAnswer, "cannot be decoded"),
    ],
)
def test_a_failed_connection_is_told_as_in_every_other_call(
    failure: Exception, error: type[errors.EncordError], words: str
) -> None:
    def fail(_request: httpx2.Request) -> httpx2.Response:
        raise failure

    with pytest.raises(error, match=words):
        seconds_ahead(API, httpx2.MockTransport(fail))
