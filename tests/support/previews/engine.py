"""The engine's stand-in with previews: unknown ids, what `pulumi preview --diff` shows, and notes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from pulumi.output import Unknown

from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.lifecycle.session import Session
from pulumi_encord_integrations.lifecycle.snapshot import LiveSnapshot
from pulumi_encord_integrations.resources import _process
from pulumi_encord_integrations.resources._values import PROGRAM
from tests.support.previews.judge import Preview, labelled
from tests.support.previews.program import IDENTITY, STACK
from tests.support.stateful.engine_model import Declared, Engine, Entry, Ref, _asked, _wire
from tests.support.transport_faults import Failed


class Reading(Protocol):
    """Hears whether a preview is at work, which must only read."""

    def __call__(self, *, begins: bool) -> None: ...


class Process(_process.ProviderProcess):
    """One that hands its notes to the preview."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


class ModelEngine(Engine):
    """One stack; `reading` is told when a preview begins and ends."""

    def __init__(self, connect: Callable[[], Client], reading: Reading) -> None:
        super().__init__(connect)
        self._reading = reading
        self._unknown: frozenset[str] = frozenset()
        """What this preview is going to make."""
        self._adopted: dict[str, str] = {}

    def plan(self, program: Sequence[Declared]) -> Preview:
        """`pulumi preview --diff`."""
        self._new_process()
        self._unknown = frozenset() if self.state else frozenset({IDENTITY})
        preview = Preview()
        self._reading(begins=True)
        try:
            for declared in program:
                self._previewed(declared, preview)
        except Failed as failed:
            preview.refusal = str(failed)
        finally:
            self._reading(begins=False)
            self._unknown, self._adopted = frozenset(), {}
        process = _process.current()
        assert isinstance(process, Process)
        for note in process.notes:
            preview.tell(labelled(note), note)
        return preview

    def _new_process(self) -> None:
        client = self.connect()
        _process._current = process = Process()
        process._session, process._snapshot = Session(client), LiveSnapshot(client)

    def _previewed(self, declared: Declared, preview: Preview) -> None:
        known = self._known(declared)
        inputs = self._checked(declared, known)
        operation = self._operation(declared, known, inputs)
        if operation == "replace":
            inputs = self._checked(declared, None)
        if operation in {"create", "replace"}:
            self._unknown |= {declared.urn}
        if inputs.get("adopts"):
            self._adopted[declared.urn] = inputs["adopts"]
        if operation != "same":
            preview.tell(declared.urn, *shown(known, inputs))

    def _operation(self, declared: Declared, known: Entry | None, inputs: Mapping[str, Any]) -> str:
        if known is None:
            return "create"
        found = _asked(declared.provider().diff, known.id, _wire(known.outputs), _wire(inputs))
        changed = bool(list(differing(known.inputs, inputs))) if found.changes is None else found.changes
        if found.replaces:
            return "replace"
        return "update" if changed else "same"

    def _resolved(self, value: Any) -> Any:
        if not isinstance(value, Ref):
            return super()._resolved(value)
        if value.urn in self._adopted:
            return self._adopted[value.urn]
        if value.urn in self._unknown:
            return Unknown()  # type: ignore[no-untyped-call]
        return str(STACK) if value.urn == IDENTITY else super()._resolved(value)


def shown(known: Entry | None, inputs: Mapping[str, Any]) -> Iterator[str]:
    """Of a new resource all inputs; of another its id and the inputs that differ."""
    if known is None:
        yield from _flat(inputs)
        return
    yield known.id
    yield from differing(known.inputs, inputs)


def differing(old: Mapping[str, Any], new: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """What differs between two mappings, and where."""
    for name in sorted({*old, *new} - {PROGRAM}):
        before, after = old.get(name), new.get(name)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from differing(before, after, f"{path}{name}: ")
        elif before != after or isinstance(after, Unknown):
            for value in (before, after):
                yield from _flat({name: value}, path) if value is not None else ()


def _flat(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for name in value:
            if name != PROGRAM:
                yield from _flat(value[name], f"{path}{name}: ")
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _flat(item, path)
    else:
        yield path + ("[unknown]" if isinstance(value, Unknown) else str(value))
