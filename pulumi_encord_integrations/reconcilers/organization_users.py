"""Users of the organization."""

from typing import Any

from pulumi_encord_integrations.client import organization_users as api
from pulumi_encord_integrations.client.errors import NotFound, Refused
from pulumi_encord_integrations.model.users import (
    DeclaredOrganizationUser,
    OrganizationUserSpec,
    OrganizationUserView,
)
from pulumi_encord_integrations.reconcilers.base import (
    NOTHING,
    UNKNOWN,
    Bag,
    Checked,
    Context,
    Live,
    Things,
)
from pulumi_encord_integrations.reconcilers.natural_keys import NaturalKey, keeps
from pulumi_encord_integrations.reconcilers.session import Session
from pulumi_encord_integrations.reconcilers.warnings import notice

_GONE = "user_not_found"
_SHOWN = {"email", "role", "member_type", "created_at"}


class OrganizationUserReconciler(NaturalKey):
    """Somebody as a part of the organization; named by the e-mail."""

    spec = DeclaredOrganizationUser
    replaces = frozenset({"email"})

    def check(self, known: Bag, unknown: frozenset[str], context: Context = UNKNOWN) -> Checked:
        """Validates against the spec."""
        return Checked(*self.examined(known, unknown))

    def things(self, id_: str, properties: Bag) -> frozenset[str]:
        """The e-mail, apart from what else may be named so."""
        email = id_ or properties.get("email")
        return frozenset({f"organization user {email}"} if email else ())

    def ends(self, id_: str, outputs: Bag) -> str | None:
        """The person."""
        return None if outputs.get("on_delete") == "keep" else id_

    def create(self, session: Session, inputs: Bag) -> Live:
        """Adds at once; who is there already is taken over, as declared."""
        spec = OrganizationUserSpec.model_validate({name: inputs[name] for name in _wanted(inputs)})
        taken_over = False
        try:
            try:
                view = api.add(session.client, spec)
            except Refused as error:
                if error.code != "user_exists":
                    raise
                view, taken_over = api.change(session.client, spec.email, _change(inputs)), True
        finally:
            session.written()
        return self._live(session, view, {**inputs, "adopted": taken_over})

    def read(self, session: Session, id_: str, outputs: Bag) -> Live | None:
        """From the listing of the organization."""
        session.require(outputs.get("organization"))
        rows = session.listing("users", lambda: ((v.email, v) for v in api.listing(session.client)))
        view = rows.get(id_.lower())
        if view is None:
            return None
        return self._live(session, view, {"adopted": True, "on_delete": "remove", **outputs})

    def update(self, session: Session, id_: str, outputs: Bag, inputs: Bag, living: Things = NOTHING) -> Live:
        """Applies role and kind of member."""
        session.require(outputs.get("organization"))
        try:
            view = api.change(session.client, id_, _change(inputs))
        finally:
            session.written()
        return self._live(session, view, {**outputs, **inputs})

    def delete(self, session: Session, id_: str, outputs: Bag, living: Things = NOTHING) -> None:
        """Ends all access; nobody removes themselves, which is worth a word unless it was declared so."""
        session.require(outputs.get("organization"))
        oneself = session.organization.user_email == id_
        if outputs.get("on_delete") == "keep":
            if not oneself:
                keeps(id_, "the organization")
        elif oneself:
            notice(f"{id_} stays in the organization: nobody removes themselves")
        else:
            self._remove(session, id_)

    def _remove(self, session: Session, email: str) -> None:
        try:
            api.remove(session.client, email)
        except NotFound as error:
            if error.code != _GONE:
                raise
        finally:
            session.written()

    def _live(self, session: Session, view: OrganizationUserView, carried: Bag) -> Live:
        outputs: dict[str, Any] = {**carried, **view.model_dump(mode="json", include=_SHOWN)}
        outputs["organization"] = session.organization.uuid
        return Live(view.email, self.inputs_of(outputs), outputs)


def _wanted(inputs: Bag) -> list[str]:
    return [name for name in ("email", "role", "member_type") if name in inputs]


def _change(inputs: Bag) -> Bag:
    return {"roleMnemonicName": inputs["role"], "memberType": inputs["member_type"]}
