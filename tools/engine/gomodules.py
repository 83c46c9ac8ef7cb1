"""The engine built from its published Go modules, pinned by the go.mod and go.sum beside this file."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from tools.engine.host import install_language_host
from tools.engine.places import HERE
from tools.engine.present import version_of
from tools.engine.steps import StepFailed, run, say

BUILT_WITHIN = 3600.0
COMMAND = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
SDK = "github.com/pulumi/pulumi/sdk/v3"
SHIMS = ("python/dist/pulumi-resource-pulumi-python", "python/cmd/pulumi-language-python-exec")


def pinned(pattern: str) -> str:
    """Return what a line of go.mod pins, by a pattern with one group."""
    found = re.search(pattern, (HERE / "go.mod").read_text(), re.MULTILINE)
    if not found:
        raise StepFailed(f"go.mod has no line like {pattern}")
    return found[1]


def engine_version() -> str:
    """Return the version of the engine that the modules give."""
    return pinned(r"pulumi/pkg/v3 v(\S+)$")


def needed_go() -> str:
    """Return the oldest Go that can build it."""
    return pinned(r"^go (\S+)$")


def folder_in(kept: Path) -> Path:
    """Return the folder of the binary, there or not."""
    return kept / f"go-{engine_version()}"


def go_on_this_machine() -> str | None:
    """Return the `go` that can build the engine, or None."""
    go = shutil.which("go")
    if not go:
        return None
    command = [go, "env", "GOVERSION"]
    answer = subprocess.run(command, cwd=HERE, env=_env(), capture_output=True, text=True, check=False)
    found = re.match(r"go(\d+(?:\.\d+)*)", answer.stdout.strip())
    return go if found and _numbers(found[1]) >= _numbers(needed_go()) else None


def build(go: str, kept: Path) -> None:
    """Build the engine aside and move it into place whole."""
    for left_over in kept.glob("building-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    aside = Path(tempfile.mkdtemp(prefix="building-", dir=kept))
    try:
        _compile(go, aside)
        _copy_shims(go, aside)
        install_language_host(aside)
        _refuse_other_version(aside / "pulumi")
        aside.chmod(0o755)
        made = folder_in(kept)
        shutil.rmtree(made, ignore_errors=True)
        aside.rename(made)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _compile(go: str, out: Path) -> None:
    version = engine_version()
    stamp = f"-s -w -X {SDK}/go/common/version.Version=v{version}"
    words = f"building pulumi {version} from its Go modules"
    say(f"{words}, once (about 3 minutes on 2 cores)")
    command = [go, "build", "-mod=readonly", "-trimpath", "-tags", "osusergo,grpcnotrace", "-ldflags", stamp]
    run([*command, "-o", f"{out}/", COMMAND], words=words, limit=BUILT_WITHIN, cwd=HERE, env=_env())


def _copy_shims(go: str, out: Path) -> None:
    command = [go, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", SDK]
    module = run(command, words="looking for the Python shims", limit=120, cwd=HERE, env=_env()).strip()
    for shim in SHIMS:
        target = out / Path(shim).name
        shutil.copyfile(Path(module) / shim, target)
        target.chmod(0o755)


def _refuse_other_version(binary: Path) -> None:
    if version_of(binary) != _numbers(engine_version()):
        raise StepFailed(f"the built engine does not report version {engine_version()}")


def _env() -> dict[str, str]:
    return {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"}


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
