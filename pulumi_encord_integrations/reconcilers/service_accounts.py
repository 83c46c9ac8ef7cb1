"""Service accounts of the organization."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pulumi_encord_integrations.client import service_accounts as api
from pulumi_encord_integrations.client.errors import Refused
from pulumi_encord_integrations.lifecycle.ownership import ResourceKeys, named
from pulumi_encord_integrations.lifecycle.reconciler import (
    NO_CONTEXT,
    NO_NAMES,
    NOT_KNOWN_YET,
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
from pulumi_encord_integrations.model.service_accounts import (
    DeclaredServiceAccount,
    ServiceAccountSpec,
    ServiceAccountView,
    email_of_account,
)
from pulumi_encord_integrations.reconcilers import identities
from pulumi_encord_integrations.reconcilers.credential_previews import (
    entries,
    gains_and_losses,
    impossible,
    own_credential,
)
from pulumi_encord_integrations.reconcilers.identities import (
    auditing,
    own_demotion,
    own_suspension,
    suspended_already,
    suspended_there,
    suspension,
)
from pulumi_encord_integrations.reconcilers.preflight import organization_admin, writes

_LISTS = ("keys", "federations")
"""Inputs that say nothing of what there is where they are absent."""
_SHOWN = {"name", "email", "description", "role", "auditor", "suspended", "created_at"}


class ServiceAccountReconciler(Reconciler):
    """An identity that is no person; named by its name."""

    spec = DeclaredServiceAccount
    gone = "service_account_not_found"
    replaces = frozenset({"name"})

    def check(
        self, known: Properties, unknown: frozenset[str] = NO_NAMES, context: Context = NO_CONTEXT
    ) -> Checked:
        """Refuses whoever may not change identities; tells which keys and tokens gain access, and lose it."""
        checked = super().check(known, unknown, context)
        inputs, name = checked.inputs, checked.inputs.get("name")
        if checked.problems or not writes(self, inputs, context):
            return checked
        email = email_of_account(name) if isinstance(name, str) else "the service account"
        new = name != context.before.get("name")
        refused, told = own_credential(context, inputs, new=new)
        problems = [
            *organization_admin(context, "name"),
            *own_suspension(context, inputs, email),
            *own_demotion(context, inputs, email, new=new),
            *_own_rename(context, new=new),
            *suspended_already(context, inputs, email, new=new),
            *impossible(context, inputs, new=new),
            *refused,
        ]
        notes = [
            *_taken_over(context, inputs, email, new=new),
            *gains_and_losses(context, inputs, unknown, new=new),
            *told,
            *suspension(context, inputs, email, new=new),
            *auditing(context, inputs, email, new=new),
        ]
        return Checked(inputs, problems, notes)

    def canonical(self, spec: Any, unknown: frozenset[str]) -> Properties:
        """With lists in one order, whatever the program's."""
        inputs = super().canonical(spec, unknown)
        return {**inputs, **{name: _ordered(inputs[name]) for name in _LISTS if name in inputs}}

    def comparable(self, properties: Properties) -> Properties:
        """A list that is absent changes nothing of what there is; its order means nothing."""
        known = super().comparable(properties)
        return {name: _ordered(value) if name in _LISTS else value for name, value in known.items()}

    def resource_keys(self, id_: str, properties: Properties) -> ResourceKeys:
        """The identity in the organization, named as memberships name it."""
        name = id_ or properties.get("name")
        return named("organization_user", email_of_account(name) if isinstance(name, str) and name else None)

    def revokes_access_of(self, prior: Prior) -> str | None:
        """The account, as memberships name it."""
        return None if prior.outputs.get("on_delete") == "keep" else email_of_account(prior.id)

    def create(self, session: Session, inputs: Properties) -> Live:
        """Makes it; one that is there already is taken over, as declared."""
        wanted = {name: inputs[name] for name in ServiceAccountSpec.model_fields if name in inputs}
        spec = ServiceAccountSpec.model_validate(wanted)
        taken_over = False
        try:
            view = api.add(session.client, spec)
        except Refused as error:
            if error.code != "service_account_exists":
                raise
            if not spec.suspended and api.read(session.client, spec.name).suspended:
                raise suspended_there(email_of_account(spec.name)) from None
            view, taken_over = api.change(session.client, spec.name, _change(spec)), True
        return self._live(view, {**inputs, "adopted": taken_over})

    def read(self, session: Session, prior: Prior) -> Live | None:
        """From the listing of the organization; lists that are not declared are not told."""
        rows = session.listing(
            "service accounts", lambda: ((view.name, view) for view in api.listing(session.client))
        )
        view = rows.get(prior.id)
        if view is None:
            return None
        looked_up = "organization" not in prior.outputs
        carried = {"adopted": True, "on_delete": "remove", **prior.outputs}
        told: dict[str, list[Any]] = {name: [] for name in _LISTS} if looked_up else {}
        return self._live(view, {**carried, **told})

    def update(self, session: Session, prior: Prior, inputs: Properties) -> Live:
        """Applies what changed: what an admin did meanwhile stays until a refresh shows it."""
        before = self.comparable(prior.outputs)
        wanted = self.comparable(inputs)
        changed = {name for name in ServiceAccountSpec.model_fields if wanted.get(name) != before.get(name)}
        spec = ServiceAccountSpec.model_validate({"name": prior.id, **_given(inputs)})
        change = {key: value for key, value in _change(spec, changed).items() if value is not None}
        view = api.change(session.client, prior.id, change)
        kept = {name: value for name, value in prior.outputs.items() if name not in _LISTS}
        return self._live(view, {**kept, **inputs})

    def delete(self, session: Session, prior: Prior) -> None:
        """Ends all its access and keys; an account does not remove itself."""
        email = email_of_account(prior.id)
        if session.organization.user_email == email:
            warn(f"{email} stays in the organization: no account removes itself")
        else:
            api.remove(session.client, prior.id)

    def kept(self, session: Session, prior: Prior) -> str:
        """That the account is kept."""
        return identities.kept(session, email_of_account(prior.id))

    def _live(self, view: ServiceAccountView, carried: Properties) -> Live:
        """Live values; lists as far as they are declared, with what is declared of each entry alone."""
        shown = view.model_dump(mode="json", exclude_none=True)
        lists = {name: _ordered(entries(view, name)) for name in _LISTS if carried.get(name) is not None}
        outputs = {**carried, **{name: value for name, value in shown.items() if name in _SHOWN}, **lists}
        return self.as_live(view.name, outputs)


