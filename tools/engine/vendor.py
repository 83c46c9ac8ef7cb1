"""The vendor's installer, which the pulumi package brings along: it downloads the whole bundle."""

import shutil
import sys
from pathlib import Path

from tools.engine.commands import StepFailed, run, say

REACHED_WITHIN = 20.0
INSTALLED_WITHIN = 600.0

_REACH = "import urllib.request as u; u.urlopen('https://get.pulumi.com/install.sh', timeout=15).read(1)"
_INSTALL = "import sys; from pulumi.automation import PulumiCommand as P; P.install(root=sys.argv[1])"


def folder_in(kept: Path) -> Path:
    """Return the folder of the binary, there or not."""
    return kept / "vendor" / "bin"


def install(kept: Path, *, retry: bool) -> bool:
    """Install the bundle and say so in a line; False if it cannot be had from here."""
    remembered = kept / "vendor-unreachable"
    if remembered.exists() and not retry:
        say("the vendor's installer could not be reached before and is not tried again (`--retry` tries)")
        return False
    try:
        say("asking for the vendor's installer")
        run([sys.executable, "-c", _REACH], words="waiting for the vendor's site", limit=REACHED_WITHIN)
        _install(kept)
    except StepFailed as failure:
        say(f"the vendor's installer does not work from here: {_last_line(failure)}")
        remembered.touch()
        return False
    remembered.unlink(missing_ok=True)
    return True


def _install(kept: Path) -> None:
    making, made = kept / "vendor.new", kept / "vendor"
    shutil.rmtree(making, ignore_errors=True)
    command = [sys.executable, "-c", _INSTALL, str(making)]
    run(command, words="downloading the vendor's bundle (about 200 MB)", limit=INSTALLED_WITHIN)
    shutil.rmtree(made, ignore_errors=True)
    making.rename(made)


def _last_line(failure: StepFailed) -> str:
    return str(failure).strip().splitlines()[-1].strip()
