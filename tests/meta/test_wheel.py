import json
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from cyclonedx.schema import SchemaVersion, _res
from packaging.requirements import Requirement

from tools.requirements import pins

PACKAGE = "pulumi_encord_integrations"


SBOM = f"{PACKAGE}-0.1.0.dist-info/sboms/pulumi-encord-integrations.cdx.json"


def build(source: Path, out: Path, *kinds: str) -> list[Path]:
    """A wheel and a source distribution, or only those kinds."""
    command = [sys.executable, "-m", "build", *kinds, "--no-isolation", "--outdir", str(out), str(source)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    return sorted(out.iterdir())


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    [path] = build(repository, tmp_path_factory.mktemp("wheel"), "--wheel")
    return zipfile.ZipFile(path)


@pytest.fixture(scope="module")
def sbom(wheel: zipfile.ZipFile) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(wheel.read(SBOM))
    return found


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


def _schemas() -> Iterator[tuple[str, Any]]:
    folder = Path(_res.SPDX_JSON).parent
    for path in folder.glob("*.schema.json"):
        schema = json.loads(path.read_text("utf-8"))
        yield schema["$id"], schema
        yield f"http://cyclonedx.org/schema/{path.name}", schema


def test_the_sbom_is_cyclonedx(sbom: dict[str, Any]) -> None:
    schema = json.loads(Path(str(_res.BOM_JSON_STRICT[SchemaVersion.V1_6])).read_text("utf-8"))
    validator = jsonschema_rs.validator_for(schema, registry=jsonschema_rs.Registry(list(_schemas())))
    assert [error.message for error in validator.iter_errors(sbom)] == []
    assert not validator.is_valid({**sbom, "components": [{"name": "no type"}]})


def test_the_sbom_names_what_is_locked_for_the_package_and_its_extras(sbom: dict[str, Any]) -> None:
    named = {part["name"]: part for part in sbom["components"]}
    locked = {pin.name: pin for name in ("run", "extras") for pin in pins(name)}
    assert {name: part["version"] for name, part in named.items()} == {
        name: pin.version for name, pin in locked.items()
    }
    hashes = {name: {one["content"] for one in part["hashes"]} for name, part in named.items()}
    assert hashes == {
        name: {one.removeprefix("sha256:") for one in pin.hashes} for name, pin in locked.items()
    }
    assert {name for name, part in named.items() if "licenses" not in part} <= {
        "colorama", "httpx2-jsfetch", "tzdata"
    }  # fmt: skip


def test_the_sbom_tells_every_dependency_of_the_package(sbom: dict[str, Any], repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))["project"]
    names = {part["bom-ref"]: part["name"] for part in sbom["components"]}
    children = {row["ref"]: {names[child] for child in row["dependsOn"]} for row in sbom["dependencies"]}
    direct = [
        *project["dependencies"],
        *(o for extra in project["optional-dependencies"].values() for o in extra),
    ]
    assert children[sbom["metadata"]["component"]["bom-ref"]] == {Requirement(one).name for one in direct}
    required = {part["name"] for part in sbom["components"] if part["scope"] == "required"}
    assert required == _closure(project["dependencies"]) | (required & {"colorama", "httpx2-jsfetch"})


def _closure(wanted: list[str]) -> set[str]:
    """What an installation of the package without extras brings here."""
    found: dict[tuple[str, str], None] = {}
    todo = [(Requirement(one), "") for one in wanted]
    while todo:
        one, extra = todo.pop()
        if one.marker and not one.marker.evaluate({"extra": extra}):
            continue
        for wants in ("", *one.extras):
            key = (one.name.lower().replace("_", "-"), wants)
            if key not in found:
                found[key] = None
                todo += [(Requirement(child), wants) for child in metadata.requires(one.name) or ()]
    return {name for name, _ in found}


def test_two_builds_are_the_same_to_the_byte_also_from_the_source_distribution(
    wheel: zipfile.ZipFile, repository: Path, tmp_path: Path
) -> None:
    from_source_distribution, source = build(repository, tmp_path / "1")
    [again] = build(repository, tmp_path / "2", "--sdist")
    assert from_source_distribution.read_bytes() == Path(str(wheel.filename)).read_bytes()
    assert source.read_bytes() == again.read_bytes()
