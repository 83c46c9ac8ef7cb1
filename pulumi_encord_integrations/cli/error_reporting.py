"""Exceptions as exit codes and words: one of the two borders where every exception ends."""

import os
import re
import sys
import tempfile
import traceback
from importlib.metadata import version

import typer

from pulumi_encord_integrations.cli import interrupts
from pulumi_encord_integrations.cli.exit_codes import ExitCode, code_of
from pulumi_encord_integrations.cli.rendering import output
from pulumi_encord_integrations.cli.rendering.help import NAME
from pulumi_encord_integrations.client.errors import EncordError

_INTERRUPTED = 130
_ADDRESS = re.compile(r"\S*(://|passw\w*\s*=).*", re.IGNORECASE | re.DOTALL)


def ended(value: object) -> int:
    """The exit code of a verb that returned; typer answers 130 where it caught the interrupt itself."""
    if value == _INTERRUPTED:
        return cancelled()
    return value if isinstance(value, int) else ExitCode.DONE


def cancelled() -> ExitCode:
    """Says that a person or a signal ended the run."""
    code, word = interrupts.cancelled()
    output.complain(word)
    return ExitCode(code)


def report(error: Exception, *, debug: bool) -> ExitCode:
    """Says what went wrong and answers the exit code; `debug` adds the traceback."""
    # The parser's own errors quote what was written.
    if debug and not isinstance(error, typer.TyperException):
        traceback.print_exception(error, file=sys.stderr)
    if isinstance(error, EncordError):
        output.complain(error.message, *error.hint.splitlines())
        return code_of(error)
    if isinstance(error, typer.Abort):
        return cancelled()
    if isinstance(error, output.OutputFailed):
        output.complain(str(error), *getattr(error, "__notes__", ()))
        return ExitCode.FAILED
    if isinstance(error, typer.TyperException):
        path = getattr(getattr(error, "ctx", None), "command_path", NAME)
        output.complain(_shown(error.format_message()), f"see {path} --help")
        return ExitCode.USAGE
    return _bug(error)


def _shown(message: str) -> str:
    """The message of the parser without an address that it quotes, which may hold a password."""
    message = message.replace("Value error, ", "", 1)
    return _ADDRESS.sub("(not shown: it may hold a password)", message)


def _bug(error: Exception) -> ExitCode:
    output.complain(
        f"unexpected {type(error).__name__}: this is a bug in {NAME}",
        f"the log is {_log(error)}; please report it",
    )
    return ExitCode.BUG


def _log(error: Exception) -> str:
    """A file that only its owner may read: an unexpected error may quote what was handled."""
    descriptor, path = tempfile.mkstemp(prefix=f"{NAME}-", suffix=".log")
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
        file.write(f"{NAME} {version('pulumi-encord-integrations')}, Python {sys.version}\n")
        traceback.print_exception(error, file=file)
    return path
