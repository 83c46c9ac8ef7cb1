"""What the command's exit codes mean: one table for all verbs, with Pulumi's own numbers."""

from enum import IntEnum

from pulumi_encord_integrations.client import errors


class ExitCode(IntEnum):
    """How a run of the command ended."""

    DONE = 0
    BAD = 1
    """The thing asked about is bad: not there, refused, several where one was meant."""
    USAGE = 2
    """Called wrongly: a flag, a setting, a file or database that cannot be used, a port that is taken."""
    NOT_ALLOWED = 3
    """Not authenticated, or not allowed."""
    FAILED = 4
    """The API or a cloud failed."""
    CANCELLED = 8
    TIMED_OUT = 9
    TERMINATED = 143
    """By SIGTERM, as shells count it."""
    BUG = 255
    """Our bug."""


CODES: dict[type[errors.EncordError], ExitCode] = {
    errors.ConfigurationError: ExitCode.USAGE,
    errors.NotAuthenticated: ExitCode.NOT_ALLOWED,
    errors.NotAllowed: ExitCode.NOT_ALLOWED,
    errors.Refused: ExitCode.BAD,
    errors.NotFound: ExitCode.BAD,
    errors.Unavailable: ExitCode.FAILED,
    errors.TimedOut: ExitCode.TIMED_OUT,
    errors.UnexpectedAnswer: ExitCode.FAILED,
    errors.EncordError: ExitCode.FAILED,
}
"""Class of error -> exit code; a class that is not listed has the code of the nearest class above it."""


def code_of(error: errors.EncordError) -> ExitCode:
    """The exit code of an error."""
    return next(CODES[kind] for kind in type(error).__mro__ if kind in CODES)
