"""One member of an integration, and joining one."""

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
from pulumi_encord_integrations.model.members import kept_for_good, refusal_to_lower
from pulumi_encord_integrations.model.memberships import JoinSpec, MemberSpec
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.reconcilers import memberships
from pulumi_encord_integrations.reconcilers.memberships import as_declared, roles_of, withdraw


class MemberReconciler(Reconciler):
    """A user or a group with a role; named `INTEGRATION/PRINCIPAL`."""

    spec = MemberSpec
    gone = memberships.GONE
    replaces = frozenset({"integration", "user", "group"})

    def check(
        self, known: Properties, unknown: frozenset[str] = NO_NAMES, context: Context = NO_CONTEXT
    ) -> Checked:
        """Refuses what would lower an individual Admin as far as it is known."""
        checked = super().check(known, unknown, context)
        if checked.problems:
            return checked
        return Checked(checked.inputs, _lowered(checked.inputs, unknown, context))

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


def _lowered(inputs: Properties, unknown: frozenset[str], context: Context) -> list[Problem]:
    before = context.before
    principal = _principal(before)
    if not kept_for_good(principal, before.get("role"), None) or "/" in principal:
        return []
    integration = before.get("integration")
    moved = [
        name
        for name in ("integration", "user", "group")
        if name not in unknown and inputs.get(name) != before.get(name)
    ]
    if moved:
        kept = before.get("on_delete") == "keep" or _declares(context, _key(integration, principal))
        # An integration that is not declared any more, or replaced, may take its Admins along.
        ends = moved[0] == "integration" and not _declares(context, named("object", integration))
        return [] if kept or ends else [Problem((moved[0],), refusal_to_lower(principal))]
    if inputs.get("role", "admin") != "admin":
        return [Problem(("role",), refusal_to_lower(principal))]
    return []
