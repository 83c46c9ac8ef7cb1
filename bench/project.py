"""A Pulumi project in a temporary folder, with a backend of its own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tools.engine import environment, locate

ROOT = Path(__file__).resolve().parents[1]
ONE_CHECKPOINT = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
"""The engine writes the state once, at the end, and not after each step."""


class Project:
    """One program and one stack."""

    def __init__(self, folder: Path, program: str, count: int, config: Mapping[str, str]) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True)
        runtime = {"name": "python", "options": {"toolchain": "pip", "virtualenv": sys.prefix}}
        settings = {key: {"value": value} for key, value in config.items()}
        text = json.dumps({"name": "bench", "runtime": runtime, "config": settings})
        (folder / "Pulumi.yaml").write_text(text)
        self.declare(program, count)
        (folder / "state").mkdir()
        self._env = environment(os.environ, folder, locate()) | {"PYTHONPATH": str(ROOT)}
        self.pulumi("stack", "init", "bench")

    def declare(self, program: str, count: int) -> None:
        """Makes it the program."""
        (self.folder / "__main__.py").write_text(program.replace("COUNT", str(count)))

    def pulumi(self, *arguments: str, **env: str) -> float:
        """Runs the command; answers its seconds. Exits with its output if it fails."""
        started = time.perf_counter()
        done = subprocess.run(
            ["pulumi", "--non-interactive", *arguments],
            cwd=self.folder,
            env=self._env | env,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"pulumi {' '.join(arguments)} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return time.perf_counter() - started

    def up(self, **env: str) -> float:
        return self.pulumi("up", "--yes", "--skip-preview", "--suppress-progress", **env)

    def preview(self, *, changes: bool = False) -> float:
        expected = () if changes else ("--expect-no-changes",)
        return self.pulumi("preview", *expected, "--suppress-progress")

    def rename(self) -> None:
        """Gives what it declares other titles."""
        program = self.folder / "__main__.py"
        program.write_text(program.read_text().replace("Integration {n}", "Renamed {n}"))

    def refresh(self) -> float:
        return self.pulumi("refresh", "--yes", "--skip-preview", "--suppress-progress")

    def destroy(self) -> float:
        return self.pulumi("destroy", "--yes", "--skip-preview", "--suppress-progress")
