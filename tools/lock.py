"""`python -m tools.lock`: resolves what pyproject.toml asks for; writes it with hashes to `requirements/`."""

import argparse
import json
import subprocess
import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.clouds.kits import LocalEmu
from tools.requirements import FOLDER, ROOT, Pin, parsed, pins

OLDEST = "3.11"
# Some of the developer's tools need this patch release.
OLDEST_OF_TOOLS = "3.11.5"
UNIVERSAL = ("--universal", "--python-version")
_ENVIRONMENT = ROOT / ".cache" / "lock"


@dataclass(frozen=True)
class Layer:
    """One file: it holds what the files it includes do not."""

    name: str
    words: str
    wants: tuple[str, ...]
    python: str = OLDEST
    includes: tuple[str, ...] = ()


LAYERS = (
    Layer("pip", "What installs all others.", ("--only-group", "pip")),
    Layer("run", "The package's dependencies and its extra `server`.", ("--extra", "server")),
    Layer("build", "What builds the package.", ("--only-group", "build"), includes=("run",)),
    Layer("extras", "The dependencies of all extras.", ("--all-extras",), includes=("run",)),
    Layer(
        "dev",
        "The developer's tools.",
        ("--all-extras", "--group", "dev", "--group", "build"),
        OLDEST_OF_TOOLS,
        ("build", "extras"),
    ),
    Layer("lock", "What makes these files.", ("--only-group", "lock")),
)


def _uv(*arguments: str) -> str:
    python = _ENVIRONMENT / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", _ENVIRONMENT], check=True)
    hashed = ("--quiet", "--require-hashes", "--requirement", FOLDER / "lock.txt")
    subprocess.run([python, "-m", "pip", "install", *hashed], check=True)
    done = subprocess.run(
        [python, "-m", "uv", "pip", "compile", "--no-header", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"lock: {done.stderr.strip()}")
    return done.stdout


def _known() -> str:
    return "".join(str(pin) for layer in LAYERS for pin in pins(layer.name))


def _resolved(*wants: str, known: str, upgrade: bool = False, project: Path | None = None) -> list[Pin]:
    """All that is wanted, at the known versions where they fit; configured by nothing but that project."""
    configured = ("--project", str(project)) if project else ("--no-config",)
    with TemporaryDirectory() as folder:
        out = Path(folder) / "out.txt"
        out.write_text(known, "utf-8")
        options: tuple[str, ...] = ("--generate-hashes", "--annotation-style", "split")
        options += ("--quiet", "--output-file", str(out), *(["--upgrade"] if upgrade else []))
        _uv(*configured, *wants, *options)
        return list(parsed(out.read_text("utf-8")))


def _everything(layer: Layer, seen: Mapping[str, set[str]]) -> set[str]:
    return seen[layer.name].union(*(_everything(_layer(name), seen) for name in layer.includes))


def _layer(name: str) -> Layer:
    return next(layer for layer in LAYERS if layer.name == name)


def chosen_of(full: Iterable[Pin], names: Collection[str]) -> list[Pin]:
    """Every pin of these packages by name: a package has several if its version depends on the Python."""
    return sorted((pin for pin in full if pin.name in names), key=lambda pin: pin.name)


def _text(layer: Layer, own: Iterable[Pin]) -> str:
    head = f"# {layer.words} Made by `python -m tools.lock`.\n"
    return head + "".join(f"-r {name}.txt\n" for name in layer.includes) + "".join(map(str, own))


def _write_layers(upgrade: bool) -> None:
    groups = [word for name in ("dev", "build", "pip", "lock") for word in ("--group", name)]
    everything = ("pyproject.toml", "--all-extras", *groups, *UNIVERSAL, OLDEST_OF_TOOLS)
    full = _resolved(*everything, known=_known(), upgrade=upgrade)
    chosen = "".join(map(str, full))
    own: dict[str, set[str]] = {}
    for layer in LAYERS:
        source = [] if layer.wants[0] == "--only-group" else ["pyproject.toml"]
        wants = tuple("--group" if word == "--only-group" else word for word in layer.wants)
        names = {pin.name for pin in _resolved(*source, *wants, *UNIVERSAL, layer.python, known=chosen)}
        included = set[str]().union(*(_everything(_layer(name), own) for name in layer.includes))
        own[layer.name] = names - included
        (FOLDER / f"{layer.name}.txt").write_text(_text(layer, chosen_of(full, own[layer.name])), "utf-8")


def _write_localemu(upgrade: bool) -> None:
    path = FOLDER / "localemu.txt"
    known = path.read_text("utf-8") if path.exists() else ""
    with TemporaryDirectory() as folder:
        wanted, project = Path(folder) / "localemu.in", Path(folder) / "pyproject.toml"
        wanted.write_text(f"localemu=={LocalEmu.version}", "utf-8")
        oldest, newest = min(LocalEmu.pythons), max(LocalEmu.pythons)
        # On newer ones its own requirements contradict each other.
        only = f"python_full_version < '3.{newest + 1}'"
        project.write_text(f'[tool.uv]\nenvironments = ["{only}"]\n', "utf-8")
        universal = (*UNIVERSAL, f"3.{oldest}")
        found = _resolved(str(wanted), *universal, known=known, upgrade=upgrade, project=Path(folder))
    head = "# The emulator of AWS that `tools.clouds` starts. Made by `python -m tools.lock`.\n"
    path.write_text(head + "".join(map(str, found)), "utf-8")


def licences(names: Iterable[str]) -> dict[str, dict[str, str]]:
    """What the installed packages say of their licences, in CycloneDX's words."""
    found = {name: _licence(name) for name in sorted(names)}
    return {name: licence for name, licence in found.items() if licence}


def _licence(name: str) -> dict[str, str]:
    try:
        facts = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return {}
    if facts["License-Expression"]:
        return {"expression": facts["License-Expression"]}
    said = (facts["License"] or "").strip()
    if said and len(said) <= 64 and "\n" not in said:
        return {"name": said}
    trove = [line for line in facts.get_all("Classifier", []) if line.startswith("License ::")]
    return {"name": trove[0].rpartition(" :: ")[2]} if trove else {}


def _write_licences() -> None:
    path = FOLDER / "licences.json"
    kept = json.loads(path.read_text("utf-8")) if path.exists() else {}
    names = {pin.name for name in ("run", "extras") for pin in pins(name)}
    known = {name: licence for name, licence in kept.items() if name in names}
    path.write_text(json.dumps({**known, **licences(names)}, indent=1, sort_keys=True) + "\n", "utf-8")


def main() -> None:
    """Keeps the versions that still fit, or takes the newest of all."""
    parser = argparse.ArgumentParser(prog="python -m tools.lock", description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that fit")
    upgrade = parser.parse_args().upgrade
    _write_layers(upgrade)
    _write_localemu(upgrade)
    _write_licences()


if __name__ == "__main__":
    main()
