"""How long a signed URL lives, as people write it."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from pulumi_encord_integrations.model.durations import ExpiryDuration
from tests.support.types import CASES, EXPIRING
from tests.unit.model.examined import canonical, problems

DURATION: TypeAdapter[int] = TypeAdapter(ExpiryDuration)
PAGE = "custom signed URL expiration times are only available for AWS, GCP, and OTC integrations"
WEEK = 604_800


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (1, 1),
        (43_200, 43_200),
        (WEEK, WEEK),
        ("43200", 43_200),
        ("90s", 90),
        ("90m", 5_400),
        ("12h", 43_200),
        ("1h30m", 5_400),
        ("1h 30m", 5_400),
        ("1 h", 3_600),
        ("7d", WEEK),
        ("1w", WEEK),
        ("6d 23h 59m 59s", WEEK - 1),
        (" 12h ", 43_200),
        ("PT12H", 43_200),
        ("PT1H30M", 5_400),
        ("P7D", WEEK),
        ("P1W", WEEK),
        ("P1DT12H", 129_600),
        ("PT604800S", WEEK),
    ],
)
def test_a_duration_is_whole_seconds(written: Any, seconds: int) -> None:
    assert DURATION.validate_python(written) == seconds


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "soon",
        "h",
        "12 hours",
        "30m1h",
        "1h1h",
        "1.5h",
        "-1h",
        "+1h",
        "1M",
        "1mo",
        "1y",
        "P",
        "PT",
        "P1D T1H",
        "P1M",
        "P1Y",
        "PT1.5H",
        "P1DT",
        "12h\nx",
        "1\u0662h",
        "\uff11h",
        True,
        None,
        12.5,
        43_200.0,
        [],
        {"hours": 12},
        b"12h",
    ],
)
def test_what_is_no_duration_is_refused_with_the_forms(written: Any) -> None:
    with pytest.raises(ValidationError, match=r'must be a duration such as "90m", "12h", "7d", "PT12H"'):
        DURATION.validate_python(written)


@pytest.mark.parametrize(
    "written", [0, -1, WEEK + 1, 10**30, "0s", "0", "8d", "1w1s", "PT604801S", "999999999w"]
)
def test_a_duration_out_of_bounds_is_refused_with_the_bounds(written: Any) -> None:
    with pytest.raises(ValidationError, match="must be 1 second to 7 days"):
        DURATION.validate_python(written)


@given(st.integers(1, WEEK))
def test_every_second_up_to_a_week_can_be_written_in_any_form(seconds: int) -> None:
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    forms = [seconds, str(seconds), f"{hours}h{minutes}m{left}s", f"PT{hours}H{minutes}M{left}S"]
    assert {DURATION.validate_python(form) for form in forms} == {seconds}


@given(st.text() | st.integers() | st.floats() | st.binary())
def test_anything_else_is_refused_and_never_a_failure(value: Any) -> None:
    with suppress(ValidationError):
        assert 1 <= DURATION.validate_python(value) <= WEEK


@pytest.mark.parametrize("provider", CASES)
def test_the_page_says_who_has_an_expiry(provider: str) -> None:
    if provider in EXPIRING:
        assert canonical(provider, signed_url_expiry="12h")["signed_url_expiry"] == 43_200
        assert canonical(provider)["signed_url_expiry"] is None
    else:
        [said] = problems(provider, signed_url_expiry="12h")
        assert said.startswith(f"signed_url_expiry: {PAGE}")
