"""What a test may do to the real provider process: kill it at a point, take a defence out, record requests.

`ENCORD_TEST_FAULT` holds names separated by commas: `kill:POINT:provider:TYPE`, `kill:POINT:cli:TYPE`,
`fault:FAULT:AFTER:WHERE` (see `Faulty.arm`), `moment:...` (see `moments.py`), one of `INJECTIONS`. TYPE is
the type of integration, or the name of another resource, that reaches the point, and empty for any; of a
commit also the last part of the path.
In a process that starts cold, classes are patched once their module has been imported.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial, wraps
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

from tests.support.fault_injection import moments, transport

_PACKAGE = "pulumi_encord_integrations"
Patch = Callable[[ModuleType], None]


def arrange(names: str) -> None:
    """Patches whatever the names need: now, or as soon as it is imported."""
    patches: dict[str, list[Patch]] = {}
    for name in names.split(","):
        for module, patch in _patches(name):
            full = f"{_PACKAGE}.{module}"
            if full in sys.modules:
                patch(sys.modules[full])
            else:
                patches.setdefault(full, []).append(patch)
    sys.meta_path.insert(0, _AfterImport(patches))


def _patches(name: str) -> list[tuple[str, Patch]]:
    kind, _, rest = name.partition(":")
    made: dict[str, Callable[..., tuple[str, Patch]]] = {"kill": _kill, "fault": _fault}
    if kind == "moment":
        return moments.strikes(*rest.split(":"))
    return [made[kind](*rest.split(":")) if kind in made else INJECTIONS[name]]


class _AfterImport(MetaPathFinder, Loader):
    """Imports as ever, then patches."""

    def __init__(self, patches: dict[str, list[Patch]]) -> None:
        self._patches = patches

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if fullname not in self._patches:
            return None
        found = PathFinder.find_spec(fullname, path, target)
        assert found is not None
        assert found.loader is not None
        load = found.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            load(module)
            for patch in self._patches[fullname]:
                patch(module)

        found.loader.exec_module = exec_module  # type: ignore[method-assign]
        return found


def _folder() -> Path:
    return Path(os.environ["ENCORD_TEST_FOLDER"])


def _kill(point: str, victim: str, kind: str = "") -> tuple[str, Patch]:
    module, patch = KILL_POINTS[point]
    return module, partial(patch, partial(_die_once, f"{point}-{victim}", victim, kind))


def _fault(fault: str, after: str, where: str) -> tuple[str, Patch]:
    return "client.client", partial(transport.inject, fault, int(after), where)


def _die_once(mark: str, victim: str, wanted: str, reached: str) -> None:
    if wanted not in {"", reached}:
        return
    try:
        Path(_folder(), mark).touch(exist_ok=False)
    except FileExistsError:
        return
    pid = os.getpid() if victim == "provider" else int(Path(_folder(), "cli.pid").read_text())
    os.kill(pid, signal.SIGKILL)
    # The CLI is gone; the test ends this process, which must do nothing more.
    time.sleep(3600)


def _after(owner: Any, name: str, then: Callable[..., None]) -> None:
    original = getattr(owner, name)

    @wraps(original)
    def wrapped(self: Any, *args: Any) -> Any:
        result = original(self, *args)
        then(self, *args)
        return result

    setattr(owner, name, wrapped)


def _before(owner: Any, name: str, first: Callable[..., None]) -> None:
    original = getattr(owner, name)

    @wraps(original)
    def wrapped(self: Any, *args: Any) -> Any:
        first(self, *args)
        return original(self, *args)

    setattr(owner, name, wrapped)


def _instead(owner: Any, name: str, new: Any) -> None:
    """Puts something else in the place of what there is, by its present name."""
    getattr(owner, name)
    setattr(owner, name, new)


def _type_of(provider: Any) -> str:
    """The type of integration, or the name of the resource."""
    kind = getattr(provider.reconciler, "kind", None)
    return kind.provider if kind else type(provider).__name__.removesuffix("Provider")


def _after_commit(die: Callable[[str], None], module: ModuleType) -> None:
    def then(_client: Any, request: Any) -> None:
        if request.method != "GET":
            body = json.loads(request.content or b"{}")
            created = request.method == "POST" and body.get("provider")
            die(created or request.url.path.rpartition("/")[2])

    _after(module.Client, "_send", then)


def _after_answer(die: Callable[[str], None], module: ModuleType) -> None:
    def then(provider: Any, *_args: Any) -> None:
        if type(provider).__name__ != "StackIdentityProvider":
            die(_type_of(provider))

    _after(module.ProviderAdapter, "create", then)


def _before_delete(die: Callable[[str], None], module: ModuleType) -> None:
    _before(module.ProviderAdapter, "delete", lambda provider, *_args: die(_type_of(provider)))


def _record(module: ModuleType) -> None:
    def first(_client: Any, request: Any) -> None:
        known = {
            "method": request.method,
            "url": str(request.url),
            "headers": list(request.headers.items()),
            "content": request.content.decode(),
        }
        if request.method == "POST":
            with Path(_folder(), "requests.jsonl").open("a") as file:
                file.write(json.dumps(known) + "\n")

    _before(module.Client, "_send", first)


def _redeclare(change: Callable[[Any], dict[str, Any] | None], module: ModuleType) -> None:
    """Another ownership key is sent than the one that is declared."""
    original = module.declared_as

    def declared_as(properties: Any) -> Any:
        declared = original(properties)
        update = declared and change(declared)
        return update and declared.model_copy(update=update)

    _instead(module, "declared_as", declared_as)


def _never_owned_elsewhere(module: ModuleType) -> None:
    _instead(module.Ownership, "owned_elsewhere", lambda *_args: frozenset())


def _any_organization(module: ModuleType) -> None:
    _instead(module.Session, "require", lambda *_args: None)


def _no_rekey(module: ModuleType) -> None:
    original = module.ObjectReconciler.comparable

    def comparable(self: Any, properties: Any) -> Any:
        return {**original(self, properties), "declared_as": None}

    module.ObjectReconciler.comparable = comparable


def _explicit_providers(module: ModuleType) -> None:
    _instead(module, "_refuse_explicit_provider", lambda *_args: None)


def _global_identity(module: ModuleType) -> None:
    kept: list[Any] = []

    def identity() -> Any:
        if not kept:
            kept.append(module.StackIdentity(None))
        return kept[0]

    _instead(module, "identity", identity)


def _impatient(module: ModuleType) -> None:
    module.SqliteDatabase.__init__.__kwdefaults__["busy_seconds"] = 0.2


def _hasty(module: ModuleType) -> None:
    """Who waits for an answer gives up after two seconds, and does not ask again."""
    _instead(module, "TIMEOUT", 2.0)
    _instead(module, "RETRY_SECONDS", 1.0)


def _wrong_clock(module: ModuleType) -> None:
    original = module.Signer.__init__

    @wraps(original)
    def init(self: Any, key: Any, clock: Callable[[], float] = time.time) -> None:
        original(self, key, lambda: clock() - 3600)

    module.Signer.__init__ = init


KILL_POINTS: dict[str, tuple[str, Callable[[Callable[[str], None], ModuleType], None]]] = {
    "after-commit": ("client.client", _after_commit),
    "after-answer": ("resources._adapter", _after_answer),
    "before-delete": ("resources._adapter", _before_delete),
}

INJECTIONS: dict[str, tuple[str, Patch]] = {
    "record": ("client.client", _record),
    "no-generation": ("lifecycle.ownership", _never_owned_elsewhere),
    "no-stack-identity": (
        "reconcilers.objects",
        partial(_redeclare, lambda _known: {"stack_id": UUID(int=0)}),
    ),
    "no-key": ("reconcilers.objects", partial(_redeclare, lambda _known: None)),
    "no-path": (
        "reconcilers.objects",
        partial(_redeclare, lambda known: {"path": known.path.rpartition("::")[2]}),
    ),
    "no-rekey": ("reconcilers.objects", _no_rekey),
    "no-organization-check": ("lifecycle.session", _any_organization),
    "global-identity": ("resources._identity", _global_identity),
    "impatient": ("server.store.sqlite", _impatient),
    "explicit-providers": ("resources._resource", _explicit_providers),
    "hasty-client": ("client.client", _hasty),
    "clock-off": ("client.auth", _wrong_clock),
}
