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
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.model.users import (
    DeclaredOrganizationUser,
    OrganizationUserSpec,
    OrganizationUserView,
)
from pulumi_encord_integrations.reconcilers import memberships
from pulumi_encord_integrations.reconcilers.preflight import organization_admin, writes

_SUSPENDED = "is part of the organization already, and suspended"
_SUSPENDED_HINT = "declare suspended=True first: taking somebody over does not bring their access back"
_SHOWN = {"email", "role", "member_type", "suspended", "created_at"}


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
        problems += [*_own_suspension(context, inputs), *_suspended_already(context, inputs)]
        return Checked(inputs, problems, [*_taken_over(context, inputs), *_suspension(context, inputs)])

    def comparable(self, properties: Properties) -> Properties:
        """A state of before there were suspensions says nothing of one."""
        return super().comparable({"suspended": False, **properties})

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
                raise Refused(f"{spec.email} {_SUSPENDED}", hint=_SUSPENDED_HINT) from None
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
        change = _change(inputs)
        if change["suspended"] == prior.outputs.get("suspended", False):
            # What an admin did meanwhile stays until a refresh shows it, and a preview what becomes of it.
            change = {name: value for name, value in change.items() if name != "suspended"}
        view = api.change(session.client, prior.id, change)
        return self._live(view, {**prior.outputs, **inputs})

    def delete(self, session: Session, prior: Prior) -> None:
        """Ends all access; nobody removes themselves."""
        if session.organization.user_email == prior.id:
            warn(f"{prior.id} stays in the organization: nobody removes themselves")
        else:
            api.remove(session.client, prior.id)

    def kept(self, session: Session, prior: Prior) -> str:
        """That the membership is kept, but for one's own: nobody removes themselves."""
        oneself = session.organization.user_email == prior.id
        return "" if oneself else memberships.kept(prior.id, "the organization")

    def _is_suspended(self, session: Session, email: str) -> bool:
        found = (view for view in api.listing(session.client) if view.email == email)
        return any(view.suspended for view in found)

    def _live(self, view: OrganizationUserView, carried: Properties) -> Live:
        outputs: dict[str, Any] = {**carried, **view.model_dump(mode="json", include=_SHOWN)}
        return self.as_live(view.email, outputs)


def _is_new(context: Context, inputs: Properties) -> bool:
    return inputs.get("email") != context.before.get("email")


def _taken_over(context: Context, inputs: Properties) -> Iterator[str]:
    email, role = inputs.get("email"), inputs.get("role")
    now = (context.snapshot.users() or {}).get(str(email))
    if _is_new(context, inputs) and now and role and now != role:
        yield f"{email} is part of the organization already: was {now}, becomes {role}"


def _own_suspension(context: Context, inputs: Properties) -> Iterator[Problem]:
    caller = context.snapshot.user()
    if inputs.get("suspended") and caller is not None and caller == inputs.get("email"):
        yield Problem(("suspended",), "nobody suspends themselves", "ask another admin of the organization")


def _suspended_already(context: Context, inputs: Properties) -> Iterator[Problem]:
    suspended = str(inputs.get("email")) in context.snapshot.suspended()
    if _is_new(context, inputs) and suspended and not inputs.get("suspended"):
        yield Problem(("suspended",), f"{inputs['email']} {_SUSPENDED}", _SUSPENDED_HINT)


def _suspension(context: Context, inputs: Properties) -> Iterator[str]:
    email, suspended = inputs.get("email", "the user"), inputs.get("suspended")
    new = _is_new(context, inputs)
    was = email in context.snapshot.suspended() if new else context.before.get("suspended", False)
    if suspended and not was:
        yield f"{email} loses all access at once: every request of theirs is refused; memberships remain"
    elif was and suspended is False and not new:
        yield f"{email} is not suspended any more: all access comes back as it was, keys included"


def _wanted(inputs: Properties) -> list[str]:
    return [name for name in ("email", "role", "member_type", "suspended") if name in inputs]


def _change(inputs: Properties) -> Properties:
    return {
        "roleMnemonicName": inputs["role"],
        "memberType": inputs["member_type"],
        "suspended": inputs.get("suspended", False),
    }
