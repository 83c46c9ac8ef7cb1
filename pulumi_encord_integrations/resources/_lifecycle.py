"""The lifecycle of every resource, written once over its reconciler."""

import threading
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from pathlib import Path
from typing import Any, ClassVar, ParamSpec, TypeVar
from uuid import uuid4

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)

from pulumi_encord_integrations.client.errors import EncordError, NotFound, Refused
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.reconcilers.base import Bag, Context, Reconciler
from pulumi_encord_integrations.reconcilers.natural_keys import some
from pulumi_encord_integrations.reconcilers.session import Session
from pulumi_encord_integrations.resources import _session
from pulumi_encord_integrations.resources._process import settle_in
from pulumi_encord_integrations.resources._values import bag, quotable, split

P = ParamSpec("P")
R = TypeVar("R")

INCARNATION = "incarnation"


class Refusal(Exception):
    """What the engine prints of any error: one line, without a traceback."""

    # The engine shows `module.Class: message`; from here it shows `Refusal: message`.
    __module__ = "builtins"


def one_line(method: Callable[P, R]) -> Callable[P, R]:
    """The border to the engine: SystemExit would hang the call for ever, and a traceback helps nobody."""

    @wraps(method)
    def bordered(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(*args, **kwargs)
        except EncordError as error:
            raise Refusal(" ".join(str(error).split())) from None
        except BaseException as error:  # noqa: BLE001  the process border
            # Without a limit of its own this would obey the process's, which is 0.
            frame = traceback.extract_tb(error.__traceback__, limit=-1)[0]
            place = f"{Path(frame.filename).name}:{frame.lineno}"
            raise Refusal(
                f"pulumi-encord-integrations failed: {type(error).__name__} in {place}; please report it"
            ) from None

    return bordered


class _Seen:
    """Which incarnations of a remote thing this process has seen alive, and which things it was told of.

    A delete whose thing lives on under another incarnation would take away what a create just found.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._alive: dict[str, set[str]] = {}
        self._declared: set[str] = set()

    def alive(self, things: frozenset[str], incarnation: str | None) -> None:
        if incarnation:
            with self._lock:
                for thing in things:
                    self._alive.setdefault(thing, set()).add(incarnation)

    def gone(self, things: frozenset[str], incarnation: str | None) -> None:
        with self._lock:
            for thing in things:
                self._alive.get(thing, set()).discard(incarnation or "")

    def withheld(self) -> AbstractContextManager[object]:
        """Nothing becomes alive until the block ends: what it takes away, nobody is about to take over."""
        return self._lock

    def superseded(self, things: frozenset[str], incarnation: str | None) -> frozenset[str]:
        """Those of the things that live on under another incarnation."""
        with self._lock:
            return frozenset(thing for thing in things if self._alive.get(thing, set()) - {incarnation or ""})

    def declare(self, things: frozenset[str]) -> None:
        with self._lock:
            self._declared |= things

    def declared(self) -> frozenset[str]:
        with self._lock:
            return frozenset(self._declared)


_seen = _Seen()


class Lifecycle(ResourceProvider):
    """A provider is only a name: its instances hold nothing, all facts are the class's."""

    serialize_as_secret_always = False
    reconciler: ClassVar[Reconciler]

    def configure(self, req: ConfigureRequest) -> None:
        """Takes the stack's configuration; connects later, so that previews need no key."""
        settle_in()
        _session.configure(lambda key: req.config.get(f"encord:{key}"))

    def _session(self, *, creating: bool = False) -> Session:
        return _session.session()

    @one_line
    def check(self, olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """All problems at once, offline."""
        known, unknown = split(news)
        context = Context(bag(olds or {}), _seen.declared())
        checked = self.reconciler.check(known, frozenset(unknown), context)
        _seen.declare(self.reconciler.things("", checked.inputs))
        failures = [self._failure(problem, known) for problem in checked.problems]
        return CheckResult({**checked.inputs, **unknown}, failures)

    def _failure(self, problem: Problem, known: Bag) -> CheckFailure:
        name = str(problem.path[0]) if len(problem.path) == 1 else ""
        # The engine quotes the value of the property that a failure names, and `<nil>` for a part of one.
        if not name or name in self.reconciler.secrets or not quotable(known.get(name)):
            return CheckFailure("", str(problem))
        return CheckFailure(name, problem.text)

    def _mark_alive(self, id_: str, properties: Bag) -> None:
        _seen.alive(self.reconciler.things(id_, properties), properties.get(INCARNATION))

    @one_line
    def diff(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """False if nothing that counts differs; else None, so that the engine names what does."""
        before = bag(olds)
        self._mark_alive(id_, before)
        known, unknown = split(news)
        old, new = self.reconciler.comparable(before), self.reconciler.comparable({**known, **unknown})
        left_alone = self.reconciler.secrets.difference(known, unknown)
        changed = {name for name in new if name in unknown or old.get(name) != new[name]} - left_alone
        replaces = sorted(changed & self.reconciler.replaces)
        if not replaces:
            _seen.declare(self.reconciler.things(id_, {}))
        if not changed:
            return DiffResult(changes=False)
        return DiffResult(changes=None, replaces=replaces)

    @one_line
    def create(self, props: dict[str, Any]) -> CreateResult:
        """Every create is a new incarnation, also of an object that it finds."""
        inputs, incarnation = bag(props), uuid4().hex
        named = self.reconciler.things("", inputs)
        # Before it is so, since an update beside this one might take away what this one grants.
        _seen.alive(named, incarnation)
        try:
            live = self.reconciler.create(self._session(creating=True), inputs)
        except BaseException:
            _seen.gone(named, incarnation)
            raise
        outputs = {**live.outputs, INCARNATION: incarnation}
        self._mark_alive(live.id, outputs)
        return CreateResult(live.id, outputs)

    @one_line
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Live inputs and outputs; an empty answer only for what is gone."""
        before = bag(props)
        self._mark_alive(id_, before)
        live = self.reconciler.read(self._session(), id_, before)
        if live is None and "organization" not in before:
            # A lookup by `.get()`: the engine would take an empty answer for an object without properties.
            raise NotFound(f"there is no {type(self).__name__.removesuffix('Provider')} {id_}")
        if live is None:
            return ReadResult("", {})
        return ReadResult(live.id, dict(live.outputs), dict(live.inputs))

    @one_line
    def update(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """All outputs, since the engine forgets those that are left out."""
        before = bag(olds)
        inputs, incarnation = bag(news), before.get(INCARNATION)
        self._mark_alive(id_, before)
        _seen.alive(self.reconciler.things("", inputs), incarnation)
        with _seen.withheld() if self.reconciler.shares else nullcontext():
            living = self._living(id_, before)
            live = self.reconciler.update(self._session(), id_, before, inputs, living)
        outputs = {**live.outputs, INCARNATION: incarnation}
        self._mark_alive(id_, outputs)
        things = self.reconciler.things
        _seen.gone(things(id_, before) - things(id_, outputs), incarnation)
        return UpdateResult(outputs)

    @one_line
    def delete(self, id_: str, props: dict[str, Any]) -> None:
        """Deletes, unless the same thing lives on as another resource's."""
        before = bag(props)
        living = self._living(id_, before)
        if not living or living != self.reconciler.things(id_, before):
            self._require_undeclared(id_, before)
            self.reconciler.delete(self._session(), id_, before, living)

    def _require_undeclared(self, id_: str, before: Bag) -> None:
        who = self.reconciler.ends(id_, before)
        holders = sorted(
            thing.removesuffix(f"/{who}") for thing in _seen.declared() if who and thing.endswith(f"/{who}")
        )
        if holders:
            raise Refused(
                f"{id_} is still declared as a member of {some(holders)}",
                hint="Take that out as well: deleting ends all access, an individual Admin's too",
            )

    def _living(self, id_: str, properties: Bag) -> frozenset[str]:
        things = self.reconciler.things(id_, properties)
        return _seen.superseded(things, properties.get(INCARNATION))
