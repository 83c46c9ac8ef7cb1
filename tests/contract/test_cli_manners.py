"""What all verbs have in common: help, codes, streams, what they load."""

import json
import shlex
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from pulumi_encord_integrations.cli import app
from pulumi_encord_integrations.cli.commands import doctor, init_server, scenarios, serve, show
from pulumi_encord_integrations.cli.commands import list as listing
from pulumi_encord_integrations.client import client
from pulumi_encord_integrations.client.settings import VARIABLES, Settings
from pulumi_encord_integrations.embedded import connect
from tests.support.api import AWS, CREATOR, OUTSIDER, Api, served
from tests.support.command import COMMAND, ESCAPE, Ran, environment, key_file, loaded, run

VERBS = {
    "list": listing,
    "show": show,
    "scenarios": scenarios,
    "doctor": doctor,
    "serve": serve,
    "init-server": init_server,
}


@pytest.fixture
def address(on_sqlite: Api) -> Iterator[str]:
    on_sqlite.create(title="prod")
    with served(on_sqlite.app) as found:
        yield found


@pytest.fixture
def ada(on_sqlite: Api, address: str, tmp_path: Path) -> dict[str, str]:
    """The environment in which the command acts as the creator."""
    return {"ENCORD_ENDPOINT": address, "ENCORD_SSH_KEY_FILE": key_file(tmp_path, on_sqlite.keys[CREATOR])}


