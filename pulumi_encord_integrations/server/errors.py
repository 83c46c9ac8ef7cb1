"""Refusals of the API, each with its status, code and remedy."""

from collections.abc import Mapping, Sequence


class Fault(Exception):
    """A refusal that becomes the answer `{"message", "code", "hint"}`."""

    def __init__(
        self, status: int, code: str, message: str, hint: str = "", errors: Sequence[Mapping[str, str]] = ()
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint
        self.errors = errors
        """Each thing that is refused, where one request asks for many; the parts of it that were signed."""


class DatabaseUnusable(Exception):
    """The database cannot be served: missing, newer than this package, of another encryption key."""

    def __init__(self, message: str, hint: str = "", *, missing: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.missing = missing


def not_authenticated(message: str, hint: str = "") -> Fault:
    """401: nobody is known by these credentials."""
    return Fault(401, "not_authenticated", message, hint)


def not_allowed(code: str, message: str, hint: str = "") -> Fault:
    """403: the caller is known and may not."""
    return Fault(403, code, message, hint)


def conflict(code: str, message: str, hint: str = "") -> Fault:
    """409: it does not fit what is there."""
    return Fault(409, code, message, hint)


def invalid(message: str) -> Fault:
    """400: the request itself is wrong."""
    return Fault(400, "invalid_request", message)
