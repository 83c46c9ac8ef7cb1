"""The checks of `doctor`, and how they are run."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pulumi_encord_integrations.cli.checks import Check, Line, Patient, api, examined, machine
from pulumi_encord_integrations.cli.commands.doctor import _summed_up, checks
from pulumi_encord_integrations.client.errors import ConfigurationError
from pulumi_encord_integrations.client.settings import Settings
from pulumi_encord_integrations.server.deployment import SIGNATURE_WINDOW


def fine(_patient: Patient) -> Iterator[Line]:
    yield Line("ok", "fine")


def twice(_patient: Patient) -> Iterator[Line]:
    yield Line("ok", "one", name="first")
    yield Line("ok", "two", name="second")


def worrying(_patient: Patient) -> Iterator[Line]:
    yield Line("warn", "odd", "look")


def refused(_patient: Patient) -> Iterator[Line]:
    yield from ()
    raise ConfigurationError("not set", hint="set it\nor not")


def broken(_patient: Patient) -> Iterator[Line]:
    yield Line("ok", "half")
    raise KeyError("surprise")


def ran(*found: Check) -> list[Line]:
    return list(examined(Patient(Path()), found))


def test_a_failed_check_skips_all_that_need_it_and_no_other() -> None:
    found = ran(Check("a", refused), Check("b", fine, ("a",)), Check("c", fine, ("b",)), Check("d", fine))
    assert [line.status for line in found] == ["FAIL", "skipped", "skipped", "ok"]
    assert [found[1].text, found[2].text] == ["because a failed", "because a failed"]


def test_a_warning_skips_nothing() -> None:
    assert [line.status for line in ran(Check("a", worrying), Check("b", fine, ("a",)))] == ["warn", "ok"]


def test_an_error_of_ours_is_a_failure_with_its_hint() -> None:
    assert ran(Check("a", refused)) == [Line("FAIL", "not set", "set it; or not", "a", "a")]


def test_a_check_that_breaks_is_a_failure_and_quotes_nothing() -> None:
    found = ran(Check("a", broken), Check("b", fine))
    assert found[-2].status == "FAIL"
    assert "KeyError" in found[-2].text
    assert "surprise" not in found[-2].text + found[-2].cure
    assert found[-1].status == "ok"


def test_each_check_needs_only_checks_before_it() -> None:
    names = [check.name for check in checks()]
    assert all(set(check.needs) <= set(names[:index]) for index, check in enumerate(checks()))


@pytest.mark.parametrize(("ahead", "status"), [(300, "ok"), (-300, "ok"), (301, "FAIL"), (-301, "FAIL")])
def test_a_clock_beyond_the_window_of_signatures_fails_with_the_seconds(ahead: float, status: str) -> None:
    line = api.skew(ahead)
    assert line.status == status
    assert f"{abs(ahead)} s {'ahead' if ahead > 0 else 'behind'}" in line.text


def test_the_window_is_the_servers() -> None:
    assert api.WINDOW == SIGNATURE_WINDOW


def test_the_provider_process_finds_this_package(tmp_path: Path) -> None:
    (line,) = machine.provider_process(Patient(tmp_path, interpreter=sys.executable))
    assert (line.status, list(tmp_path.iterdir())) == ("ok", [])


def test_an_interpreter_without_the_package_fails_and_says_how_to_install_it(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho \"ModuleNotFoundError: No module named 'pulumi'\" >&2\nexit 1\n")
    python.chmod(0o755)
    (line,) = machine.provider_process(Patient(tmp_path, interpreter=str(python)))
    assert line.status == "FAIL"
    assert "No module named 'pulumi'" in line.text
    assert f"{python} -m pip install" in line.cure


@pytest.mark.parametrize(("sdk", "status"), [("3.267.9", "FAIL"), ("3.268.0", "ok"), ("4.0.0", "FAIL")])
def test_a_pulumi_package_that_is_not_supported_fails(sdk: str, status: str) -> None:
    from importlib.metadata import version

    assert machine._judged(version("pulumi-encord-integrations"), sdk, "python").status == status


@pytest.mark.parametrize(
    ("said", "status"), [("v3.259.0", "ok"), ("v3.258.9", "warn"), ("v4.0.0", "FAIL"), ("what?", "FAIL")]
)
def test_a_pulumi_program_that_nobody_tested_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, status: str
) -> None:
    program = tmp_path / "pulumi"
    program.write_text(f"#!/bin/sh\necho '{said}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    (line,) = machine.pulumi(Patient(tmp_path))
    assert (line.status, bool(line.cure)) == (status, status != "ok")


@pytest.mark.parametrize("place", ["home/.pulumi/bin", "shared/go-1.2.3", "shared/vendor/bin"])
def test_a_pulumi_beside_path_is_named_with_the_line_that_puts_it_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    for name, value in (("PATH", "/usr/bin"), ("HOME", "home"), ("ENCORD_ENGINE_DIR", "shared")):
        monkeypatch.setenv(name, str(tmp_path / value))
    program = tmp_path / place / "pulumi"
    program.parent.mkdir(parents=True)
    program.touch(0o755)
    (line,) = machine.pulumi(Patient(tmp_path))
    assert line.text == f"not on PATH, but here: {program}"
    assert line.cure == f'export PATH="{program.parent}:$PATH"'


def test_without_a_pulumi_and_a_home_the_installer_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "PULUMI_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name in ("PATH", "ENCORD_ENGINE_DIR"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setattr("os.getuid", lambda: 4_000_000)
    (line,) = machine.pulumi(Patient(tmp_path))
    assert (line.status, line.text) == ("FAIL", "not found on PATH")
    assert line.cure.startswith("install it: ")


def test_the_pulumi_of_a_checkout_is_found_from_a_folder_below_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PULUMI_HOME", "ENCORD_ENGINE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    program = tmp_path / ".cache" / "engine" / "go-1.2.3" / "pulumi"
    program.parent.mkdir(parents=True)
    program.touch()
    (tmp_path / "examples" / "aws").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "examples" / "aws")
    assert program in machine._elsewhere()


def test_what_is_fine_is_summed_up_by_check_and_what_is_wrong_is_shown_whole() -> None:
    found = ran(
        Check("a", fine),
        Check("b", refused),
        Check("c", fine, ("b",)),
        Check("d", worrying),
        Check("e", twice),
    )
    assert [(line.status, line.name, line.text) for line in _summed_up(found)] == [
        ("FAIL", "b", "not set"),
        ("warn", "d", "odd"),
        ("ok", "2 checks", "a, e (--all shows them)"),
        ("skipped", "1 check", "c (--all says why)"),
    ]


def test_what_an_embedded_api_lacks_is_a_failure_only_there() -> None:
    lacking = ["fastapi"]
    (embedded,) = api.server_extra(Patient(Path(), lacking=lacking, settings=Settings("embedded")))
    (served,) = api.server_extra(Patient(Path(), lacking=lacking, settings=Settings("https://api.test")))
    assert (embedded.status, served.status) == ("FAIL", "ok")
    assert "fastapi" in embedded.text


def test_credentials_are_never_shown() -> None:
    settings = Settings("https://api.test", ssh_key="canary-key", token="canary-token")
    lines = list(api.sources(Patient(Path(), settings=settings)))
    assert "canary" not in json.dumps([line.text for line in lines])
    assert sum("(not shown)" in line.text for line in lines) == 2
