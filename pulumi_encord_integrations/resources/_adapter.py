"""The lifecycle as Pulumi's dynamic provider: what the engine hands over and takes back, and its errors."""

import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ClassVar, ParamSpec, TypeVar

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

from pulumi_encord_integrations.client.errors import EncordError, NotFound
from pulumi_encord_integrations.lifecycle.core import Lifecycle
from pulumi_encord_integrations.lifecycle.reconciler import Properties, Reconciler
from pulumi_encord_integrations.lifecycle.session import Session
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.resources import _process
from pulumi_encord_integrations.resources._values import (
    PROGRAM,
    canonical,
    partial,
    plain,
    quotable,
    split,
    unknown_again,
)

P = ParamSpec("P")
R = TypeVar("R")


class Refusal(Exception):
    """What the engine prints of any error: one line, without a traceback."""

    # The engine shows `module.Class: message`; from here it shows `Refusal: message`.
    __module__ = "builtins"


def one_line(method: Callable[P, R]) -> Callable[P, R]:
    """The border to the engine: SystemExit would hang the call for ever, and a traceback helps nobody."""

    @wraps(method)
    def bordered(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            _process.current().note_stack(_process.urn_asked_about())
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


class ProviderAdapter(ResourceProvider):
    """A provider is only a name: its instances hold nothing, all facts are the class's."""

    serialize_as_secret_always = False
    reconciler: ClassVar[Reconciler]

    def configure(self, req: ConfigureRequest) -> None:
        """Takes the stack's configuration; whatever is asked first connects."""
        _process.settle_in()
        _process.current().configure(lambda key: req.config.get(f"encord:{key}"))

    def _session(self, *, creating: bool = False) -> Session:
        return _process.current().session()

    def _lifecycle(self, *, creating: bool = False) -> Lifecycle:
        process = _process.current()
        return Lifecycle(
            self.reconciler,
            process.ownership,
            lambda: self._session(creating=creating),
            process.snapshot,
            process.note,
        )

    @one_line
    def check(self, olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """All problems at once; asks the API for what it knows, and changes nothing there."""
        known, unknown = split(news)
        later = {name: partial(value) for name, value in unknown.items()}
        program = plain(news.get(PROGRAM) or {})
        checked = self._lifecycle().check(canonical(olds or {}), known, later, program)
        failures = [self._failure(problem, known) for problem in checked.problems]
        return CheckResult({**unknown, **unknown_again(checked.inputs)}, failures)

    def _failure(self, problem: Problem, known: Properties) -> CheckFailure:
        name = str(problem.path[0]) if len(problem.path) == 1 else ""
        # The engine quotes the value of the property that a failure names, and `<nil>` for a part of one.
        if not name or name in self.reconciler.secrets or not quotable(known.get(name)):
            return CheckFailure("", str(problem))
        return CheckFailure(name, problem.text)

    @one_line
    def diff(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """False if nothing that counts differs; else None, so that the engine names what does."""
        known, unknown = split(news)
        inputs = {**known, **{name: partial(value) for name, value in unknown.items()}}
        changes = self._lifecycle().diff(id_, canonical(olds), inputs)
        if not changes:
            return DiffResult(changes=False)
        replaces = [change.name for change in changes if change.forces_replacement]
        return DiffResult(changes=None, replaces=replaces)

    @one_line
    def create(self, props: dict[str, Any]) -> CreateResult:
        """The object's id and outputs."""
        live = self._lifecycle(creating=True).create(canonical(props))
        return CreateResult(live.id, dict(live.outputs))

    @one_line
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Live inputs and outputs; an empty answer only for what is gone."""
        before = canonical(props)
        live = self._lifecycle().read(id_, before)
        if live is None and "organization" not in before:
            # A lookup by `.get()`: the engine would take an empty answer for an object without properties.
            raise NotFound(f"there is no {type(self).__name__.removesuffix('Provider')} {id_}")
        if live is None:
            return ReadResult("", {})
        if live.inputs == self.reconciler.inputs_of(before):
            # The engine keeps the inputs of the state, which may lack what a check has added since.
            return ReadResult(live.id, dict(live.outputs))
        return ReadResult(live.id, dict(live.outputs), dict(live.inputs))

    @one_line
    def update(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """All outputs, since the engine forgets those that are left out."""
        live = self._lifecycle().update(id_, canonical(olds), canonical(news))
        return UpdateResult(dict(live.outputs))

    @one_line
    def delete(self, id_: str, props: dict[str, Any]) -> None:
        """Deletes, unless the same thing lives on as another resource's."""
        self._lifecycle().delete(id_, canonical(props))
