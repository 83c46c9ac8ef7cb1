"""How clouds decode the path of an object's URL. They agree on percent-encoding, and differ on "+"."""

from collections.abc import Callable
from urllib.parse import unquote

Decode = Callable[[str], str]
"""A part of a URL's path -> what it names; raises ValueError."""


def plus_is_plus(path: str) -> str:
    """As RFC 3986 has it: Google, Azure, MinIO, Ceph."""
    try:
        return unquote(path, errors="strict")
    except UnicodeDecodeError:
        raise ValueError("holds percent-encoded bytes that are not UTF-8") from None


def plus_is_space(path: str) -> str:
    """As in HTML forms: Amazon S3."""
    return plus_is_plus(path.replace("+", " "))


def plus_is_unclear(path: str) -> str:
    """For storage that does not document it: a wrong guess would name another object."""
    if "+" in path:
        raise ValueError('holds "+", which storage reads in two ways; write %2B for a plus, %20 for a space')
    return plus_is_plus(path)
