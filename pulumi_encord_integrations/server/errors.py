"""What services refuse. Each class is one kind of refusal; `responses.STATUSES` says what it is over HTTP."""

from collections.abc import Mapping, Sequence

from pulumi_encord_integrations.model.limits import RATE_LIMITED


class ServiceError(Exception):
    """A refusal: a code for programs, what is wrong and what to do for people."""

    retry_after = 1
    """Seconds, where asking again later helps."""

    def __init__(
        self, code: str, message: str, hint: str = "", errors: Sequence[Mapping[str, str]] = ()
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.errors = errors
        """Each thing that is refused, where one request asks for many; the parts of it that were signed."""


class InvalidRequest(ServiceError):
    """The request itself is wrong."""


class Unauthenticated(ServiceError):
    """Nobody is known by these credentials."""


class Misdirected(ServiceError):
    """The request is meant for another deployment."""


class PermissionDenied(ServiceError):
    """The caller is known and may not."""


class ObjectNotFound(ServiceError):
    """There is no such object, or not for this caller."""


class Conflict(ServiceError):
    """It does not fit what is there."""


class PreconditionFailed(ServiceError):
    """What is there is not what the caller has read."""


class RequestTooLarge(ServiceError):
    """The body is larger than any request may be."""


class RequestTimeout(ServiceError):
    """The body did not arrive in time."""


class TooManyRequests(ServiceError):
    """The caller asks for too much at once; asking again later helps."""


class RateLimited(TooManyRequests):
    """The caller sends more requests than one identity may."""

    def __init__(self, per_minute: int, seconds: int) -> None:
        super().__init__(
            RATE_LIMITED,
            f"you send more than {per_minute:,} requests a minute",
            f"Ask again in {seconds} s",
        )
        self.retry_after = seconds


class Overloaded(ServiceError):
    """The API has no room for the request now, or is ending; asking again later helps."""


class CloudFailed(ServiceError):
    """A cloud did not do what it was asked for; asking again would not help."""


class NotConfigured(ServiceError):
    """The deployment lacks what the request needs."""


class InternalFailure(ServiceError):
    """A bug of ours."""


class DatabaseUnusable(Exception):
    """The database cannot be served: missing, newer than this package, of another encryption key."""

    def __init__(
        self,
        message: str,
        hint: str = "",
        *,
        missing: bool = False,
        unready: bool = False,
        busy: bool = False,
        denied: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.missing = missing
        self.unready = unready
        """Whether opening it for writing would mend it: by a migration, or with a key."""
        self.busy = busy
        """Whether others only use it for too long."""
        self.denied = denied
        """Whether it is usable, and this user may not."""


def invalid(message: str) -> InvalidRequest:
    """`InvalidRequest` with the general code `invalid_request`."""
    return InvalidRequest("invalid_request", message)


def unauthenticated(message: str, hint: str = "") -> Unauthenticated:
    """`Unauthenticated` with the general code `not_authenticated`."""
    return Unauthenticated("not_authenticated", message, hint)
