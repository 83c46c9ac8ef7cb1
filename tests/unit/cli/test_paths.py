"""Flags that name files, folders and databases: home folders, and what must not be quoted."""

from pathlib import Path

import pytest

from pulumi_encord_integrations.cli.app import run
from tests.support.verbs import VERBS

WHO = ("--organization", "Acme", "--admin", "ada@example.com")
RESTORE = ("restore", "--from", "b")
RECOVER = ("recover-admin", "a@example.com")
CALLS = {
    ("serve", "--database"): ["serve", "--database", "PATH"],
    ("serve", "--encryption-key"): ["serve", "--encryption-key", "PATH"],
    ("init-server", "--database"): ["init-server", *WHO, "--new-key", "k", "--database", "PATH"],
    ("init-server", "--encryption-key"): ["init-server", *WHO, "--database", "d", "--encryption-key", "PATH"],
    ("init-server", "--new-key"): ["init-server", *WHO, "--database", "d", "--new-key", "PATH"],
    ("init-server", "--public-key"): ["init-server", *WHO, "--database", "d", "--public-key", "PATH"],
    ("approve", "--database"): ["approve", "--database", "PATH", "uuid"],
    ("approve", "--encryption-key"): ["approve", "--encryption-key", "PATH", "uuid"],
    ("remove-admin", "--database"): ["remove-admin", "--database", "PATH", "uuid", "ada@example.com"],
    ("remove-admin", "--encryption-key"): ["remove-admin", "--encryption-key", "PATH", "u", "a@example.com"],
    ("keys add", "--public-key"): ["keys", "add", "--name", "n", "--public-key", "PATH"],
    ("keys add", "--new-key"): ["keys", "add", "--name", "n", "--new-key", "PATH"],
    ("keys accept", "--new-key"): ["keys", "accept", "--new-key", "PATH"],
    ("recover-admin", "--public-key"): ["recover-admin", "a@example.com", "--public-key", "PATH"],
    ("recover-admin", "--new-key"): ["recover-admin", "a@example.com", "--new-key", "PATH"],
    ("recover-admin", "--database"): [*RECOVER, "--new-key", "k", "--database", "PATH"],
    ("recover-admin", "--encryption-key"): [*RECOVER, "--new-key", "k", "--encryption-key", "PATH"],
    ("audit", "--database"): ["audit", "--verify", "--database", "PATH"],
    ("audit", "--encryption-key"): ["audit", "--verify", "--database", "d", "--encryption-key", "PATH"],
    ("maintain", "--database"): ["maintain", "--database", "PATH"],
    ("maintain", "--encryption-key"): ["maintain", "--encryption-key", "PATH"],
    ("backup", "--database"): ["backup", "--to", "b", "--database", "PATH"],
    ("backup", "--encryption-key"): ["backup", "--to", "b", "--encryption-key", "PATH"],
    ("restore", "--database"): [*RESTORE, "--database", "PATH"],
    ("backup", "--to"): ["backup", "--database", "d", "--to", "PATH"],
    ("restore", "--encryption-key"): [*RESTORE, "--database", "d", "--encryption-key", "PATH"],
    ("restore", "--from"): ["restore", "--database", "d", "--from", "PATH"],
    ("rotate-encryption-key", "--database"): ["rotate-encryption-key", "--database", "PATH"],
    ("rotate-encryption-key", "--encryption-key"): ["rotate-encryption-key", "--encryption-key", "PATH"],
    ("register", "FILE"): ["register", "prod", "PATH"],
    ("video-metadata", "FILE"): ["video-metadata", "PATH"],
    ("video-metadata", "--relative-to"): ["video-metadata", "a.mp4", "--relative-to", "PATH"],
    ("video-metadata", "--output"): ["video-metadata", "a.mp4", "--output", "PATH"],
}


def called(path: str, arguments: list[str]) -> list[str]:
    return [path if argument == "PATH" else argument for argument in arguments]


def test_every_flag_that_names_a_file_is_called_below() -> None:
    flags = {
        (verb, parameter.opts[0] if parameter.opts[0].startswith("-") else "FILE")
        for verb, called in VERBS.items()
        for parameter in called.params
        if str(parameter.metavar).startswith(("FILE", "DIR"))
    }
    assert flags == set(CALLS)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.mark.parametrize(("flag", "arguments"), CALLS.items())
def test_an_unknown_home_is_a_wrong_call_that_names_the_flag(
    flag: tuple[str, str], arguments: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(called("~nosuchuser/x", arguments)) == 2
    first, *_ = capsys.readouterr().err.splitlines()
    assert flag[1] in first
    assert "begins with ~nosuchuser, and that home folder is not known" in first
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("arguments", CALLS.values())
def test_home_is_a_home_for_every_flag(
    arguments: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(called("~/absent", arguments))
    said = "".join(capsys.readouterr())
    assert "~/absent" not in said.replace("'~/absent'", "")
    assert not (folder / "~").exists()


@pytest.mark.parametrize(
    "flag", [("serve", "--database"), ("register", "FILE"), ("video-metadata", "--relative-to")]
)
def test_a_name_that_is_too_long_names_nothing(flag: tuple[str, str], folder: Path) -> None:
    assert run(called("x" * 300, CALLS[flag])) == 2


ADDRESS = "postgresql://encord:canary@h/db"


@pytest.mark.parametrize("debug", [[], ["--debug"]])
@pytest.mark.parametrize(
    "arguments",
    [
        ["serve", ADDRESS],
        ["serve", f"--databse={ADDRESS}"],
        ["serve", "--encryption-key", ADDRESS],
        ["serve", "--port", ADDRESS],
        ["serve", "--database", ADDRESS],
        ["serve", "--database", "postgresql://encord:can@ary/canary@h/db"],
        ["serve", "--database", "host=h password=canary"],
        ["serve", "host=h password=canary"],
        ["serve", "host=h", "password=canary"],
        [ADDRESS],
        ["init-server", ADDRESS],
        ["init-server", *WHO, "--new-key", ADDRESS, "--database", "d"],
        ["keys", "add", "--name", "n", "--public-key", ADDRESS],
        ["keys", "accept", "--new-key", ADDRESS],
        [*RECOVER, "--new-key", "k", "--database", "host=h password=canary"],
        ["init-server", *WHO, "--new-key", "k", "--database", "mysql://encord:canary@h/db"],
    ],
)
def test_no_error_quotes_a_password(
    arguments: list[str], debug: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*debug, *arguments]) == 2
    said = "".join(capsys.readouterr())
    assert said
    assert "ary" not in said
    assert list(folder.iterdir()) == []
