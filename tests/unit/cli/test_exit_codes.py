"""One table for the errors of all verbs."""

from collections.abc import Iterator

import pytest

from pulumi_encord_integrations.cli import app, error_reporting
from pulumi_encord_integrations.cli.exit_codes import CODES, ExitCode, code_of
from pulumi_encord_integrations.client import errors
from pulumi_encord_integrations.embedded import DatabaseMissing, NotAdmitted


def kinds(kind: type[errors.EncordError]) -> Iterator[type[errors.EncordError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from kinds(below)


EXPECTED = {
    errors.EncordError: 4,
    errors.ConfigurationError: 2,
    errors.NoCredentials: 2,
    DatabaseMissing: 2,
    NotAdmitted: 3,
    errors.NotAuthenticated: 3,
    errors.NotAllowed: 3,
    errors.Refused: 1,
    errors.NotFound: 1,
    errors.Unavailable: 4,
    errors.ServerFailed: 4,
    errors.TimedOut: 9,
    errors.UnexpectedAnswer: 4,
}


@pytest.mark.parametrize(("kind", "code"), EXPECTED.items())
def test_each_class_of_error_has_its_code(kind: type[errors.EncordError], code: int) -> None:
    assert code_of(kind("x")) == code


def test_no_class_of_error_was_forgotten() -> None:
    own = {kind for kind in kinds(errors.EncordError) if kind.__module__ == errors.__name__}
    assert own <= set(EXPECTED)
    assert set(CODES) <= own


@pytest.mark.parametrize(("value", "code"), [(None, 0), (0, 0), (2, 2), (130, 8)])
def test_a_verb_that_returns_ends_with_its_code(value: object, code: int) -> None:
    assert error_reporting.ended(value) == code


def test_debug_counts_anywhere_but_after_two_dashes() -> None:
    assert app._without_debug(["--debug", "list"]) == (True, ["list"])
    assert app._without_debug(["show", "x", "--debug"]) == (True, ["show", "x"])
    assert app._without_debug(["show", "--", "--debug"]) == (False, ["show", "--", "--debug"])


def test_an_error_is_told_with_each_of_its_hints(capsys: pytest.CaptureFixture[str]) -> None:
    code = error_reporting.report(errors.Refused("no", hint="one\ntwo"), debug=False)
    assert code == ExitCode.BAD
    assert capsys.readouterr().err == "error: no\nhint: one\nhint: two\n"
