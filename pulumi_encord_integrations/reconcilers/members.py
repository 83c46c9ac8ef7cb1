"""One member of an integration, and joining one."""

from collections.abc import Iterator
from dataclasses import replace

from pulumi_encord_integrations.client import members as api
from pulumi_encord_integrations.client.errors import NotAllowed
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
from pulumi_encord_integrations.model.members import is_individual, kept_for_good, refusal_to_lower
from pulumi_encord_integrations.model.memberships import JoinSpec, MemberSpec
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.reconcilers import memberships
from pulumi_encord_integrations.reconcilers.access_changes import AccessChange, keep_roles
from pulumi_encord_integrations.reconcilers.memberships import as_declared, roles_of, withdraw
from pulumi_encord_integrations.reconcilers.preflight import (
    administered,
    integration_exists,
    joining,
    members_exist,
    organization_admin,
    principal_name,
    title_of,
    writes,
)

GROUP_NAME = "group_name"
"""What the program tells the check: what it calls a group whose id comes later."""


class MemberReconciler(Reconciler):
    """A user or a group with a role; named `INTEGRATION/PRINCIPAL`."""

    spec = MemberSpec
    gone = memberships.GONE
    replaces = frozenset({"integration", "user", "group"})

    def check(
        self, known: Properties, unknown: frozenset[str] = NO_NAMES, context: Context = NO_CONTEXT
    ) -> Checked:
        """Refuses what the API would refuse, and tells what the inputs do not show."""
        checked = super().check(known, unknown, context)
        inputs = checked.inputs
        if checked.problems or not writes(self, inputs, context):
            return checked
        problems = [*_lowered(inputs, unknown, context), *administered(context, inputs)]
        if problems:
            return Checked(inputs, problems)
        notes = [*_left(inputs, unknown, context), *_of_new_group(inputs, unknown, context)]
        return Checked(inputs, *_granted(inputs, context, notes))

    def resource_keys(self, id_: str, properties: Properties) -> ResourceKeys:
        """The membership."""
        integration, _, principal = id_.partition("/")
        return _key(integration or properties.get("integration"), principal or _principal(properties))

    def create(self, session: Session, inputs: Properties) -> Live:
        """Grants; whoever is a member already is taken over."""
        principal, role = _principal(inputs), str(inputs["role"])
        changed = api.change(session.client, inputs["integration"], {principal: role})
        return self._live({**inputs, "adopted": principal not in changed.added}, role)

    def read(self, session: Session, prior: Prior) -> Live | None:
        """From the listing of all members."""
        integration, _, principal = prior.id.partition("/")
        live = (roles_of(session, integration) or {}).get(principal)
        if live is None:
            return None
        role = as_declared(principal, live, prior.outputs.get("role"))
        group = principal.startswith("group:")
        named = {"group": principal.removeprefix("group:")} if group else {"user": principal}
        kept = {"adopted": True, "on_delete": "remove", **prior.outputs}
        return self._live({**kept, **named, "integration": integration, "role": role}, live)

    def update(self, session: Session, prior: Prior, inputs: Properties) -> Live:
        """Changes the role; what else changes is only remembered."""
        role, live = str(inputs["role"]), str(prior.outputs.get("live_role"))
        if role != prior.outputs.get("role"):
            api.change(session.client, inputs["integration"], {_principal(inputs): role})
            live = role
        adopted = {"adopted": prior.outputs["adopted"]} if "adopted" in prior.outputs else {}
        return self._live({**adopted, **inputs}, live)

    def delete(self, session: Session, prior: Prior) -> None:
        """Withdraws; an integration that is gone took the access along."""
        withdraw(session, prior.outputs["integration"], {_principal(prior.outputs)})

    def kept(self, session: Session, prior: Prior) -> str:
        """That the access is kept."""
        return memberships.kept(_principal(prior.outputs), prior.outputs["integration"])

    def _live(self, properties: Properties, live: str) -> Live:
        id_ = f"{properties['integration']}/{_principal(properties)}"
        return self.as_live(id_, {**properties, "live_role": live})


class JoinReconciler(Reconciler):
    """The caller, an admin of the organization, as an Admin of an integration."""

    spec = JoinSpec
    gone = memberships.GONE
    replaces = frozenset({"integration"})

    def check(
        self, known: Properties, unknown: frozenset[str] = NO_NAMES, context: Context = NO_CONTEXT
    ) -> Checked:
        """Refuses who may not join; tells who becomes an Admin, and tells later checks that they do."""
        checked = super().check(known, unknown, context)
        uuid = checked.inputs.get("integration")
        if checked.problems or not isinstance(uuid, str) or uuid == context.before.get("integration"):
            return checked
        problems = [
            *integration_exists(context, checked.inputs),
            *organization_admin(context, "integration"),
        ]
        notes = [] if problems else list(_becomes_admin(uuid, context))
        return replace(checked, problems=problems, notes=notes, declares=frozenset({joining(uuid)}))

    def resource_keys(self, id_: str, properties: Properties) -> ResourceKeys:
        """The membership that it makes."""
        integration, _, user = id_.partition("/")
        return _key(integration, user)

    def create(self, session: Session, inputs: Properties) -> Live:
        """Joins; whoever has joined already stays."""
        joined = api.join(session.client, inputs["integration"])
        return self._live({**inputs, "user": joined.user_email, "role": joined.role})

    def read(self, session: Session, prior: Prior) -> Live | None:
        """Gone if who joined is no Admin any more; whoever else asks may not be allowed to know."""
        integration, _, user = prior.id.partition("/")
        try:
            role = (roles_of(session, integration) or {}).get(user)
        except NotAllowed:
            if session.organization.user_email == user:
                raise
            return self._live(prior.outputs)
        found = {"on_delete": "keep", **prior.outputs, "integration": integration, "user": user, "role": role}
        return self._live(found) if role == "admin" else None

    def delete(self, session: Session, prior: Prior) -> None:
        """Asks the API, which refuses for individual Admins."""
        withdraw(session, prior.outputs["integration"], {str(prior.outputs["user"])})

    def kept(self, session: Session, prior: Prior) -> str:
        """That the Admin stays."""
        return memberships.kept(str(prior.outputs["user"]), prior.outputs["integration"])

    def _live(self, properties: Properties) -> Live:
        return self.as_live(f"{properties['integration']}/{properties['user']}", properties)


