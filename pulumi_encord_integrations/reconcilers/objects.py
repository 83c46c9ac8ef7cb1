"""Objects with an ownership key, which a create finds again: integrations and user groups."""

import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from pulumi_encord_integrations.client.errors import NotFound
from pulumi_encord_integrations.model.base import Sent, relaxed
from pulumi_encord_integrations.model.identity import DeclaredAs, Placement
from pulumi_encord_integrations.model.marks import IMMUTABLE, SECRET, SHARED
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.reconcilers.base import NOTHING, UNKNOWN, Bag, Checked, Context, Live, Things
from pulumi_encord_integrations.reconcilers.session import Session
from pulumi_encord_integrations.reconcilers.warnings import notice

V = TypeVar("V")


class ObjectReconciler(ABC, Generic[V]):
    """Reconciles one kind of object; a kind supplies its facts and its calls."""

    noun: ClassVar[str]
    """What its listing is called in a session."""
    gone: ClassVar[str]
    """Only a 404 of this code is about the object itself."""
    spec: type[Sent]
    fields: frozenset[str]
    """Inputs that are settings of the object."""
    shares = False

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
    def call_update(self, session: Session, uuid: str, changes: Bag) -> V:
        """Applies camelCase changes."""

    @abstractmethod
    def call_delete(self, session: Session, uuid: str, declared_by: str | None) -> str:
        """Answers what became of it."""

    @abstractmethod
    def live(self, view: V, carried: Bag) -> Live:
        """Live values over what only the state knows: the declaration, the incarnation."""

    @abstractmethod
    def carried(self, view: V, outputs: Bag) -> Bag:
        """What of the state's outputs a read keeps."""

    @abstractmethod
    def title(self, properties: Any) -> str:
        """Its name for people."""

    def check(self, known: Bag, unknown: frozenset[str], context: Context = UNKNOWN) -> Checked:
        """Validates against the spec; of an object that exists, a secret that is left out is left alone."""
        placement = {name: known[name] for name in ("adopt", "declared_as") if name in known}
        declared = {name: value for name, value in known.items() if name not in placement}
        problems = [*_adopt_problems(placement), *self._unpaired(declared, unknown, context.before)]
        left = self._left_alone(declared, unknown) if context.before else NOTHING
        spec, found = self.spec.examine(declared, unknown & self.fields | left, datetime.now(UTC))
        if spec is None:
            return Checked(known, [*found, *problems])
        canonical = spec.model_dump(mode="json", exclude={*self.apart, *unknown, *left}, exclude_none=True)
        return Checked({**canonical, **placement}, [*found, *problems])

    def comparable(self, properties: Bag) -> Bag:
        """The settings, and the declaration without its mere names."""
        settings = {name: properties.get(name) for name in self.fields}
        declared = properties.get("declared_as")
        if isinstance(declared, dict):
            declared = {name: declared.get(name) for name in ("stack_id", "path")}
        return {**settings, "declared_as": declared}

    def things(self, id_: str, properties: Bag) -> frozenset[str]:
        """The remote uuid, and those of its settings that could be another resource's."""
        declared = {f"{id_}/{name}" for name in self.shared if properties.get(name) is not None}
        return frozenset({id_, *declared} if id_ else ())

    def ends(self, id_: str, outputs: Bag) -> str | None:
        """Nobody, as far as members go."""
        return None

    def create(self, session: Session, inputs: Bag) -> Live:
        """Creates, finds its own, or adopts."""
        placement = Placement(
            declared_as=_declared_as(inputs), adopt=bool(inputs.get("adopt")), nonce=secrets.token_hex(16)
        )
        try:
            view, lookalikes = self.call_create(session, self._spec(inputs), placement)
        finally:
            session.written()
        if lookalikes:
            notice(
                f'"{self.title(inputs)}" was created anew, but a stack of the same name, whose state may be '
                f"lost, declares {', '.join(lookalikes)} at the same place. adopt=True takes one over"
            )
        return self.live(view, inputs)

    def read(self, session: Session, id_: str, outputs: Bag) -> Live | None:
        """From the listing; what is not in it is asked for by itself."""
        session.require(outputs.get("organization"))
        view = session.listing(self.noun, lambda: self.call_list(session)).get(id_)
        if view is None:
            try:
                view = self.call_read(session, id_)
            except NotFound as error:
                if error.code != self.gone:
                    raise
                return None
        return self.live(view, self.carried(view, outputs))

    def update(self, session: Session, id_: str, outputs: Bag, inputs: Bag, living: Things = NOTHING) -> Live:
        """Applies the whole declaration: what it says counts, whoever changed what."""
        session.require(outputs.get("organization"))
        secrets = self._left_alone(inputs)
        changes = self._spec(inputs, secrets).to_wire()
        for name in (*secrets, *self.left_alone(id_, outputs, inputs, living)):
            del changes[to_camel(name)]
        declared = _declared_as(inputs)
        if declared is not None:
            changes["declaredAs"] = declared.to_wire()
        try:
            view = self.call_update(session, id_, changes)
        finally:
            session.written()
        return self.live(view, {**inputs, "incarnation": outputs.get("incarnation")})

    def left_alone(self, id_: str, outputs: Bag, inputs: Bag, living: Things) -> list[str]:
        """Settings that another resource may have set: not declared here, nor taken out, nor taken over."""
        absent = [name for name in self.shared if inputs.get(name) is None]
        return [name for name in absent if outputs.get(name) is None or f"{id_}/{name}" in living]

    def delete(self, session: Session, id_: str, outputs: Bag, living: Things = NOTHING) -> None:
        """Deletes; releases what was adopted and leaves what another stack has taken over."""
        session.require(outputs.get("organization"))
        if id_ in living:
            return
        declared = _declared_as(outputs)
        try:
            outcome = self.call_delete(session, id_, str(declared.stack_id) if declared else None)
        except NotFound as error:
            if error.code != self.gone:
                raise
            return
        finally:
            session.written()
        if outcome == "kept":
            notice(f'"{self.title(outputs)}" ({id_}) lives on: another stack declares it now')

    def _left_alone(self, inputs: Bag, unknown: frozenset[str] = NOTHING) -> frozenset[str]:
        """Secrets that are not declared: a refresh drops them where others set new ones."""
        return self.secrets.difference(inputs, unknown)

    def _unpaired(self, declared: Bag, unknown: frozenset[str], before: Bag) -> Iterator[Problem]:
        later = {name: before.get(name) for name in unknown}
        for problem in self.spec.unpaired(before, {**declared, **later}):
            yield replace(problem, help=f"{problem.help}, or name both in ignore_changes")

    def _spec(self, inputs: Bag, absent: frozenset[str] = NOTHING) -> Sent:
        given = {name: inputs[name] for name in self.fields if name in inputs}
        spec: Sent = relaxed(self.spec, absent).model_validate(given)
        return spec


def _declared_as(properties: Bag) -> DeclaredAs | None:
    value = properties.get("declared_as")
    return DeclaredAs.model_validate(value) if value else None


def _adopt_problems(placement: Bag) -> list[Problem]:
    try:
        TypeAdapter(bool).validate_python(placement.get("adopt", False), strict=True)
    except ValidationError:
        return [Problem(("adopt",), "must be true or false")]
    return []
