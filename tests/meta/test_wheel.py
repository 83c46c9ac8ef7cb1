import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

PACKAGE = "pulumi_encord_integrations"


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    out = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(out),
        str(repository),
    ]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    [path] = out.glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_says_that_its_types_count(wheel: zipfile.ZipFile) -> None:
    assert f"{PACKAGE}/py.typed" in wheel.namelist()


def test_the_wheel_says_that_it_brings_no_plugin(wheel: zipfile.ZipFile) -> None:
    assert json.loads(wheel.read(f"{PACKAGE}/pulumi-plugin.json")) == {"resource": False}


def test_the_wheel_holds_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    folders = {name.split("/", maxsplit=1)[0] for name in wheel.namelist()}
    assert folders == {PACKAGE, f"{PACKAGE}-0.1.0.dist-info"}


def test_the_wheel_holds_every_file_of_the_package(wheel: zipfile.ZipFile, repository: Path) -> None:
    sources = {
        path.relative_to(repository).as_posix()
        for path in (repository / PACKAGE).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert sources <= set(wheel.namelist())


def test_the_wheel_carries_the_licence(wheel: zipfile.ZipFile) -> None:
    assert f"{PACKAGE}-0.1.0.dist-info/licenses/LICENSE" in wheel.namelist()
