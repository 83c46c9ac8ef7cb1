"""YAML as the file reads it: 1.2's rules, places, and what is refused."""

import math
import re
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from hypothesis import example, given
from hypothesis import strategies as st

from pulumi_encord_integrations.organization import document
from pulumi_encord_integrations.organization.diagnostics import Diagnostic, Position, Unreadable


def plain(text: str) -> Any:
    value, diagnostics = document.read(text.encode())
    assert diagnostics == []
    return value.plain


def all_findings(data: bytes) -> list[Diagnostic]:
    try:
        return document.read(data)[1]
    except Unreadable as stop:
        return [stop.diagnostic]


def findings_of(data: str | bytes) -> list[tuple[Any, ...]]:
    """Line, column and message of each finding."""
    found = all_findings(data.encode() if isinstance(data, str) else data)
    return [(*diagnostic.place, diagnostic.message) for diagnostic in found]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("012", 12),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("2026-11-22", "2026-11-22"),
        ("0o17", 15),
        ("0xfF", 255),
        ("-7", -7),
        ("+.5", 0.5),
        ("1e3", 1000.0),
        ("-.Inf", -math.inf),
        ("True", True),
        ("tRue", "tRue"),
        ("FALSE", False),
        ("~", None),
        ("", None),
        ("'true'", "true"),
        ('"12"', "12"),
        ("!!str 12", "12"),
        ("! 12", "12"),
        ("=", "="),
        ("[1, {b: c}]", [1, {"b": "c"}]),
    ],
)
def test_a_scalar_is_what_yaml_1_2_says(text: str, value: Any) -> None:
    assert plain(f"a: {text}") == {"a": value}


def test_not_a_number_is_a_number() -> None:
    assert math.isnan(plain("a: .NaN")["a"])


def test_a_number_of_any_length_is_read() -> None:
    assert plain(f"a: {'9' * 300}")["a"] == int("9" * 300)
    assert plain(f"a: {'9' * 5000}")["a"] == math.inf


def test_a_key_is_its_text() -> None:
    assert plain("no: 1\n012: 2\nnull: 3\n'': 4") == {"no": 1, "012": 2, "null": 3, "": 4}


def test_an_alias_repeats_what_its_anchor_named_last() -> None:
    assert plain("a: &x [1]\nb: *x\nc: &x 2\nd: *x") == {"a": [1], "b": [1], "c": 2, "d": 2}


def test_a_byte_order_mark_is_passed_over_and_moves_no_place() -> None:
    value, _ = document.read("\ufeffa: 1".encode())
    assert value.keys == {"a": Position(1, 1)}
    assert findings_of("\ufeffa: \x00") == [(1, 4, "the control character U+0000 is not allowed")]


def test_places_are_lines_and_columns_from_one_counted_in_characters() -> None:
    value, _ = document.read("é: 1\nü: {ß: [x, 'y']}\n".encode())
    assert value.keys == {"é": Position(1, 1), "ü": Position(2, 1)}
    inner = value.inside["ü"]
    assert (inner.place, inner.keys) == (Position(2, 4), {"ß": Position(2, 5)})
    assert [item.place for item in inner.inside["ß"].inside.values()] == [Position(2, 9), Position(2, 12)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: 1\nb: 2\na: 3", (3, 1, 'duplicate key "a"')),
        ("a: 1\n'a': 3", (2, 1, 'duplicate key "a"')),
        ("a: &x {b: 1}\nc:\n  <<: *x", (3, 3, 'merge keys ("<<") are not supported')),
        ("? [a]\n: 1", (1, 3, "a key must be plain text")),
        ("? *x\n: 1", (1, 3, "a key must be plain text")),
        ("a: !!int '3'", (1, 4, "tags are not supported")),
        ("a: !secret x", (1, 4, "tags are not supported")),
        ("a: *x", (1, 4, 'alias "*x" repeats nothing that ends before it')),
        ("a: &x [*x]", (1, 8, 'alias "*x" repeats nothing that ends before it')),
        ("a: 1\n---\nb: 2", (2, 1, "a second document begins here")),
        ("a:\n\tb: 1", (2, 1, "a tab cannot indent")),
        ("a:\n  b: 1\n\tc: 2", (3, 1, "a tab cannot indent")),
        ("a: b: c", (1, 5, "not YAML: mapping values are not allowed in this context")),
        ("a: @b", (1, 4, "not YAML: found character that cannot start any token")),
        ("a: [1,", (1, 7, "not YAML: did not find expected node content")),
        ("a: 'b", (1, 6, "not YAML: found unexpected end of stream")),
        ("a: 1\nb: \x07", (2, 4, "the control character U+0007 is not allowed")),
        (b"a: 1\nb: \xff", (2, 4, "the file is not UTF-8")),
        ("a: 1".encode("utf-16"), (1, 1, "the file is not UTF-8")),
        (b"\xed\xa0\x80", (1, 1, "the file is not UTF-8")),
        ("[" * 100_000, (1, 22, "this is nested too deeply")),
        ("- " * 100_000, (1, 43, "this is nested too deeply")),
    ],
)
def test_what_is_refused_is_found_in_its_place(text: str | bytes, found: tuple[int, int, str]) -> None:
    assert findings_of(text)[0] == found


def test_a_quoted_merge_key_is_a_key() -> None:
    assert plain("'<<': 1") == {"<<": 1}


def test_aliases_that_stand_for_too_much_are_refused() -> None:
    bomb = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 30))
    [(line, _, message)] = findings_of(bomb)
    assert (line, message) == (7, "this stands for more than 1,000,000 values")


def test_a_file_without_a_value_is_none() -> None:
    assert [plain(text) for text in ("", "# words\n", "---\n", "\n\n")] == [None] * 4


YAML_LIKE = st.text(st.sampled_from("ab:-{}[],&*!|>'\"#%@` \n\t\r\x85<?\ufeff\x00é"), max_size=60)


@pytest.mark.parametrize("parser", [yaml.CBaseLoader, yaml.BaseLoader])
@given(data=st.one_of(st.binary(), YAML_LIKE.map(str.encode)))
@example(data=b"a:")
@example(data=b"? ")
@example(data="a: \u2028\tb".encode())
def test_any_bytes_are_read_or_found_wrong_inside_the_file(parser: Any, data: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(document, "_PARSER", parser)
        assert all(inside(diagnostic, data) for diagnostic in all_findings(data))


def inside(diagnostic: Diagnostic, data: bytes) -> bool:
    lines = re.split("\r\n|[\r\n\x85\u2028\u2029]", data.decode("utf-8", "replace"))
    line, column = diagnostic.place or (0, 0)
    return 1 <= line <= len(lines) and 1 <= column <= len(lines[line - 1]) + 1
