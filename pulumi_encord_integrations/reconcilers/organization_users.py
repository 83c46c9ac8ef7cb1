"""Users of the organization."""

from typing import Any

from pulumi_encord_integrations.client import organization_users as api
from pulumi_encord_integrations.client.errors import Refused
from pulumi_encord_integrations.lifecycle.ownership import NOTHING, ResourceKeys, named
from pulumi_encord_integrations.lifecycle.reconciler import Live, Properties, Reconciler
from pulumi_encord_integrations.lifecycle.session import Session
from pulumi_encord_integrations.lifecycle.warnings import warn
from pulumi_encord_integrations.model.users import (
    DeclaredOrganizationUser,
    OrganizationUserSpec,
    OrganizationUserView,
)
from pulumi_encord_integrations.reconcilers import memberships

_SHOWN = {"email", "role", "member_type", "created_at"}


class OrganizationUserReconciler(Reconciler):
    """Somebody as a part of the organization; named by the e-mail."""

    spec = DeclaredOrganizationUser
    gone = "user_not_found"
    replaces = frozenset({"email"})

    def resource_keys(self, id_: str, properties: Properties) -> ResourceKeys:
        """The person in the organization."""
        return named("organization_user", id_ or properties.get("email"))

    def revokes_access_of(self, id_: str, outputs: Properties) -> str | None:
        """The person."""
        return None if outputs.get("on_delete") == "keep" else id_

    def create(self, session: Session, inputs: Properties) -> Live:
        """Adds at once; who is there already is taken over, as declared."""
        spec = OrganizationUserSpec.model_validate({name: inputs[name] for name in _wanted(inputs)})
        taken_over = False
        try:
            view = api.add(session.client, spec)
        except Refused as error:
            if error.code != "user_exists":
                raise
            view, taken_over = api.change(session.client, spec.email, _change(inputs)), True
        return self._live(view, {**inputs, "adopted": taken_over})

    def read(self, session: Session, id_: str, outputs: Properties) -> Live | None:
        """From the listing of the organization."""
        rows = session.listing("users", lambda: ((v.email, v) for v in api.listing(session.client)))
        view = rows.get(id_.lower())
        return None if view is None else self._live(view, {"adopted": True, "on_delete": "remove", **outputs})

    def update(
        self,
        session: Session,
        id_: str,
        outputs: Properties,
        inputs: Properties,
        owned_elsewhere: ResourceKeys = NOTHING,
    ) -> Live:
        """Applies role and kind of member."""
        return self._live(api.change(session.client, id_, _change(inputs)), {**outputs, **inputs})

    def delete(
        self, session: Session, id_: str, outputs: Properties, owned_elsewhere: ResourceKeys = NOTHING
    ) -> None:
        """Ends all access; nobody removes themselves."""
        if session.organization.user_email == id_:
            warn(f"{id_} stays in the organization: nobody removes themselves")
        else:
            api.remove(session.client, id_)

    def kept(self, session: Session, id_: str, outputs: Properties) -> str:
        """That the membership is kept, but for one's own: nobody removes themselves."""
        oneself = session.organization.user_email == id_
        return "" if oneself else memberships.kept(id_, "the organization")

    def _live(self, view: OrganizationUserView, carried: Properties) -> Live:
        outputs: dict[str, Any] = {**carried, **view.model_dump(mode="json", include=_SHOWN)}
        return self.as_live(view.email, outputs)


def _wanted(inputs: Properties) -> list[str]:
    return [name for name in ("email", "role", "member_type") if name in inputs]


def _change(inputs: Properties) -> Properties:
    return {"roleMnemonicName": inputs["role"], "memberType": inputs["member_type"]}
