"""Integrations of every type, reconciled the same way."""

from collections.abc import Iterable
from typing import Any

from pulumi_encord_integrations.client import integrations as api
from pulumi_encord_integrations.client.errors import Refused, UnexpectedAnswer
from pulumi_encord_integrations.lifecycle.reconciler import Live, Properties
from pulumi_encord_integrations.lifecycle.session import Session
from pulumi_encord_integrations.model.identity import Placement
from pulumi_encord_integrations.model.integration_registry import integration_type
from pulumi_encord_integrations.model.integrations import IntegrationType, IntegrationView
from pulumi_encord_integrations.reconcilers.objects import ObjectReconciler

GONE = "integration_not_found"
_FINGERPRINT = "credential_fingerprint"
_NOT_OUTPUTS = {"uuid", "provider", "role", "permissions", "declared_as"}


def living(session: Session, uuid: str) -> IntegrationView | None:
    """An integration, from the listing or asked for by itself; None only if that very one is gone."""
    found: IntegrationView | None = session.listing(
        "integrations", lambda: ((view.uuid, view) for view in api.search(session.client))
    ).get(uuid)
    return found or session.of_one(uuid, GONE, lambda: api.read(session.client, uuid))


class IntegrationReconciler(ObjectReconciler[IntegrationView]):
    """Reconciles one type of integration from its facts."""

    noun = "integrations"
    gone = GONE

    def __init__(self, kind: IntegrationType) -> None:
        super().__init__(kind.spec, frozenset({"provider"}))
        self.kind = kind

    def call_create(
        self, session: Session, spec: Any, placement: Placement
    ) -> tuple[IntegrationView, list[str]]:
        """Creates, finds its own, or adopts."""
        view, answer = api.create(session.client, spec, placement)
        return view, answer.lookalikes

    def call_read(self, session: Session, uuid: str) -> IntegrationView:
        """One integration."""
        return api.read(session.client, uuid)

    def call_list(self, session: Session) -> Iterable[tuple[str, IntegrationView]]:
        """All that the caller may view."""
        return ((view.uuid, view) for view in api.search(session.client))

    def call_update(self, session: Session, uuid: str, changes: Properties) -> IntegrationView:
        """Applies changes."""
        return api.update(session.client, uuid, changes)

    def call_delete(self, session: Session, uuid: str, declared_by: str | None) -> str:
        """Lets it go."""
        return api.delete(session.client, uuid, declared_by).outcome

    def title(self, properties: Any) -> str:
        """The title."""
        return str(properties.get("title"))

    def carried(self, view: IntegrationView, outputs: Properties) -> Properties:
        """The state's secrets, unless somebody else set others: then they are not what the API holds."""
        kept = {name: value for name, value in outputs.items() if name not in {*self.fields, "declared_as"}}
        if getattr(view, _FINGERPRINT, None) == outputs.get(_FINGERPRINT):
            kept |= {name: outputs[name] for name in self.secrets if name in outputs}
        looked_up = "organization" not in outputs
        kept |= {name: getattr(view, name) if looked_up else outputs.get(name) for name in self.shared}
        if view.declared_as:
            kept["declared_as"] = view.declared_as.model_dump(mode="json")
        return kept

    def live(self, view: IntegrationView, carried: Properties) -> Live:
        """Live values over what only the state knows: the declaration, secrets, the generation."""
        self._own(view)
        undeclared = {name for name in self.shared if carried.get(name) is None}
        shown = view.model_dump(mode="json", exclude=_NOT_OUTPUTS | undeclared, exclude_none=True)
        carried = {
            name: value for name, value in carried.items() if name in self.secrets or name not in self.fields
        }
        outputs = {**carried, **shown}
        inputs = {name: outputs[name] for name in (*self.fields, "adopt", "declared_as") if name in outputs}
        return Live(view.uuid, inputs, outputs)

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