@pytest.fixture
def here(ada: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The same for runs of the command inside this process."""
    for variable, _ in VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)
    for name, value in ada.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return monkeypatch


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Runs the command inside this process, its outputs no terminal."""

    def called(*arguments: str) -> Ran:
        code = app.run(arguments)
        return Ran(code, *capsys.readouterr())

    return called


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_each_verb_begins_with_examples(call: Callable[..., Ran], verb: str) -> None:
    ran = call(verb, "--help")
    first, example, *_ = ran.out.splitlines()
    assert (ran.code, ran.err, first) == (0, "", "Examples:")
    assert example.startswith(f"  encord-integrations {verb}")


def test_the_help_of_the_command_begins_with_examples(call: Callable[..., Ran]) -> None:
    ran = call("--help")
    assert ran.code == 0
    assert ran.out.startswith("Examples:\n  encord-integrations list\n")
    assert all(verb in ran.out for verb in VERBS)


@pytest.mark.parametrize(
    "example", [example for verb in VERBS.values() for example in verb.EXAMPLES], ids=lambda text: text[:40]
)
def test_each_example_is_a_call_that_the_command_understands(
    capsys: pytest.CaptureFixture[str], example: str
) -> None:
    arguments = shlex.split(example.split(" | ", maxsplit=1)[0])
    assert app.run([*arguments, "--help"]) == 0
    assert app.run([*arguments, "--no-such-flag"]) == 2
    assert "--no-such-flag" in capsys.readouterr().err


def test_help_loads_neither_pulumi_nor_a_server_nor_sql(tmp_path: Path) -> None:
    assert loaded(tmp_path, ["--help"], *([verb, "--help"] for verb in VERBS)) == set()


def test_a_list_of_a_served_api_loads_no_server(tmp_path: Path, ada: dict[str, str]) -> None:
    assert loaded(tmp_path, ["list"], **ada) == set()


def test_an_embedded_list_loads_the_server_but_never_pulumi(tmp_path: Path) -> None:
    found = loaded(tmp_path, ["list"], ENCORD_ENDPOINT="embedded", ENCORD_USER=CREATOR)
    assert "fastapi" in found
    assert "pulumi" not in found


def test_an_embedded_database_is_listed_and_left_as_it_is(
    here: pytest.MonkeyPatch, tmp_path: Path, call: Callable[..., Ran]
) -> None:
    path = tmp_path / "encord.sqlite"
    with closing(connect(Settings("embedded", database=path, user=CREATOR), create=True)) as api:
        api.call("POST", "cloud-integrations", body=AWS)
    before = path.read_bytes()
    here.setenv("ENCORD_ENDPOINT", "embedded")
    here.setenv("ENCORD_USER", CREATOR)
    ran = call("list")
    assert (ran.code, ran.err) == (0, "")
    assert str(AWS["title"]) in ran.out
    assert path.read_bytes() == before


def test_without_a_verb_the_help_is_words_and_the_call_was_wrong(call: Callable[..., Ran]) -> None:
    ran = call()
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("Examples:")


def test_the_version_is_the_distributions(tmp_path: Path) -> None:
    ran = run(tmp_path, "--version")
    assert (ran.code, ran.out, ran.err) == (0, "encord-integrations 0.1.0\n", "")


@pytest.mark.parametrize("arguments", [("list",), ("show", "prod"), ("show", "nope"), ("list", "--json")])
def test_piped_output_holds_no_escape_codes_unless_they_are_forced(
    here: pytest.MonkeyPatch, call: Callable[..., Ran], arguments: tuple[str, ...]
) -> None:
    for name in ("FORCE_COLOR", "NO_COLOR"):
        here.delenv(name, raising=False)
    plain = call(*arguments)
    here.setenv("FORCE_COLOR", "1")
    forced = call(*arguments)
    here.setenv("NO_COLOR", "1")
    never = call(*arguments)
    assert ESCAPE not in plain.out + plain.err + never.out + never.err
    assert (ESCAPE in forced.out + forced.err) == ("--json" not in arguments)


def test_what_was_piped_is_the_same_twice(tmp_path: Path, ada: dict[str, str]) -> None:
    assert run(tmp_path, "list", **ada, COLUMNS="40") == run(tmp_path, "list", **ada, COLUMNS="200")


def test_json_is_one_document_with_a_schema_version(
    here: pytest.MonkeyPatch, call: Callable[..., Ran]
) -> None:
    listed = json.loads(call("list", "--json").out)
    shown = json.loads(call("show", "prod", "--json").out)
    assert listed["schemaVersion"] == shown["schemaVersion"] == 1
    assert [shown["integration"]] == listed["integrations"]
    assert shown["integration"]["title"] == "prod"


def test_an_empty_list_is_a_sentence_and_no_failure(
    here: pytest.MonkeyPatch, call: Callable[..., Ran]
) -> None:
    assert call("list", "--title", "x") == Ran(0, "", "no integration matches\n")
    assert json.loads(call("list", "--title", "x", "--json").out)["integrations"] == []


def test_a_locale_that_cannot_write_a_title_does_no_harm(
    tmp_path: Path, on_sqlite: Api, ada: dict[str, str]
) -> None:
    on_sqlite.create(title="訓練")
    ran = run(tmp_path, "list", **ada, PYTHONIOENCODING="ascii")
    assert (ran.code, ran.err) == (0, "")
    assert "\\u8a13" in ran.out


def test_a_reader_that_goes_away_is_met_with_silence(tmp_path: Path, ada: dict[str, str]) -> None:
    for arguments in (["list"], ["--help"], ["--version"]):
        reader, writer = socket.socketpair()
        reader.close()
        with subprocess.Popen(
            [COMMAND, *arguments],
            env=environment(tmp_path, **ada),
            stdout=writer.fileno(),
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            writer.close()
            _, words = process.communicate(timeout=60)
        assert (process.returncode, words) == (0, "")


def test_words_that_nobody_reads_leave_the_exit_code_alone(tmp_path: Path) -> None:
    reader, writer = socket.socketpair()
    reader.close()
    with (
        writer,
        subprocess.Popen(
            [COMMAND, "list"], env=environment(tmp_path), cwd=tmp_path, stderr=writer.fileno()
        ) as process,
    ):
        assert process.wait(60) == 2


def test_code_1_is_for_what_is_not_there(here: pytest.MonkeyPatch) -> None:
    assert app.run(["show", "nope"]) == 1


@pytest.mark.parametrize("arguments", [["list", "--nope"], ["nope"], ["show"], ["list", "--provider", "X"]])
def test_code_2_is_for_a_wrong_call(
    here: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert app.run(arguments) == 2
    error, hint = capsys.readouterr().err.splitlines()
    assert error.startswith("error: ")
    assert hint.startswith("hint: see encord-integrations")


def test_code_2_is_for_a_missing_setting(
    here: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here.delenv("ENCORD_ENDPOINT")
    assert app.run(["list"]) == 2
    assert capsys.readouterr().err.startswith("error: encord:endpoint is not set\nhint: ")


def test_code_3_is_for_a_key_that_nobody_knows(here: pytest.MonkeyPatch, tmp_path: Path) -> None:
    key_file(tmp_path)
    assert app.run(["list"]) == 3


def test_code_4_is_for_an_api_that_is_not_there(here: pytest.MonkeyPatch) -> None:
    here.setattr(client, "_wait", lambda _state: 0)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    here.setenv("ENCORD_ENDPOINT", f"http://127.0.0.1:{port}")
    assert app.run(["list"]) == 4


def test_code_8_is_for_a_person_who_cancels(tmp_path: Path, ada: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ada["ENCORD_ENDPOINT"] = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with subprocess.Popen(
            [COMMAND, "list"], env=environment(tmp_path, **ada), stderr=subprocess.PIPE, text=True
        ) as process:
            connection, _ = silent.accept()
            process.send_signal(signal.SIGINT)
            _, words = process.communicate(timeout=60)
            connection.close()
    assert (process.returncode, words) == (8, "error: cancelled\n")


def test_code_9_is_for_an_api_that_does_not_answer(here: pytest.MonkeyPatch) -> None:
    here.setattr(client, "TIMEOUT", httpx2.Timeout(0.05))
    here.setattr(client, "_wait", lambda _state: 0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        here.setenv("ENCORD_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert app.run(["list"]) == 9


def broken(*_arguments: object, **_more: object) -> None:
    raise KeyError("surprise")


def test_code_255_is_our_bug_told_in_a_line_with_a_log(
    here: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here.setattr("tempfile.tempdir", str(tmp_path))
    here.setattr("pulumi_encord_integrations.client.integrations.search", broken)
    assert app.run(["list"]) == 255
    error, hint = capsys.readouterr().err.splitlines()
    (log,) = tmp_path.glob("encord-integrations-*.log")
    assert error == "error: unexpected KeyError: this is a bug in encord-integrations"
    assert str(log) in hint
    assert "surprise" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


def test_only_debug_shows_a_traceback(
    here: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here.setattr("tempfile.tempdir", str(tmp_path))
    here.setattr("pulumi_encord_integrations.client.integrations.search", broken)
    app.run(["list"])
    assert "Traceback" not in capsys.readouterr().err
    app.run(["list", "--debug"])
    assert "Traceback" in capsys.readouterr().err


def test_debug_never_shows_the_key(tmp_path: Path, ada: dict[str, str]) -> None:
    secret = Path(ada["ENCORD_SSH_KEY_FILE"]).read_text().splitlines()[2]
    ran = run(tmp_path, "list", "--debug", **ada)
    assert "cloud-integrations/search" in ran.err
    assert secret not in ran.err


@pytest.mark.parametrize(
    ("redirection", "reason"),
    [("> /dev/full", "No space left on device"), (">&-", "standard output is closed")],
)
def test_output_that_cannot_be_written_is_told_and_no_bug(
    ada: dict[str, str], tmp_path: Path, redirection: str, reason: str
) -> None:
    for verb in ("list", "list --json", "scenarios", "--version"):
        ran = subprocess.run(
            ["/bin/sh", "-c", f"{shlex.quote(COMMAND)} {verb} {redirection}"],
            env=environment(tmp_path, **ada),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (ran.returncode, ran.stderr) == (4, f"error: cannot write the output: {reason}\n")


def test_an_invitation_whose_token_could_not_be_written_says_which_one_to_revoke(
    on_sqlite: Api, ada: dict[str, str], tmp_path: Path
) -> None:
    ran = subprocess.run(
        ["/bin/sh", "-c", f"{shlex.quote(COMMAND)} keys invite {OUTSIDER} > /dev/full"],
        env=environment(tmp_path, **ada),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    (made,) = on_sqlite.rows("invitations")
    assert ran.returncode == 4
    assert f"keys revoke {made.uuid} --for {OUTSIDER}" in ran.stderr
