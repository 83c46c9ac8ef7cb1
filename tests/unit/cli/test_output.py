"""Colours only where they are wanted; words of others cannot steer a terminal."""

import io

import pytest

from pulumi_encord_integrations.cli.rendering import output
from tests.support.command import ESCAPE


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


@pytest.mark.parametrize(
    ("variables", "on_a_terminal", "in_a_pipe"),
    [
        ({}, True, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"TERM": "dumb"}, False, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "0"}, True, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
    ],
)
def test_colour_follows_the_terminal_and_the_variables(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], on_a_terminal: bool, in_a_pipe: bool
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert (output.coloured(Terminal()), output.coloured(io.StringIO())) == (on_a_terminal, in_a_pipe)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("prod images", "prod images"),
        ("訓練 é", "訓練 é"),
        (f"{ESCAPE}[2Jgone", "\N{REPLACEMENT CHARACTER}[2Jgone"),
        ("two\nlines\there", "two lines here"),
        ("\u202eright to left", "\N{REPLACEMENT CHARACTER}right to left"),
        ("\x9b31m", "\N{REPLACEMENT CHARACTER}31m"),
    ],
)
def test_words_of_others_are_one_harmless_line(text: str, shown: str) -> None:
    assert output.printable(text) == shown


def test_a_complaint_is_the_message_then_each_hint(capsys: pytest.CaptureFixture[str]) -> None:
    output.complain("it broke", "", "mend it")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "error: it broke\nhint: mend it\n")


def test_a_complaint_on_a_terminal_is_coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    output.complain("it broke")
    assert terminal.getvalue() == f"{ESCAPE}[1;31merror{ESCAPE}[0m: it broke\n"


@pytest.mark.parametrize(
    ("encoding", "term", "shown"),
    [("utf-8", "xterm", True), ("ascii", "xterm", False), ("utf-8", "dumb", False)],
)
def test_symbols_are_for_terminals_that_can_show_them(
    monkeypatch: pytest.MonkeyPatch, encoding: str, term: str, shown: bool
) -> None:
    monkeypatch.setenv("TERM", term)
    terminal, pipe = (io.TextIOWrapper(io.BytesIO(), encoding) for _ in range(2))
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    assert (output.symbols(terminal), output.symbols(pipe)) == (shown, False)
