"""A small stand-in for Pulumi's engine over the real provider classes, for thousands of runs in one process.

It keeps the engine's habits on which our rules rest: every command is a new provider process, deletes come
last and use old outputs, a holder that goes takes along what is `deleted_with` it, numbers are floats.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.lifecycle.session import Session
from pulumi_encord_integrations.lifecycle.snapshot import LiveSnapshot
from pulumi_encord_integrations.resources import _process
from pulumi_encord_integrations.resources._adapter import ProviderAdapter, Refusal
from tests.support.transport_faults import Failed


@dataclass(frozen=True)
class Ref:
    """The id of another resource, as an input."""

    urn: str


@dataclass(frozen=True)
class Declared:
    """One resource of a program."""

    provider: type[ProviderAdapter]
    name: str
    inputs: Mapping[str, Any]
    alias: str = ""
    """The name it had before."""
    deleted_with: str = ""

    @property
    def urn(self) -> str:
        return urn(self.provider, self.name)


@dataclass(frozen=True)
class Entry:
    """One resource of a state."""

    urn: str
    provider: ProviderAdapter
    id: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    deleted_with: str = ""
    going: bool = False
    """Replaced, but not deleted yet."""


def urn(provider: type[ProviderAdapter], name: str) -> str:
    """How programs and states name a resource."""
    return f"{provider.__name__.removesuffix('Provider')}::{name}"


@dataclass
class Engine:
    """One stack. `connect` gives each command its client, `save` is called before the state is written."""

    connect: Callable[[], Client]
    save: Callable[[str], None] = lambda _urn: None
    state: list[Entry] = field(default_factory=list)

    def up(self, program: Sequence[Declared]) -> None:
        """`pulumi up --skip-preview`."""
        self._new_process()
        for declared in program:
            self._step(declared, self._known(declared))
        self._delete_all(self._leftovers(program))

    def preview(self, program: Sequence[Declared]) -> list[str]:
        """What an `up` would do, if all that resources refer to is there already."""
        self._new_process()
        told = [f"delete {entry.urn}" for entry in self._leftovers(program)]
        for declared in program:
            known = self._known(declared)
            operation = self._operation(declared, known, self._checked(declared, known))
            if operation != "same":
                told.append(f"{operation} {declared.urn}")
        return told

    def refresh(self) -> None:
        """`pulumi refresh`."""
        self._new_process()
        for entry in [entry for entry in self.state if not entry.going]:
            found = _asked(entry.provider.read, entry.id, _wire(entry.outputs))
            inputs = entry.inputs if found.inputs is None else found.inputs
            self._write(entry, replace(entry, inputs=inputs, outputs=found.outs) if found.id else None)

    def destroy(self) -> None:
        """`pulumi destroy`."""
        self._new_process()
        self._delete_all(list(self.state))

    def resource(self, wanted: str) -> Entry | None:
        """The one of that URN, but for what is going."""
        return next((entry for entry in self.state if entry.urn == wanted and not entry.going), None)

    def _new_process(self) -> None:
        _process._current = _process.ProviderProcess()
        _process._current._session = Session(self.connect())
        _process._current._snapshot = LiveSnapshot(self.connect())

    def _known(self, declared: Declared) -> Entry | None:
        return self.resource(declared.urn) or self.resource(urn(declared.provider, declared.alias))

    def _leftovers(self, program: Sequence[Declared]) -> list[Entry]:
        kept = {declared.urn for declared in program}
        kept |= {known.urn for known in map(self._known, program) if known}
        return [entry for entry in self.state if entry.going or entry.urn not in kept]

    def _checked(self, declared: Declared, known: Entry | None) -> Mapping[str, Any]:
        news = _wire(self._resolved(declared.inputs))
        checked = _asked(declared.provider().check, _wire(known.inputs) if known else {}, news)
        if checked.failures:
            raise Failed("; ".join(failure.reason for failure in checked.failures))
        return dict(checked.inputs)

    def _operation(self, declared: Declared, known: Entry | None, inputs: Mapping[str, Any]) -> str:
        if known is None:
            return "create"
        found = _asked(declared.provider().diff, known.id, _wire(known.outputs), _wire(inputs))
        # None leaves it to the engine, which compares inputs.
        changed = known.inputs != inputs if found.changes is None else found.changes
        if found.replaces:
            return "replace"
        return "update" if changed else "same"

    def _step(self, declared: Declared, known: Entry | None) -> None:
        provider, inputs = declared.provider(), self._checked(declared, known)
        operation = self._operation(declared, known, inputs)
        if operation == "replace":
            inputs = self._checked(declared, None)
        if known is None or operation == "replace":
            made = _asked(provider.create, _wire(inputs))
            new = Entry(declared.urn, provider, made.id, inputs, made.outs, declared.deleted_with)
            self._write(known, new, replaced=known is not None)
            return
        outputs = known.outputs
        if operation == "update":
            outputs = _asked(provider.update, known.id, _wire(outputs), _wire(inputs)).outs
        new = Entry(declared.urn, provider, known.id, inputs, outputs, declared.deleted_with)
        self._write(known, new)

    def _delete_all(self, entries: list[Entry]) -> None:
        going = {entry.urn for entry in entries}
        for entry in reversed(entries):
            if entry.deleted_with not in going:
                _asked(entry.provider.delete, entry.id, _wire(entry.outputs))
            self._write(entry, None)

    def _write(self, old: Entry | None, new: Entry | None, *, replaced: bool = False) -> None:
        self.save(new.urn if new else "")
        place = next((n for n, entry in enumerate(self.state) if entry is old), len(self.state))
        kept = [replace(old, going=True)] if old and replaced else []
        self.state[place : place + 1] = [*kept, *([new] if new else [])]
        if old and new and old.urn != new.urn:
            self.state = [_following(entry, old.urn, new.urn) for entry in self.state]

    def _resolved(self, value: Any) -> Any:
        if isinstance(value, Ref):
            found = self.resource(value.urn)
            if found is None:
                raise Failed(f"{value.urn} is not there")
            return found.id
        if isinstance(value, Mapping):
            return {name: self._resolved(item) for name, item in value.items()}
        return [self._resolved(item) for item in value] if isinstance(value, list) else value


def _following(entry: Entry, old: str, new: str) -> Entry:
    """An alias is followed by all that refers to the name."""
    urn_ = new if entry.urn == old and entry.going else entry.urn
    return replace(entry, urn=urn_, deleted_with=new if entry.deleted_with == old else entry.deleted_with)


def _asked(method: Callable[..., Any], *args: Any) -> Any:
    try:
        return method(*args)
    except Refusal as refusal:
        raise Failed(str(refusal)) from None


def _wire(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, Mapping):
        return {name: _wire(item) for name, item in value.items()}
    return [_wire(item) for item in value] if isinstance(value, (list, tuple)) else value