def _principal(properties: Properties) -> str:
    if properties.get("user"):
        return str(properties["user"])
    return f"group:{properties['group']}" if properties.get("group") else ""


def _key(integration: object, principal: str) -> ResourceKeys:
    return named("membership", integration, principal) if principal else NOTHING


def _declares(context: Context, keys: ResourceKeys) -> bool:
    return bool(keys) and keys <= context.declared


def _becomes_admin(uuid: str, context: Context) -> Iterator[str]:
    snapshot = context.snapshot
    user = snapshot.user()
    if user is None or uuid in context.made or snapshot.integration(uuid) is None:
        return
    if (snapshot.roles(uuid) or {}).get(user) != "admin":
        yield f"{user} becomes an Admin of {title_of(snapshot, uuid)}, which cannot be undone"


def _granted(inputs: Properties, context: Context, notes: list[str]) -> tuple[list[Problem], list[str]]:
    """What is wrong with a grant, and what it does unseen."""
    before, principal, where = context.before, _principal(inputs), inputs.get("integration")
    if not principal or "role" not in inputs:
        return [], notes
    same = principal == _principal(before) and where == before.get("integration")
    live = None if where is None else context.snapshot.roles(str(where))
    new = where is None or (where in context.made and live is None)
    change = AccessChange(
        {principal: str(before.get("role"))} if same else {},
        {principal: str(inputs["role"])},
        live,
        creator=context.snapshot.user() if new else None,
    )
    place = "user" if is_individual(principal) else "group"
    problems = [
        *members_exist(context, change.new(), place),
        *(Problem(("role",), said) for said in change.refusals()),
    ]
    return problems, [*notes, *change.notes(lambda key: principal_name(context.snapshot, key))]


def _left(inputs: Properties, unknown: frozenset[str], context: Context) -> Iterator[str]:
    """What becomes of the one whom a replacement leaves behind, or takes along."""
    before, snapshot, new = context.before, context.snapshot, inputs.get("integration")
    principal, old = _principal(before), str(before.get("integration"))
    moved = _moved(inputs, unknown, before)
    if not principal or not (moved or "integration" in unknown):
        return
    along = {"user", "group"}.isdisjoint(moved)
    to = title_of(snapshot, new) if new else "an integration that is still to be made"
    live = snapshot.roles(old)
    role = str(before.get("role")) if live is None else live.get(principal)
    where, name = title_of(snapshot, old), principal_name(snapshot, principal)
    # A new integration may be the old one, replaced, if that is not declared any more.
    replaced = (new is None or new in context.made) and not _declares(context, named("object", old))
    keeps = before.get("on_delete") == "keep" and not replaced
    leaves = role is not None and not _declares(context, _key(old, principal))
    if leaves and keeps:
        yield from keep_roles({principal: str(role)}, where, lambda _: name)
    if along:
        yield f"{name} moves from {where} to {to}" if leaves and not keeps else f"{name} gets access to {to}"
    elif leaves and not (keeps or replaced):
        yield f"{name} loses access to {where}"


def _of_new_group(inputs: Properties, unknown: frozenset[str], context: Context) -> Iterator[str]:
    """Who gets a role, where the inputs show no id yet."""
    name = context.program.get(GROUP_NAME)
    if "group" in unknown and name and "role" in inputs:
        yield f'group "{name}" gets the role {inputs["role"]}'


def _moved(inputs: Properties, unknown: frozenset[str], before: Properties) -> list[str]:
    """What makes another membership of it, as far as it is known."""
    return [
        name
        for name in ("integration", "user", "group")
        if name not in unknown and inputs.get(name) != before.get(name)
    ]


def _lowered(inputs: Properties, unknown: frozenset[str], context: Context) -> list[Problem]:
    before = context.before
    principal, integration = _principal(before), before.get("integration")
    live = context.snapshot.roles(str(integration))
    # The state may not know yet that they joined, or that support has removed them.
    role = before.get("role") if live is None else live.get(principal)
    if not kept_for_good(principal, role, None) or "/" in principal:
        return []
    moved = [*(["integration"] if "integration" in unknown else []), *_moved(inputs, unknown, before)]
    if moved:
        kept = before.get("on_delete") == "keep" or _declares(context, _key(integration, principal))
        ends = moved[0] == "integration" and _may_end(context, str(integration))
        return [] if kept or ends else [Problem((moved[0],), refusal_to_lower(principal))]
    if before.get("role") == "admin" and inputs.get("role", "admin") != "admin":
        return [Problem(("role",), refusal_to_lower(principal))]
    return []


def _may_end(context: Context, integration: str) -> bool:
    """Whether an integration that is not declared any more, or replaced, may take its Admins along."""
    view = context.snapshot.integration(integration)
    lives_on = view is not None and (view.adopted or view.declared_as is None)
    return not lives_on and not _declares(context, named("object", integration))
