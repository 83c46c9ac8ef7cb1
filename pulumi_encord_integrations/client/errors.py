"""What can go wrong, sorted by who must act.

    EncordError
    ├── ConfigurationError      you: a setting is absent or unusable
    │   └── NoCredentials
    ├── NotAuthenticated        you: the key or token is not accepted (401)
    ├── NotAllowed              an admin of the integration or organization (403)
    ├── Refused                 you: the API will not do this (400, 409, 413, 422)
    ├── NotFound                nobody, if it was to be deleted (404 of that very object)
    ├── Unavailable             time, or who runs the API: unreachable, busy, failing (429, 5xx)
    │   ├── TimedOut
    │   └── ServerFailed        who runs the API: it failed at this (500), and would again
    └── UnexpectedAnswer        who set the endpoint: not this API, or another version of it

The message says what happened, `hint` what to do next.
"""


class EncordError(Exception):
    """The root of all errors that this package raises on purpose.

    `code` is the API's own code (`integration_not_found`), empty for errors of this side.
    """

    def __init__(
        self, message: str, *, hint: str = "", code: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code
        self.retry_after = retry_after

    def __str__(self) -> str:
        """The message and the hint in one line."""
        return f"{self.message}. {self.hint}" if self.hint else self.message


class ConfigurationError(EncordError):
    """A setting is absent or unusable."""


class NoCredentials(ConfigurationError):
    """Neither a key nor a token is set."""


class NotAuthenticated(EncordError):
    """The API does not accept the key or token."""


class NotAllowed(EncordError):
    """The caller may not do this."""


class Refused(EncordError):
    """The API understood and will not do it."""


class NotFound(EncordError):
    """The very object that was asked for does not exist."""


class Unavailable(EncordError):
    """The API cannot be reached or cannot answer now."""


class TimedOut(Unavailable):
    """No answer in time; a write may or may not have been done."""


class ServerFailed(Unavailable):
    """The API failed at this request; its log says why."""


class UnexpectedAnswer(EncordError):
    """The answer is not one of this API's."""
