"""The files of `requirements/`: which there are, and what a line in them says."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "requirements"
_PIN = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?: ; (?P<marker>[^\\]+?))?(?: \\)?$")
_HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")
_PARENT = re.compile(r"[a-z0-9-]+")


@dataclass(frozen=True)
class Pin:
    """One package at one version, with the hashes of all its artifacts."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]
    parents: tuple[str, ...]
    """Who requires it."""

    def __str__(self) -> str:
        marker = f" ; {self.marker}" if self.marker else ""
        lines = [f"{self.name}=={self.version}{marker}", *(f"    --hash={one}" for one in self.hashes)]
        return " \\\n".join(lines) + (f"\n    # via {', '.join(self.parents)}\n" if self.parents else "\n")


def parsed(text: str) -> Iterator[Pin]:
    """The pins of a requirements file, ours or one that uv wrote."""
    for block in re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE):
        head, *rest = block.splitlines() or [""]
        pin = _PIN.fullmatch(head)
        if pin:
            comments = "\n".join(line for line in rest if line.lstrip().startswith("#"))
            yield Pin(
                pin["name"],
                pin["version"],
                pin["marker"] or "",
                tuple(_HASH.findall(block)),
                tuple(_parents(comments)),
            )


def _parents(comments: str) -> Iterable[str]:
    words = re.sub(r"\(.*?\)|-[cr] \S+|# via", "", comments)
    return sorted(set(_PARENT.findall(words)))


def pins(name: str) -> list[Pin]:
    """The pins of one file of the folder."""
    return list(parsed((FOLDER / f"{name}.txt").read_text("utf-8")))
