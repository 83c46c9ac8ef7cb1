"""The SBOM of the package: what `requirements/` names for it and its extras, as CycloneDX 1.6."""

import json
import re
import tomllib
from collections.abc import Iterable
from typing import Any

from tools.requirements import FOLDER, ROOT, Pin, pins

FILES = ("run", "extras")


def document() -> str:
    """The same bytes for the same sources: it has no serial number and no time."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    listed = sorted((pin for name in FILES for pin in pins(name)), key=lambda pin: pin.name)
    licences = json.loads((FOLDER / "licences.json").read_text("utf-8"))
    required = _closure(listed, {_name_of(wanted) for wanted in project["dependencies"]})
    this = {
        "type": "library",
        "bom-ref": _purl(project["name"], project["version"]),
        "name": project["name"],
        "version": project["version"],
        "description": project["description"],
        "licenses": [{"expression": project["license"]}],
        "purl": _purl(project["name"], project["version"]),
    }
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": this},
        "components": [_component(pin, licences.get(pin.name), pin.name in required) for pin in listed],
        "dependencies": _graph(this, listed),
    }
    return json.dumps(bom, indent=1) + "\n"


def _component(pin: Pin, licence: dict[str, str] | None, required: bool) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "type": "library",
        "bom-ref": _purl(pin.name, pin.version),
        "name": pin.name,
        "version": pin.version,
        "scope": "required" if required else "optional",
        "hashes": [{"alg": "SHA-256", "content": one.removeprefix("sha256:")} for one in pin.hashes],
    }
    if licence:
        facts["licenses"] = [licence if "expression" in licence else {"license": licence}]
    facts["purl"] = _purl(pin.name, pin.version)
    if pin.marker:
        facts["properties"] = [{"name": "python:marker", "value": pin.marker}]
    return facts


def _graph(this: dict[str, Any], listed: Iterable[Pin]) -> list[dict[str, Any]]:
    refs = {this["name"]: this["bom-ref"], **{pin.name: _purl(pin.name, pin.version) for pin in listed}}
    wanted: dict[str, list[str]] = {ref: [] for ref in refs.values()}
    for pin in listed:
        for parent in pin.parents:
            if parent in refs:
                wanted[refs[parent]].append(refs[pin.name])
    return [{"ref": ref, "dependsOn": children} for ref, children in wanted.items()]


def _closure(listed: list[Pin], roots: set[str]) -> set[str]:
    found = set[str]()
    while roots:
        found |= roots
        roots = {pin.name for pin in listed if found.intersection(pin.parents)} - found
    return found


def _name_of(requirement: str) -> str:
    return re.split(r"[\[<>=!~ ;]", requirement, maxsplit=1)[0]


def _purl(name: str, version: str) -> str:
    return f"pkg:pypi/{name}@{version}"


if __name__ == "__main__":
    print(document(), end="")
