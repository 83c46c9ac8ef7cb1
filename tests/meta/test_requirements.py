"""What is installed is what `requirements/` names, to the byte, and that is what pyproject.toml asks for."""

import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement

from tools.clouds.kits import LocalEmu
from tools.lock import LAYERS, chosen_of, licences
from tools.requirements import FOLDER, Pin, pins

NAMES = [layer.name for layer in LAYERS]
PINS = {pin.name: pin for name in NAMES for pin in pins(name)}


@pytest.fixture(scope="module")
def asked(repository: Path) -> list[Requirement]:
    """All that pyproject.toml asks for, in any extra or group."""
    project = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))
    listed: list[Any] = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    for group in (project["project"]["optional-dependencies"], project["dependency-groups"]):
        listed += [one for wanted in group.values() for one in wanted]
    return [Requirement(one) for one in listed]


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.txt")), ids=lambda path: path.stem)
def test_every_requirement_has_hashes_and_no_line_names_an_index(path: Path) -> None:
    pin, hash_ = (
        re.compile(r"[a-z0-9-]+==[^ ]+( ; [^\\]+)? \\"),
        re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?"),
    )
    shapes = (pin, hash_, re.compile(r"    # via [a-z0-9, -]+"), re.compile(r"-r [a-z]+\.txt"))
    assert [line for line in _lines(path) if not any(shape.fullmatch(line) for shape in shapes)] == []
    assert all(one.hashes for one in pins(path.stem))


def test_each_package_is_pinned_in_one_file_alone() -> None:
    named = [package for name in NAMES for package in {pin.name for pin in pins(name)}]
    assert sorted(named) == sorted(PINS)


def test_a_package_that_has_a_pin_for_each_python_keeps_all_of_them() -> None:
    old, new = (
        Pin("forked", version, f"python_full_version {which} '3.12'", ("sha256:0",), ())
        for version, which in (("1.0", "<"), ("2.0", ">="))
    )
    other, before = Pin("other", "1.0", "", ("sha256:0",), ()), Pin("before", "1.0", "", ("sha256:0",), ())
    assert chosen_of([old, new, other, before], {"forked", "before"}) == [before, old, new]


def test_the_emulator_of_aws_is_locked_for_the_pythons_that_it_may_run_on() -> None:
    (emulator,) = (pin for pin in pins("localemu") if pin.name == LocalEmu.name)
    newer = max(LocalEmu.pythons) + 1
    locked = {
        minor: Marker(emulator.marker).evaluate({"python_full_version": f"3.{minor}.1"})
        for minor in (*LocalEmu.pythons, newer)
    }
    assert locked == {**dict.fromkeys(LocalEmu.pythons, True), newer: False}


def test_the_pins_are_what_pyproject_asks_for(asked: list[Requirement]) -> None:
    """If this fails, `make lock` writes the files anew."""
    names = {requirement: requirement.name.lower().replace("_", "-") for requirement in asked}
    assert [str(one) for one, name in names.items() if name not in PINS] == []
    assert [str(one) for one, name in names.items() if not one.specifier.contains(PINS[name].version)] == []


def test_what_is_installed_is_what_is_pinned() -> None:
    wanted = [
        pin
        for name in NAMES
        if name != "lock"
        for pin in pins(name)
        if not pin.marker or Marker(pin.marker).evaluate()
    ]
    assert {pin.name: metadata.version(pin.name) for pin in wanted} == {
        pin.name: pin.version for pin in wanted
    }


def test_the_recorded_licences_are_those_of_the_installed_packages() -> None:
    """If this fails, `make lock` records them, once the packages are installed."""
    recorded = json.loads((FOLDER / "licences.json").read_text("utf-8"))
    assert licences(recorded) == recorded


@pytest.mark.parametrize("tampered", [False, True])
def test_an_artifact_of_another_content_is_not_installed(tmp_path: Path, tampered: bool) -> None:
    wheel = tmp_path / "small-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("small-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: small\nVersion: 1.0\n")
        archive.writestr("small-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("small-1.0.dist-info/RECORD", "")
    digest = hashlib.sha256(b"what was meant" if tampered else wheel.read_bytes()).hexdigest()
    file = tmp_path / "requirements.txt"
    file.write_text(str(Pin("small", "1.0", "", (f"sha256:{digest}",), ())))
    options = ("--dry-run", "--disable-pip-version-check", "--require-hashes", "--requirement")
    command = [sys.executable, "-m", "pip", "install", *options, str(file)]
    env = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode != 0, "DO NOT MATCH THE HASHES" in done.stderr) == (tampered, tampered), (
        done.stderr
    )


def test_a_new_pin_of_pip_reaches_an_environment_that_is_there(repository: Path) -> None:
    rule = re.search(r"^\$\(RUN_STAMP\): (.*)\n((?:\t.*\n)+)", (repository / "Makefile").read_text(), re.M)
    assert rule
    assert "requirements/pip.txt" in rule[1].split()
    assert "@$(HASHED)/pip.txt" in rule[2].split()


def test_the_makefile_installs_by_hash_alone(repository: Path) -> None:
    lines = (repository / "Makefile").read_text("utf-8").splitlines()
    unhashed = [line for line in lines if "$(PIP)" in line and not line.startswith("HASHED :=")]
    assert [line.strip() for line in unhashed] == ["@$(PIP) --no-deps --no-build-isolation --editable ."]
    assert "--require-hashes" in next(line for line in lines if line.startswith("HASHED :="))
