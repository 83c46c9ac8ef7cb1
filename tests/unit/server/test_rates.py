"""The bucket of tokens: who may send how much, and when the others may come back."""

from contextlib import suppress
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_encord_integrations.server import rates
from pulumi_encord_integrations.server.errors import RateLimited, Unauthenticated, unauthenticated
from pulumi_encord_integrations.server.rates import MINUTE, Rates


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def _refused(bucket: Rates, per_minute: int, caller: str = "ada") -> int:
    """The seconds to wait; 0 if the request is taken."""
    try:
        bucket.take(caller, per_minute)
    except RateLimited as refusal:
        return refusal.retry_after
    return 0


def _emptied(clock: Clock, per_minute: int) -> Rates:
    bucket = Rates(clock)
    assert [_refused(bucket, per_minute) for _ in range(per_minute)] == [0] * per_minute
    return bucket


@given(
    st.integers(1, 300),
    st.lists(st.tuples(st.floats(0, 90), st.integers(1, 40)), min_size=1, max_size=30),
)
def test_nobody_sends_more_than_the_bucket_and_what_came_back(
    per_minute: int, bursts: list[tuple[float, int]]
) -> None:
    clock = Clock()
    bucket, taken, begin = Rates(clock), 0, clock.now
    for pause, count in bursts:
        clock.now += pause
        taken += sum(_refused(bucket, per_minute) == 0 for _ in range(count))
        assert taken <= per_minute * (1 + (clock.now - begin) / MINUTE) + 0.01


@given(st.integers(1, 600), st.floats(0, 59))
def test_whoever_waits_as_told_is_taken(per_minute: int, pause: float) -> None:
    clock = Clock()
    bucket = _emptied(clock, per_minute)
    clock.now += pause
    while not (seconds := _refused(bucket, per_minute)):
        pass
    clock.now += seconds
    assert _refused(bucket, per_minute) == 0


@pytest.mark.parametrize("per_minute", [30, 60, 600])
def test_many_who_wait_as_told_all_get_through_within_a_clients_six_attempts(per_minute: int) -> None:
    clock = Clock()
    bucket = _emptied(clock, per_minute)
    due, attempts = dict.fromkeys(range(8), clock.now), dict.fromkeys(range(8), 0)
    while due:
        name = min(due, key=lambda one: due[one])
        clock.now = max(clock.now, due[name])
        attempts[name] += 1
        seconds = _refused(bucket, per_minute)
        if seconds:
            due[name] = clock.now + seconds
        else:
            del due[name]
    assert max(attempts.values()) <= 6


def test_one_who_never_waits_is_not_told_ever_longer_times() -> None:
    clock = Clock()
    bucket = _emptied(clock, 60)
    assert max(_refused(bucket, 60) for _ in range(1000)) <= rates.LATEST


def test_a_credential_that_is_nobodys_pays_for_itself() -> None:
    clock = Clock()
    bucket = Rates(clock)
    bucket._known["key"] = ("ada@example.com", "acme/ada", "uuid")
    for _ in range(20):
        with suppress(Unauthenticated, RateLimited), bucket.counted("key", 5):
            raise unauthenticated("this key was revoked")
    assert "key" not in bucket._known
    assert [_refused(bucket, 5, "acme/ada") for _ in range(5)] == [0] * 5
    assert _refused(bucket, 5, "key") > 0


def test_callers_do_not_share_a_bucket() -> None:
    bucket = _emptied(Clock(), 5)
    assert _refused(bucket, 5) > 0
    assert _refused(bucket, 5, "bea") == 0


def test_buckets_of_strangers_take_bounded_memory_and_none_of_those_in_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rates, "MAX_BUCKETS", 100)
    clock = Clock()
    bucket = _emptied(clock, 600)
    for number in range(1000):
        clock.now += 0.05
        bucket.take(f"stranger {number}", 600)
        assert len(bucket._buckets) <= 100
    assert "ada" in bucket._buckets


def test_buckets_that_are_all_in_use_give_way_to_emptier_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "MAX_BUCKETS", 100)
    clock = Clock()
    bucket = _emptied(clock, 2)
    for number in range(1000):
        bucket.take(f"stranger {number}", 2)
    assert len(bucket._buckets) <= 100
    assert _refused(bucket, 2) > 0