def _given(inputs: Properties) -> dict[str, Any]:
    return {
        name: inputs[name] for name in ServiceAccountSpec.model_fields if name in inputs and name != "name"
    }


def _change(spec: ServiceAccountSpec, names: Iterable[str] | None = None) -> dict[str, Any]:
    """What is sent of a declaration: all of it, or these names; a list that is absent stays."""
    include = set(ServiceAccountSpec.model_fields) if names is None else set(names)
    return spec.model_dump(mode="json", by_alias=True, exclude_none=True, include=include - {"name"})


def _ordered(value: Any) -> Any:
    """A list in the order that a state has; one of which a part comes later, or that is none, as it is."""
    if not isinstance(value, list | tuple) or not all(isinstance(one, Mapping) for one in value):
        return value
    if any(part is NOT_KNOWN_YET for one in value for part in one.values()):
        return value
    return sorted((dict(one) for one in value), key=lambda one: sorted(map(str, one.items())))


def _own_rename(context: Context, *, new: bool) -> Iterator[Problem]:
    before = context.before.get("name")
    if new and before and context.snapshot.deployer() == email_of_account(str(before)):
        yield Problem(
            ("name",),
            f"{before} deploys this, and no account removes itself: it would stay beside the new one",
            "declare the new account beside it, and take this one out by a deploy of that one",
        )


def _taken_over(context: Context, inputs: Properties, email: str, *, new: bool) -> Iterator[str]:
    now = (context.snapshot.users() or {}).get(email) if new else None
    if now:
        role = inputs.get("role")
        becomes = f": was {now}, becomes {role}" if role and role != now else ""
        yield f"{email} is there already and is taken over{becomes}"
        for name in _LISTS if context.snapshot.service_accounts() is None else ():
            if inputs.get(name) is not None:
                yield f"{name} of {email} that are not declared here end at once"
