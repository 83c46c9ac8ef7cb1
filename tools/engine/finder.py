"""The order in which an engine is looked for and made."""

from dataclasses import dataclass
from pathlib import Path

from tools.engine import gomodules, installed, vendor
from tools.engine.cache import KEPT_IN, kept_in, locked
from tools.engine.commands import EngineError, StepFailed, say
from tools.engine.host import install_language_host


@dataclass(frozen=True)
class Engine:
    """A folder that holds `pulumi` and what it needs to run Python programs."""

    folder: Path
    origin: str


def locate() -> Path:
    """Return the folder of the `pulumi` binary; raises EngineError if there is none yet."""
    engine = find()
    if not engine:
        raise EngineError("no pulumi on this machine yet: run `make test`, or `python -m tools.engine`")
    return engine.folder


def find() -> Engine | None:
    """Return the engine to use, if there is one, and change nothing."""
    there = installed.on_this_machine()
    if there:
        return Engine(there, f"found on this machine: {there}")
    kept = kept_in()
    for folder, words in (
        (vendor.folder_in(kept), "installed by the vendor's installer"),
        (gomodules.folder_in(kept), "built from its Go modules, with a language host of this repository"),
    ):
        if (folder / "pulumi").exists():
            return Engine(folder, f"{words}: {folder}")
    return None


def ensure(*, retry: bool = False) -> Engine:
    """Return the engine to use, after installing or building it if need be."""
    engine = find()
    if not engine:
        kept = kept_in()
        with locked(kept):
            engine = find() or _make(kept, retry=retry)
    if engine.folder == gomodules.folder_in(kept_in()):
        install_language_host(engine.folder)
    return engine


def _make(kept: Path, *, retry: bool) -> Engine:
    if not vendor.install(kept, retry=retry):
        _build(kept)
    engine = find()
    if not engine:
        raise EngineError(f"pulumi was made but is not in {kept}")
    say(engine.origin)
    return engine


def _build(kept: Path) -> None:
    go = gomodules.go_on_this_machine()
    if not go:
        raise EngineError(_no_way("this machine has none of the three"))
    try:
        gomodules.build(go, kept)
    except StepFailed as failure:
        raise EngineError(_no_way(f"the build did not work: {failure}")) from failure


def _no_way(reason: str) -> str:
    oldest = ".".join(map(str, installed.OLDEST))
    return f"""no pulumi, and {reason}
  Any one of these gives one:
  1. pulumi {oldest} or newer on PATH, its {installed.LANGUAGE_HOST} beside it (https://www.pulumi.com/docs/install);
  2. the vendor's installer, where https://get.pulumi.com can be reached: `python -m tools.engine --retry`;
  3. Go {gomodules.needed_go()} or newer (https://go.dev/dl): it is then built from its Go modules.
  {KEPT_IN} names a folder that several checkouts may share."""
