"""Rules for the texts that people write."""

import re
import unicodedata
from functools import lru_cache
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator

MAX_TITLE = 255
"""Characters in a title. Encord publishes no limit; this one is ours."""

_PLAIN = re.compile(r"[A-Za-z0-9]+([._+-][A-Za-z0-9]+)*", re.ASCII)
"""Local parts of e-mails that are valid beside any valid domain."""
_SHORT = 64
_LONGEST_EMAIL = 1024
"""Characters that are looked at as an e-mail; a valid one has fewer."""
_READABLE = 10_000
"""Characters of a text in which something that cannot be seen is looked for."""
_QUOTES = {'""', "''", "``", "\u201c\u201d", "\u2018\u2019"}
_NAMES = {" ": "space", "\t": "tab", "\n": "line feed", "\r": "carriage return", "\x00": "null character"}
"""What characters are called that Unicode has no name for, and the space."""


def invisible(text: str) -> bool:
    """Whether a person would not see all that is there: control, formatting, half characters."""
    return any(unicodedata.category(char) in {"Cc", "Cs", "Cf", "Zl", "Zp"} for char in text)


def trimmed(text: str) -> str:
    """The text without white space and invisible characters around it."""
    start, end = 0, len(text)
    while start < end and _unseen(text[start]):
        start += 1
    while end > start and _unseen(text[end - 1]):
        end -= 1
    return text[start:end]


def unquoted(text: str) -> str:
    """The text without the pair of quotes around it, if there is one."""
    return text[1:-1] if len(text) > 1 and text[0] + text[-1] in _QUOTES else text


def bare(text: str) -> str:
    """The text without white space and quotes around it."""
    return trimmed(unquoted(trimmed(text)))


def blemish(text: str) -> str:
    """What to take out of a refused text that a person does not see; nothing if all of it can be seen.

    `take out the line feed at its end`. The text itself is not quoted; nobody reads a very long one.
    """
    if len(text) > _READABLE:
        return ""
    core = trimmed(text)
    before, _, after = text.partition(core) if core else ("", "", "")
    if after:
        return f"take out {_named(after)} at its end"
    if before:
        return f"take out {_named(before)} at its beginning"
    if unquoted(core) != core:
        return "take out the quotes around it"
    inside = dict.fromkeys(char for char in core if char != " " and _unseen(char))
    places = [f"the {_name(char)} at character {core.index(char) + 1}" for char in inside]
    return f"take out {' and '.join(places[:3])}" if places else ""


def _unseen(char: str) -> bool:
    return char.isspace() or invisible(char)


def _named(chars: str) -> str:
    return " and ".join(f"the {_name(char)}" for char in list(dict.fromkeys(chars))[:3])


def _name(char: str) -> str:
    found = unicodedata.name(char, "control character").lower()
    return _NAMES.get(char) or f"{found} (U+{ord(char):04X})"


def _title(value: str) -> str:
    text = unicodedata.normalize("NFC", value)
    if not text or text != text.strip():
        raise ValueError("must not be empty or begin or end with a blank")
    if len(text) > MAX_TITLE:
        raise ValueError(f"has {len(text)} characters; at most {MAX_TITLE} are allowed")
    if invisible(text):
        raise ValueError("must not hold control or invisible formatting characters")
    return text


def _email(value: str) -> str:
    if len(value) > _LONGEST_EMAIL:
        raise ValueError("must be an e-mail address such as ada@example.com (it is too long)")
    local, _, domain = value.rpartition("@")
    if len(value) <= _SHORT and _PLAIN.fullmatch(local):
        # The domain is what takes the time, and thousands of people share one.
        return f"{local}@{_validated(f'x@{domain}')[2:]}".lower()
    return _validated(value)


@lru_cache(maxsize=2**16)
def _validated(value: str) -> str:
    # Slow to load, and most programs name nobody.
    from email_validator import EmailNotValidError, validate_email

    try:
        # Folding further would make one person of straße@ and strasse@.
        return validate_email(value, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError as error:
        raise ValueError(f"must be an e-mail address such as ada@example.com ({error})") from None


def canonical_email(text: str) -> str:
    """An e-mail as it is compared, valid or not. Plain ones are not validated: there may be thousands."""
    text = text.strip()
    if text.isascii() and "xn--" not in text.lower():
        return text.lower()
    try:
        return _validated(text)
    except ValueError:
        return unicodedata.normalize("NFC", text).lower()


def uuid_in(text: str) -> str | None:
    """A UUID, however it is spelled, in its one canonical form; None if the text is none."""
    try:
        return str(UUID(text))
    except ValueError:
        return None


Title = Annotated[str, AfterValidator(_title)]
Email = Annotated[str, AfterValidator(_email)]
