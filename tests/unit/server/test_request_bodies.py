"""What a body may hold, and how much of them all."""

import json
from contextlib import ExitStack, suppress

import pytest

from pulumi_encord_integrations.server.errors import InvalidRequest, Overloaded, TooManyRequests
from pulumi_encord_integrations.server.request_bodies import (
    HELD_BYTES,
    HELD_BYTES_OF_ONE,
    MAX_BODY,
    MAX_CONTAINERS,
    MAX_DEPTH,
    MAX_KEYS,
    BodyBudget,
    decoded,
)


def nested(depth: int, opens: str = "[", closes: str = "]") -> bytes:
    return (opens * depth + "1" + closes * depth).encode()


@pytest.mark.parametrize(("opens", "closes"), [("[", "]"), ('{"a":', "}")])
def test_bodies_may_be_nested_as_deep_as_the_bound_and_no_deeper(opens: str, closes: str) -> None:
    assert decoded(nested(MAX_DEPTH, opens, closes))
    for depth in (MAX_DEPTH + 1, 900, 100_000):
        with pytest.raises(InvalidRequest, match="more than 50 deep"):
            decoded(nested(depth, opens, closes))


def test_depth_is_found_wherever_it_is() -> None:
    wide = {"a": [1, {"b": 2}], "c": json.loads(nested(MAX_DEPTH))}
    with pytest.raises(InvalidRequest, match="deep"):
        decoded(json.dumps(wide).encode())


def test_a_body_of_brackets_is_refused_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json, "loads", lambda _: pytest.fail("it was parsed"))
    with pytest.raises(InvalidRequest, match="200,000 lists and mappings"):
        decoded(b"[" + b"[]," * MAX_CONTAINERS + b"[]]")


def test_a_body_of_keys_is_refused_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json, "loads", lambda _: pytest.fail("it was parsed"))
    with pytest.raises(InvalidRequest, match="500,000 keys"):
        decoded(b"{" + b'"a":1,' * MAX_KEYS + b'"b":1}')


@pytest.mark.parametrize("content", [b"{", b"\xff", b"{'a': 1}", b"1" * 5_000])
def test_what_is_not_json_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidRequest, match="not JSON"):
        decoded(content)


def test_one_caller_gets_a_part_of_the_room_for_bodies() -> None:
    budget = BodyBudget()
    callers = [f"caller {number}" for number in range(HELD_BYTES // HELD_BYTES_OF_ONE)]
    with ExitStack() as shares:
        for caller in callers:
            shares.enter_context(budget.share(caller)).take(HELD_BYTES_OF_ONE)
        with pytest.raises(TooManyRequests), budget.share(callers[0]) as second:
            second.take(1)
        with pytest.raises(Overloaded), budget.share("one more") as third:
            third.take(1)
    with budget.share(callers[0]) as again:
        again.take(HELD_BYTES_OF_ONE)


def test_a_refused_body_gives_back_what_it_had() -> None:
    budget = BodyBudget()
    for _ in range(3 * HELD_BYTES // MAX_BODY):
        with suppress(RuntimeError), budget.share("ada") as share:
            share.take(MAX_BODY)
            raise RuntimeError
    with budget.share("ada") as share:
        share.take(HELD_BYTES_OF_ONE)
