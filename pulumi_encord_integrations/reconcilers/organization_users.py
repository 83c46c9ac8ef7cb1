"""Users of the organization."""

from collections.abc import Iterator
from typing import Any

from pulumi_encord_integrations.client import organization_users as api
from pulumi_encord_integrations.client.errors import Refused
from pulumi_encord_integrations.lifecycle.ownership import ResourceKeys, named
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
from pulumi_encord_integrations.model.users import (
    DeclaredOrganizationUser,
    OrganizationUserSpec,
    OrganizationUserView,
)
from pulumi_encord_integrations.reconcilers import identities
from pulumi_encord_integrations.reconcilers.identities import (
    FLAGS,
    auditing,
    own_demotion,
    own_suspension,
    suspended_already,
    suspended_there,
    suspension,
)
from pulumi_encord_integrations.reconcilers.preflight import organization_admin, writes

_SHOWN = {"email", "role", "member_type", "suspended", "auditor", "created_at"}


class OrganizationUserReconciler(Reconciler):
    """Somebody as a part of the organization; named by the e-mail."""

    spec = DeclaredOrganizationUser
    gone = "user_not_found"
    replaces = frozenset({"email"})

    def check(
        self, known: Properties, unknown: frozenset[str] = NO_NAMES, context: Context = NO_CONTEXT
    ) -> Checked:
        """Refuses whoever may not change users; tells of somebody who is taken over in another role."""
        checked = super().check(known, unknown, context)
        inputs = checked.inputs
        if checked.problems or not writes(self, inputs, context):
            return checked
        problems = list(organization_admin(context, "email"))
        email = str(inputs.get("email", "the user"))
        new = inputs.get("email") != context.before.get("email")
        problems += [
            *own_suspension(context, inputs, email),
            *own_demotion(context, inputs, email, new=new),
            *suspended_already(context, inputs, email, new=new),
        ]
        notes = [*_taken_over(context, inputs), *suspension(context, inputs, email, new=new)]
        return Checked(inputs, problems, [*notes, *auditing(context, inputs, email, new=new)])

    def comparable(self, properties: Properties) -> Properties:
        """A state of before there were suspensions and auditors says nothing of them."""
        return super().comparable({"suspended": False, "auditor": False, **properties})

    def resource_keys(self, id_: str, properties: Properties) -> ResourceKeys:
        """The person in the organization."""
        return named("organization_user", id_ or properties.get("email"))

    def revokes_access_of(self, prior: Prior) -> str | None:
        """The person."""
        return None if prior.outputs.get("on_delete") == "keep" else prior.id

    def create(self, session: Session, inputs: Properties) -> Live:
        """Adds at once; who is there already is taken over, as declared."""
        spec = OrganizationUserSpec.model_validate({name: inputs[name] for name in _wanted(inputs)})
        taken_over = False
        try:
            view = api.add(session.client, spec)
        except Refused as error:
            if error.code != "user_exists":
                raise
            if not spec.suspended and self._is_suspended(session, spec.email):
                raise suspended_there(spec.email) from None
            view, taken_over = api.change(session.client, spec.email, _change(inputs)), True
        return self._live(view, {**inputs, "adopted": taken_over})

    def read(self, session: Session, prior: Prior) -> Live | None:
        """From the listing of the organization."""
        rows = session.listing("users", lambda: ((v.email, v) for v in api.listing(session.client)))
        view = rows.get(prior.id.lower())
        carried = {"adopted": True, "on_delete": "remove", **prior.outputs}
        return None if view is None else self._live(view, carried)

    def update(self, session: Session, prior: Prior, inputs: Properties) -> Live:
        """Applies role, kind of member and suspension."""
        # What an admin did meanwhile stays until a refresh shows it, and a preview what becomes of it.
        same = {name for name in FLAGS if inputs.get(name, False) == prior.outputs.get(name, False)}
        change = {name: value for name, value in _change(inputs).items() if name not in same}
        view = api.change(session.client, prior.id, change)
        return self._live(view, {**prior.outputs, **inputs})

    def delete(self, session: Session, prior: Prior) -> None:
        """Ends all access; nobody removes themselves."""
        if session.organization.user_email == prior.id:
            warn(f"{prior.id} stays in the organization: nobody removes themselves")
        else:
            api.remove(session.client, prior.id)

    def kept(self, session: Session, prior: Prior) -> str:
        """That the membership is kept."""
        return identities.kept(session, prior.id)

    def _is_suspended(self, session: Session, email: str) -> bool:
        found = (view for view in api.listing(session.client) if view.email == email)
        return any(view.suspended for view in found)

    def _live(self, view: OrganizationUserView, carried: Properties) -> Live:
        outputs: dict[str, Any] = {**carried, **view.model_dump(mode="json", include=_SHOWN)}
        return self.as_live(view.email, outputs)


def _taken_over(context: Context, inputs: Properties) -> Iterator[str]:
    email, role = inputs.get("email"), inputs.get("role")
    now = (context.snapshot.users() or {}).get(str(email))
    if email != context.before.get("email") and now and role and now != role:
        yield f"{email} is part of the organization already: was {now}, becomes {role}"


def _wanted(inputs: Properties) -> list[str]:
    # An API that knows no auditors is told of none.
    names = ("email", "role", "member_type", "suspended", *(["auditor"] if inputs.get("auditor") else []))
    return [name for name in names if name in inputs]


def _change(inputs: Properties) -> Properties:
    return {
        "roleMnemonicName": inputs["role"],
        "memberType": inputs["member_type"],
        **{name: inputs.get(name, False) for name in FLAGS},
    }
