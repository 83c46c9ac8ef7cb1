"""The step of the build that puts the SBOM into the wheel, in `.dist-info/sboms/` as PEP 770 says."""

import shutil
import sys
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class SbomHook(BuildHookInterface[Any]):
    """Hatchling calls it, with no path to our modules."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Writes the SBOM beside the sources; an editable installation gets none."""
        self._folder = Path(mkdtemp(prefix="encord-sbom-"))
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        try:
            from tools.sbom import document
        finally:
            sys.path.remove(self.root)
        path = self._folder / f"{self.metadata.core.name}.cdx.json"
        path.write_text(document(), "utf-8")
        build_data["sbom_files"].append(str(path))

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Takes its file away."""
        shutil.rmtree(self._folder)
