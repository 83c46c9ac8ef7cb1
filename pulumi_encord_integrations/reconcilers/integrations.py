"""Integrations of every type, reconciled the same way."""

import secrets
from collections.abc import Iterable

from pydantic import TypeAdapter, ValidationError

from pulumi_encord_integrations.client import integrations as api
from pulumi_encord_integrations.client.errors import NotFound, Refused, UnexpectedAnswer
from pulumi_encord_integrations.model.base import IMMUTABLE, SECRET
from pulumi_encord_integrations.model.identity import DeclaredAs
from pulumi_encord_integrations.model.integrations import (
    IntegrationSpec,
    IntegrationType,
    IntegrationView,
    Placement,
    integration_type,
)
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.reconcilers.base import Bag, Checked, Live
from pulumi_encord_integrations.reconcilers.notices import notice
from pulumi_encord_integrations.reconcilers.session import Session

_GONE = "integration_not_found"
"""Only this 404 is about the object itself."""
_FINGERPRINT = "credential_fingerprint"
_NOT_OUTPUTS = {"uuid", "provider", "role", "declared_as"}


class IntegrationReconciler:
    """Reconciles one type of integration from its facts."""

    def __init__(self, kind: IntegrationType) -> None:
        self.kind = kind
        self.replaces = kind.spec.marked(IMMUTABLE)
        self.secrets = kind.spec.marked(SECRET)
        self._fields = frozenset(kind.spec.model_fields) - {"provider"}

    def check(self, known: Bag, unknown: frozenset[str]) -> Checked:
        """Validates against the type's spec."""
        placement = {name: known[name] for name in ("adopt", "declared_as") if name in known}
        declared = {name: value for name, value in known.items() if name not in placement}
        problems = _adopt_problems(placement)
        spec, found = self.kind.spec.examine(declared, unknown & self._fields)
        if spec is None:
            return Checked(known, [*found, *problems])
        canonical = spec.model_dump(mode="json", exclude={"provider", *unknown}, exclude_none=True)
        return Checked({**canonical, **placement}, [*found, *problems])

    def comparable(self, properties: Bag) -> Bag:
        """The settings, and the declaration without its mere names."""
        settings = {name: properties.get(name) for name in self._fields}
        declared = properties.get("declared_as")
        if isinstance(declared, dict):
            declared = {name: declared.get(name) for name in ("stack_id", "path")}
        return {**settings, "declared_as": declared}

    def same_object(self, id_: str, properties: Bag) -> str:
        """The remote uuid."""
        return id_

    def create(self, session: Session, inputs: Bag) -> Live:
        """Creates, finds its own, or adopts."""
        placement = Placement(
            declared_as=_declared_as(inputs), adopt=bool(inputs.get("adopt")), nonce=secrets.token_hex(16)
        )
        try:
            view, answer = api.create(session.client, self._spec(inputs), placement)
        finally:
            session.written()
        if answer.lookalikes:
            notice(
                f'"{view.title}" was created anew, but a stack of the same name, whose state may be lost, '
                f"declares {', '.join(answer.lookalikes)} at the same place. adopt=True takes one over"
            )
        return self._live(view, inputs)

    def read(self, session: Session, id_: str, outputs: Bag) -> Live | None:
        """From the listing; what is not in it is asked for by itself."""
        session.require(outputs.get("organization"))
        view = session.listing("integrations", lambda: _all(session)).get(id_)
        if view is None:
            try:
                view = api.read(session.client, id_)
            except NotFound as error:
                if error.code != _GONE:
                    raise
                return None
        declared = view.declared_as.model_dump(mode="json") if view.declared_as else None
        kept = {name: value for name, value in outputs.items() if name not in {*self._fields, "declared_as"}}
        carried = {name: outputs[name] for name in self.secrets if name in outputs}
        if getattr(view, _FINGERPRINT, None) != outputs.get(_FINGERPRINT, None):
            # Somebody else set other secrets: those of the state are not what the API holds.
            carried = {}
        return self._live(view, {**kept, **carried, **({"declared_as": declared} if declared else {})})

    def update(self, session: Session, id_: str, outputs: Bag, inputs: Bag) -> Live:
        """Applies the whole declaration: what it says counts, whoever changed what."""
        session.require(outputs.get("organization"))
        changes = self._spec(inputs).to_wire()
        declared = _declared_as(inputs)
        if declared is not None:
            changes["declaredAs"] = declared.to_wire()
        try:
            view = api.update(session.client, id_, changes)
        finally:
            session.written()
        return self._live(view, {**inputs, "incarnation": outputs.get("incarnation")})

    def delete(self, session: Session, id_: str, outputs: Bag) -> None:
        """Deletes; releases what was adopted and leaves what another stack has taken over."""
        session.require(outputs.get("organization"))
        declared = _declared_as(outputs)
        try:
            gone = api.delete(session.client, id_, str(declared.stack_id) if declared else None)
        except NotFound as error:
            if error.code != _GONE:
                raise
            return
        finally:
            session.written()
        if gone.outcome == "kept":
            notice(f'"{outputs.get("title")}" ({id_}) lives on: another stack declares it now')

    def _spec(self, inputs: Bag) -> IntegrationSpec:
        return self.kind.spec.model_validate({name: inputs[name] for name in self._fields if name in inputs})

    def _own(self, view: IntegrationView) -> None:
        """Raises `Refused` for another type, `UnexpectedAnswer` for what only a newer package can read."""
        if view.provider != self.kind.provider:
            other = integration_type(view.provider)
            raise Refused(
                f'"{view.title}" ({view.uuid}) is of type {view.provider}, not {self.kind.provider}',
                hint=f"Use {other.resource}" if other else "Use a newer version of this package",
            )
        if not isinstance(view, self.kind.view):
            raise UnexpectedAnswer(
                f'"{view.title}" ({view.uuid}) has settings that this version cannot read',
                hint="Use a newer version of this package",
            )

    def _live(self, view: IntegrationView, carried: Bag) -> Live:
        """Live values over what only the state knows: the declaration, secrets, the incarnation."""
        self._own(view)
        shown = view.model_dump(mode="json", exclude=_NOT_OUTPUTS, exclude_none=True)
        carried = {
            name: value for name, value in carried.items() if name in self.secrets or name not in self._fields
        }
        outputs = {**carried, **shown}
        inputs = {name: outputs[name] for name in (*self._fields, "adopt", "declared_as") if name in outputs}
        return Live(view.uuid, inputs, outputs)


def _all(session: Session) -> Iterable[tuple[str, IntegrationView]]:
    return ((view.uuid, view) for view in api.search(session.client))


def _declared_as(properties: Bag) -> DeclaredAs | None:
    value = properties.get("declared_as")
    return DeclaredAs.model_validate(value) if value else None


def _adopt_problems(placement: Bag) -> list[Problem]:
    try:
        TypeAdapter(bool).validate_python(placement.get("adopt", False), strict=True)
    except ValidationError:
        return [Problem(("adopt",), "must be true or false")]
    return []
