"""What is in Azure's resource manager alone: a file that holds each resource's properties by its id."""

import json
from pathlib import Path
from typing import Any


class Records:
    """The file, which a test and the plugin share; one of them writes at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def all(self, below: str = "") -> dict[str, dict[str, Any]]:
        """The resources whose ids begin so."""
        if not self.path.exists():
            return {}
        found: dict[str, dict[str, Any]] = json.loads(self.path.read_text())
        return {id_: properties for id_, properties in found.items() if id_.startswith(below)}

    def get(self, id_: str) -> dict[str, Any] | None:
        """One resource; None if it is not there."""
        return self.all().get(id_)

    def put(self, id_: str, properties: dict[str, Any]) -> None:
        """Makes it so."""
        self._write({**self.all(), id_: properties})

    def remove(self, id_: str) -> None:
        """Takes a resource and all that is in it away."""
        kept = {
            one: properties
            for one, properties in self.all().items()
            if one != id_ and not one.startswith(f"{id_}/")
        }
        self._write(kept)

    def _write(self, resources: dict[str, dict[str, Any]]) -> None:
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(resources, indent=1))
        new.replace(self.path)
