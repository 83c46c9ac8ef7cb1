"""The engine built from its published Go modules, pinned by the go.mod and go.sum beside this file."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from tools.engine.cache import HERE
from tools.engine.commands import StepFailed, run, say
from tools.engine.host import install_language_host
from tools.engine.installed import version_of

BUILT_WITHIN = 3600.0
COMMAND = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
SDK = "github.com/pulumi/pulumi/sdk/v3"
# `pulumi config set` uses these to judge how hard a value is to guess. They read their dictionaries at every
# start of the CLI, which is half of its start-up time. LAZY makes them read at first use.
EAGER = ("github.com/ccojocar/zxcvbn-go", "github.com/nbutton23/zxcvbn-go")
LAZY = (
    ("frequency/frequency.go", "func init() {", "func Load() {"),
    ("matching/matching.go", "func init() {\n\tloadFrequencyList()\n}", ""),
    ("matching/matching.go", "func loadFrequencyList() {", "func loadFrequencyList() {\n\tfrequency.Load()"),
)
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
    with tempfile.TemporaryDirectory() as folder:
        command = [go, "build", f"-modfile={_modules(go, Path(folder))}", "-mod=readonly", "-trimpath"]
        command += ["-tags", "osusergo,grpcnotrace", "-ldflags", stamp, "-o", f"{out}/", COMMAND]
        run(command, words=words, limit=BUILT_WITHIN, cwd=HERE, env=_env())


def _modules(go: str, folder: Path) -> Path:
    """Write a go.mod that takes EAGER from copies in `folder`, made lazy."""
    modules = folder / "go.mod"
    replacements = [f'replace {module} => "{_lazy(go, module, folder)}"\n' for module in EAGER]
    modules.write_text((HERE / "go.mod").read_text() + "".join(replacements))
    shutil.copyfile(HERE / "go.sum", folder / "go.sum")
    return modules


def _lazy(go: str, module: str, folder: Path) -> Path:
    source = _folder(go, "-find", "-f", "{{.Module.Dir}}", f"{module}/matching")
    copy = folder / module
    for original in source.rglob("*.go"):
        target = copy / original.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(original, target)
    (copy / "go.mod").write_text(f"module {module}\n")
    for name, old, new in LAZY:
        text = (copy / name).read_text() if (copy / name).exists() else ""
        if text.count(old) != 1:
            raise StepFailed(f"{module}: {name} has no single {old!r}; adapt LAZY in {Path(__file__).name}")
        (copy / name).write_text(text.replace(old, new))
    return copy


def _copy_shims(go: str, out: Path) -> None:
    module = _folder(go, "-m", "-f", "{{.Dir}}", SDK)
    for shim in SHIMS:
        target = out / Path(shim).name
        shutil.copyfile(module / shim, target)
        target.chmod(0o755)


def _folder(go: str, *asked: str) -> Path:
    """Return the folder of a module's source, which is fetched if need be."""
    command = [go, "list", "-mod=readonly", *asked]
    return Path(run(command, words=f"looking for {asked[-1]}", limit=600, cwd=HERE, env=_env()).strip())


def _refuse_other_version(binary: Path) -> None:
    if version_of(binary) != _numbers(engine_version()):
        raise StepFailed(f"the built engine does not report version {engine_version()}")


def _env() -> dict[str, str]:
    return {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"}


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
