"""An engine that is on this machine already."""

import os
import re
import shutil
import subprocess
from pathlib import Path

OLDEST = (3, 220, 0)
LANGUAGE_HOST = "pulumi-language-python"


def on_this_machine() -> Path | None:
    """Return the folder of a `pulumi` from PATH or the vendor's own folder that can run Python programs."""
    for binary in _candidates():
        folder = _folder_with_host(binary)
        if folder and (version_of(binary) or (0, 0, 0)) >= OLDEST:
            return folder
    return None


def version_of(binary: Path) -> tuple[int, int, int] | None:
    """Return the version a `pulumi` binary reports, or None if it reports none."""
    env = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        answer = subprocess.run(
            [binary, "version"], env=env, capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", answer.stdout.strip())
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def _candidates() -> list[Path]:
    homes = [os.environ.get("PULUMI_HOME"), os.path.expanduser("~/.pulumi")]  # noqa: PTH111
    folders = [os.environ.get("PATH", os.defpath), *(str(Path(home) / "bin") for home in homes if home)]
    return [Path(found) for folder in folders if (found := shutil.which("pulumi", path=folder))]


def _folder_with_host(binary: Path) -> Path | None:
    for folder in (binary.absolute().parent, binary.resolve().parent):
        if os.access(folder / LANGUAGE_HOST, os.X_OK):
            return folder
    return binary.absolute().parent if shutil.which(LANGUAGE_HOST) else None
