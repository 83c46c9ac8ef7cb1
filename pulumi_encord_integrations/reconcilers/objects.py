"""Objects with an ownership key, which a create finds again: integrations and user groups."""

import secrets
from abc import abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar, TypeVar

from pydantic.alias_generators import to_camel

from pulumi_encord_integrations.lifecycle.ownership import NOTHING, ResourceKeys, named
from pulumi_encord_integrations.lifecycle.reconciler import (
    NO_NAMES,
    Live,
    Prior,
    Properties,
)
from pulumi_encord_integrations.lifecycle.session import Session
from pulumi_encord_integrations.lifecycle.warnings import warn
from pulumi_encord_integrations.model.base import Sent, relaxed
from pulumi_encord_integrations.model.identity import Placement
from pulumi_encord_integrations.reconcilers.object_changes import declared_as, stack_of
from pulumi_encord_integrations.reconcilers.object_previews import PreviewedObjects

V = TypeVar("V")


class ObjectReconciler(PreviewedObjects[V]):
    """Reconciles one kind of object; a kind supplies its facts and its calls."""

    noun: ClassVar[str]
    """What its listing is called in a session."""

    @abstractmethod
    def call_create(self, session: Session, spec: Any, placement: Placement) -> tuple[V, list[str]]:
        """The object, and the uuids of those that may be meant instead."""

    @abstractmethod
    def call_read(self, session: Session, uuid: str, stack: str | None) -> V:
        """One object, as it is answered to a stack; raises `NotFound`."""

    @abstractmethod
    def call_list(self, session: Session, stack: str | None) -> Iterable[tuple[str, V]]:
        """All objects by uuid, as they are answered to a stack."""

    @abstractmethod
    def call_update(self, session: Session, uuid: str, changes: Properties, declared_by: str | None) -> V:
        """Applies camelCase changes on behalf of the stack that the state knows."""

    @abstractmethod
    def call_delete(self, session: Session, prior: Prior, declared_by: str | None) -> str:
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

    def resource_keys(self, id_: str, properties: Properties) -> ResourceKeys:
        """The object, and those of its settings that could be another resource's."""
        shared = [name for name in self.shared if properties.get(name) is not None]
        return named("object", id_) | (named("setting", id_, *shared) if shared else NOTHING)

    def create(self, session: Session, inputs: Properties) -> Live:
        """Creates, finds its own, or adopts."""
        placement = Placement(
            declared_as=declared_as(inputs),
            adopt=inputs.get("adopt", False),
            adopt_from=inputs.get("adopt_from"),
            nonce=secrets.token_hex(16),
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
        stack = stack_of(prior.outputs)
        view = session.listing(self.noun, lambda: self.call_list(session, stack), stack).get(prior.id)
        if view is None:
            view = self.call_read(session, prior.id, stack)
        return self.live(view, self.carried(view, prior.outputs))

    def update(self, session: Session, prior: Prior, inputs: Properties) -> Live:
        """Applies the whole declaration: what it says counts, whoever changed what."""
        secrets = self._left_alone(inputs)
        changes = self._spec(inputs, secrets).to_wire()
        left = self.fields.difference(inputs) if prior.outputs.get("adopted") else NO_NAMES
        for name in {*secrets, *left, *self.left_alone(prior, inputs)}:
            del changes[to_camel(name)]
        declared = declared_as(inputs)
        if declared is not None:
            changes["declaredAs"] = declared.to_wire()
        return self.live(self.call_update(session, prior.id, changes, stack_of(prior.outputs)), inputs)

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
        outcome = self.call_delete(session, prior, stack_of(prior.outputs))
        if outcome == "kept":
            warn(f'"{self.title(prior.outputs)}" ({prior.id}) lives on: this stack no longer declares it')

    def _spec(self, inputs: Properties, absent: frozenset[str] = NO_NAMES) -> Sent:
        given = {name: inputs[name] for name in self.fields if name in inputs}
        spec: Sent = relaxed(self.spec, absent).model_validate(given)
        return spec
