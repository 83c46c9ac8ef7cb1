"""Titles and e-mail addresses."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from pulumi_encord_integrations.model.text import Email, Title, bare, blemish, canonical_email, trimmed

titles = TypeAdapter[str](Title)
emails = TypeAdapter[str](Email)


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "Production, EU",
        "\u52d5\u753b",
        "a  b",
        "a" * 255,
        "\U0001f600" * 255,
        "'; DROP",
        "<b>",
        "\u05d0",
    ],
)
def test_a_title_is_kept_as_it_is(text: str) -> None:
    assert titles.validate_python(text) == text


def test_a_title_is_composed() -> None:
    assert titles.validate_python("Mu\u0308nchen") == "M\u00fcnchen"
    assert titles.validate_python("u\u0308" * 255) == "\u00fc" * 255


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        " a",
        "a ",
        "\u3000a",
        "a\u00a0",
        "a\tb",
        "a\nb",
        "a\x00b",
        "a\x1b[31m",
        "a\x7f",
        "a\x85b",
        "a\u200bb",
        "a\u202eb",
        "a\u2066b",
        "\ufeffa",
        "a\u00adb",
        "a\u2028b",
        "a\ud800",
        "a" * 256,
    ],
)
def test_a_title_that_misleads_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        titles.validate_python(text)


@given(st.text(max_size=300))
def test_an_accepted_title_is_canonical(text: str) -> None:
    try:
        title = titles.validate_python(text)
    except ValidationError:
        return
    assert titles.validate_python(title) == title == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("ada@example.com", "ada@example.com"),
        ("Ada.Lovelace@EXAMPLE.Com", "ada.lovelace@example.com"),
        ("ADA+encord@example.com", "ada+encord@example.com"),
        ("\u00c4DA@example.com", "\u00e4da@example.com"),
        ("A\u0308DA@example.com", "\u00e4da@example.com"),
        ("ada@b\u00dcCHER.example.com", "ada@b\u00fccher.example.com"),
        ("ada@xn--bcher-kva.example.com", "ada@b\u00fccher.example.com"),
    ],
)
def test_one_mailbox_has_one_spelling(written: str, kept: str) -> None:
    assert emails.validate_python(written) == kept
    assert emails.validate_python(kept) == kept


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("stra\u00dfe@example.com", "strasse@example.com"),
        ("ada@stra\u00dfe.example.com", "ada@strasse.example.com"),
        ("a.da@example.com", "ada@example.com"),
        ("ada+x@example.com", "ada@example.com"),
    ],
)
def test_two_mailboxes_stay_two(one: str, other: str) -> None:
    assert emails.validate_python(one) != emails.validate_python(other)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "ada@",
        "@example.com",
        "ada@@example.com",
        "a da@example.com",
        "ada@example",
        "ada@-x.com",
        "Ada <ada@example.com>",
        "ada@example.com\n",
        " ada@example.com",
        "ada@[127.0.0.1]",
        "a..b@example.com",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match=r"must be an e-mail address such as ada@example\.com"):
        emails.validate_python(text)


@pytest.mark.parametrize(
    "text",
    [
        "Ada@Example.com",
        "o'neil+x/y@EXAMPLE.com",
        "JÖRG@Exämple.de",
        "jörg@XN--exmple-cua.de",
        "ada@xn--exmple-cua.de",
    ],
)
def test_an_address_is_compared_by_its_canonical_form(text: str) -> None:
    assert canonical_email(text) == canonical_email(f" {text} ") == emails.validate_python(text)


@pytest.mark.parametrize("text", ["", "Ada", "ada@xn--", "ä"])
def test_what_is_no_address_is_compared_as_it_is(text: str) -> None:
    assert canonical_email(text) == text.lower()


ZERO_WIDTH = "the zero width space (U+200B)"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("acme", ""),
        ("", ""),
        (" \n", ""),
        ("a b", ""),
        ("acme\r\n", "take out the carriage return and the line feed at its end"),
        ("acme\n", "take out the line feed at its end"),
        ("acme ", "take out the space at its end"),
        ("acme   ", "take out the space at its end"),
        ("\tacme", "take out the tab at its beginning"),
        ("\ufeffacme", "take out the zero width no-break space (U+FEFF) at its beginning"),
        ("acme\u00a0", "take out the no-break space (U+00A0) at its end"),
        ("acme\x00", "take out the null character at its end"),
        ("acme\x1b", "take out the control character (U+001B) at its end"),
        ("ac\u200bme", f"take out {ZERO_WIDTH} at character 3"),
        (" ac\u200bme", "take out the space at its beginning"),
        ("a b\u00a0c", "take out the no-break space (U+00A0) at character 4"),
        (
            "ac\r\nme\r\n.",
            "take out the carriage return at character 3 and the line feed at character 4",
        ),
        ('"acme"', "take out the quotes around it"),
        ("\u201cacme\u201d", "take out the quotes around it"),
        ('"acme', ""),
        ('"', ""),
    ],
)
def test_what_nobody_sees_in_a_text_is_named(text: str, told: str) -> None:
    assert blemish(text) == told


@given(st.text(max_size=30))
def test_a_text_is_bared_of_what_surrounds_it_and_of_nothing_else(text: str) -> None:
    assert trimmed(text) in text
    assert trimmed(trimmed(text)) == trimmed(text)
    assert trimmed(f"\u200b {text}\r\n") == trimmed(text)
    assert bare(f'" {text}" ') == trimmed(text)
    assert "\n" not in blemish(text)


@given(st.emails())
def test_folding_an_address_twice_changes_nothing_more(address: str) -> None:
    try:
        folded = emails.validate_python(address)
    except ValidationError:
        return
    assert emails.validate_python(folded) == folded
