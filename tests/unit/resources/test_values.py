"""What the engine hands over, in the form that the rules understand."""

import math
from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_encord_integrations.resources._values import (
    canonical,
    holds_unknown,
    plain,
    quotable,
    split,
    with_secrets,
)
from tests.unit.resources.mocked import deploy, unknown

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


def test_unknowns_are_set_apart_wherever_they_lie() -> None:
    deep = {
        "buckets": [{"name": "a"}, {"name": unknown()}],
        "nested": {"a": {"b": unknown()}},
        "whole": unknown(),
    }
    known, later = split({**deep, "title": "t", "counts": [1.0]})
    assert known == {"title": "t", "counts": [1]}
    assert set(later) == set(deep)
    assert all(later[name] is value for name, value in deep.items())


def test_what_is_absent_and_what_is_the_engine_s_own_is_left_out() -> None:
    properties: dict[str, Any] = {"__provider": "x", "__defaults": [], "region": None, "title": "t"}
    assert split(properties) == ({"title": "t"}, {})
    assert canonical(properties) == {"title": "t"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (unknown(), True),
        ([unknown()], True),
        ((1, unknown()), True),
        ({"a": [{"b": (unknown(),)}]}, True),
        ({"a": [{"b": [None, 1.5, "x"]}]}, False),
        ("Unknown", False),
        ([], False),
        (None, False),
    ],
)
def test_an_unknown_is_found_at_any_depth(value: Any, expected: bool) -> None:
    assert holds_unknown(value) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3.0, 3),
        (-0.0, 0),
        (3.5, 3.5),
        (2.0**53, 2**53),
        (True, True),
        (False, False),
        ("3.0", "3.0"),
        (None, None),
        ([1.0, None, [2.0]], [1, None, [2]]),
        ((1.0,), [1]),
        ({"a": 1.0, "b": None, "c": {"d": None}}, {"a": 1, "c": {}}),
    ],
)
def test_a_value_gets_its_plain_form(value: Any, expected: Any) -> None:
    found = plain(value)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_what_is_no_number_stays_a_float(value: float) -> None:
    assert isinstance(plain(value), float)


@given(json_values)
def test_the_plain_form_is_its_own_plain_form(value: Any) -> None:
    assert plain(plain(value)) == plain(value)
    assert not holds_unknown(value)


@given(st.dictionaries(st.text(min_size=1), json_values))
def test_every_own_property_is_on_one_side(properties: dict[str, Any]) -> None:
    assert split(properties) == (canonical(properties), {})


@pytest.mark.parametrize("given_as", ["canary", None])
def test_only_what_is_named_becomes_secret(given_as: str | None) -> None:
    def program() -> Any:
        marked = with_secrets({"key": given_as, "title": "t"}, ["key", "absent"])
        assert marked["title"] == "t"
        assert "absent" not in marked
        return marked["key"].is_secret() if isinstance(marked["key"], pulumi.Output) else None

    assert deploy(program).result is (True if given_as else None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("ada@example.com", True),
        ("a" * 300, True),
        ("a" * 301, False),
        ("red\x1b[31m", False),
        ("https://ada@storage.test", False),
        (["ada@example.com"], False),
        ({"ada@example.com": "user"}, False),
        (7, True),
        (1.5, True),
        (False, True),
        (None, False),
    ],
)
def test_a_value_is_quoted_only_if_it_is_short_and_harmless(value: Any, expected: bool) -> None:
    assert quotable(value) is expected
