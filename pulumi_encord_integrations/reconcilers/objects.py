"""Objects with an ownership key, which a create finds again: integrations and user groups."""

import secrets
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from pulumi_encord_integrations.lifecycle.ownership import NOTHING, ResourceKeys, named
from pulumi_encord_integrations.lifecycle.reconciler import (
    NO_CONTEXT,
    NO_NAMES,
    Checked,
    Context,
    Live,
    Prior,
    Properties,
    Reconciler,
)
from pulumi_encord_integrations.lifecycle.session import Session
from pulumi_encord_integrations.lifecycle.warnings import warn
from pulumi_encord_integrations.model.base import Sent, relaxed
from pulumi_encord_integrations.model.identity import DeclaredAs, Placement
from pulumi_encord_integrations.model.marks import IMMUTABLE, SECRET, SHARED
from pulumi_encord_integrations.model.problems import Problem

V = TypeVar("V")


class ObjectReconciler(Reconciler, Generic[V]):
    """Reconciles one kind of object; a kind supplies its facts and its calls."""

    noun: ClassVar[str]
    """What its listing is called in a session."""
    fields: frozenset[str]
    """Inputs that are settings of the object."""

    def __init__(self, spec: type[Sent], apart: frozenset[str] = frozenset()) -> None:
        self.spec = spec
        self.apart = apart
        self.replaces = spec.marked(IMMUTABLE)
        self.secrets = spec.marked(SECRET)
        self.shared = spec.marked(SHARED)
        self.fields = frozenset(spec.model_fields) - apart

    @abstractmethod
    def call_create(self, session: Session, spec: Any, placement: Placement) -> tuple[V, list[str]]:
        """The object, and the uuids of those that may be meant instead."""

    @abstractmethod
    def call_read(self, session: Session, uuid: str) -> V:
        """One object; raises `NotFound`."""

    @abstractmethod
    def call_list(self, session: Session) -> Iterable[tuple[str, V]]:
        """All objects by uuid."""

    @abstractmethod
    def call_update(self, session: Session, uuid: str, changes: Properties) -> V:
        """Applies camelCase changes."""

    @abstractmethod
    def call_delete(self, session: Session, uuid: str, declared_by: str | None) -> str:
        """Answers what became of it."""

    @abstractmethod
    def live(self, view: V, carried: Properties) -> Live:
        """Live values over what only the state knows: the declaration, the generation."""

    @abstractmethod
    def carried(self, view: V, outputs: Properties) -> Properties:
        """What of the state's outputs a read keeps."""

    @abstractmethod
    def title(self, properties: Any) -> str:
        """Its name for people."""

    def check(
        self, known: Properties, unknown: frozenset[str] = NO_NAMES, context: Context = NO_CONTEXT
    ) -> Checked:
        """Validates against the spec; of an object that exists, a secret that is left out is left alone."""
        placement = {name: known[name] for name in ("adopt", "declared_as") if name in known}
        declared = {name: value for name, value in known.items() if name not in placement}
        problems = [*_adopt_problems(placement), *self._unpaired(declared, unknown, context.before)]
        left = self._left_alone(declared, unknown) if context.before else NO_NAMES
        spec, found = self.spec.examine(declared, unknown & self.fields | left, datetime.now(UTC))
        if spec is None:
            return Checked(known, [*found, *problems])
        canonical = spec.model_dump(mode="json", exclude={*self.apart, *unknown, *left}, exclude_none=True)
        return Checked({**canonical, **placement}, [*found, *problems])

    def comparable(self, properties: Properties) -> Properties:
        """The settings, and the declaration without its mere names."""
        settings = {name: properties.get(name) for name in self.fields}
        declared = properties.get("declared_as")
        if isinstance(declared, dict):
            declared = {name: declared.get(name) for name in ("stack_id", "path")}
        return {**settings, "declared_as": declared}

    def resource_keys(self, id_: str, properties: Properties) -> ResourceKeys:
        """The object, and those of its settings that could be another resource's."""
        shared = [name for name in self.shared if properties.get(name) is not None]
        return named("object", id_) | (named("setting", id_, *shared) if shared else NOTHING)

    def create(self, session: Session, inputs: Properties) -> Live:
        """Creates, finds its own, or adopts."""
        placement = Placement(
            declared_as=_declared_as(inputs), adopt=bool(inputs.get("adopt")), nonce=secrets.token_hex(16)
        )
        view, lookalikes = self.call_create(session, self._spec(inputs), placement)
        if lookalikes:
            warn(
                f'"{self.title(inputs)}" was created anew, but a stack of the same name, whose state may be '
                f"lost, declares {', '.join(lookalikes)} at the same place. adopt=True takes one over"
            )
        return self.live(view, inputs)

    def read(self, session: Session, prior: Prior) -> Live | None:
        """From the listing; what is not in it is asked for by itself."""
        view = session.listing(self.noun, lambda: self.call_list(session)).get(prior.id)
        if view is None:
            view = self.call_read(session, prior.id)
        return self.live(view, self.carried(view, prior.outputs))

    def update(self, session: Session, prior: Prior, inputs: Properties) -> Live:
        """Applies the whole declaration: what it says counts, whoever changed what."""
        secrets = self._left_alone(inputs)
        changes = self._spec(inputs, secrets).to_wire()
        for name in (*secrets, *self.left_alone(prior, inputs)):
            del changes[to_camel(name)]
        declared = _declared_as(inputs)
        if declared is not None:
            changes["declaredAs"] = declared.to_wire()
        return self.live(self.call_update(session, prior.id, changes), inputs)

    def left_alone(self, prior: Prior, inputs: Properties) -> list[str]:
        """Settings that another resource may have set: not declared here, nor taken out, nor taken over."""
        absent = [name for name in self.shared if inputs.get(name) is None]
        return [
            name
            for name in absent
            if prior.outputs.get(name) is None or named("setting", prior.id, name) <= prior.owned_elsewhere
        ]

    def delete(self, session: Session, prior: Prior) -> None:
        """Deletes; releases what was adopted and leaves what another stack has taken over."""
        if named("object", prior.id) <= prior.owned_elsewhere:
            return
        declared = _declared_as(prior.outputs)
        outcome = self.call_delete(session, prior.id, str(declared.stack_id) if declared else None)
        if outcome == "kept":
            warn(f'"{self.title(prior.outputs)}" ({prior.id}) lives on: another stack declares it now')

    def _left_alone(self, inputs: Properties, unknown: frozenset[str] = NO_NAMES) -> frozenset[str]:
        """Secrets that are not declared: a refresh drops them where others set new ones."""
        return self.secrets.difference(inputs, unknown)

    def _unpaired(
        self, declared: Properties, unknown: frozenset[str], before: Properties
    ) -> Iterator[Problem]:
        later = {name: before.get(name) for name in unknown}
        for problem in self.spec.unpaired(before, {**declared, **later}):
            yield replace(problem, help=f"{problem.help}, or name both in ignore_changes")

    def _spec(self, inputs: Properties, absent: frozenset[str] = NO_NAMES) -> Sent:
        given = {name: inputs[name] for name in self.fields if name in inputs}
        spec: Sent = relaxed(self.spec, absent).model_validate(given)
        return spec


def _declared_as(properties: Properties) -> DeclaredAs | None:
    value = properties.get("declared_as")
    return DeclaredAs.model_validate(value) if value else None


def _adopt_problems(placement: Properties) -> list[Problem]:
    try:
        TypeAdapter(bool).validate_python(placement.get("adopt", False), strict=True)
    except ValidationError:
        return [Problem(("adopt",), "must be true or false")]
    return []
