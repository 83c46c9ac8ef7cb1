"""One member of an integration, and joining one."""

from dataclasses import replace

from pulumi_encord_integrations.client import members as api
from pulumi_encord_integrations.client.errors import NotAllowed
from pulumi_encord_integrations.lifecycle.ownership import ResourceKeys
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
from pulumi_encord_integrations.model.memberships import JoinSpec, MemberSpec
from pulumi_encord_integrations.reconcilers import memberships
from pulumi_encord_integrations.reconcilers.member_previews import (
    becoming_admin,
    granted,
    left_behind,
    lowered,
    membership,
    principal_of,
    to_new_group,
)
from pulumi_encord_integrations.reconcilers.memberships import as_declared, roles_of, withdraw
from pulumi_encord_integrations.reconcilers.preflight import (
    administered,
    integration_exists,
    joining,
    organization_admin,
    writes,
)


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
        problems = [*lowered(inputs, unknown, context), *administered(context, inputs)]
        if problems:
            return Checked(inputs, problems)
        notes = [*left_behind(inputs, unknown, context), *to_new_group(inputs, unknown, context)]
        return Checked(inputs, *granted(inputs, context, notes))

    def resource_keys(self, id_: str, properties: Properties) -> ResourceKeys:
        """The membership."""
        integration, _, principal = id_.partition("/")
        return membership(integration or properties.get("integration"), principal or principal_of(properties))

    def create(self, session: Session, inputs: Properties) -> Live:
        """Grants; whoever is a member already is taken over."""
        principal, role = principal_of(inputs), str(inputs["role"])
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
            api.change(session.client, inputs["integration"], {principal_of(inputs): role})
            live = role
        adopted = {"adopted": prior.outputs["adopted"]} if "adopted" in prior.outputs else {}
        return self._live({**adopted, **inputs}, live)

    def delete(self, session: Session, prior: Prior) -> None:
        """Withdraws; an integration that is gone took the access along."""
        withdraw(session, prior.outputs["integration"], {principal_of(prior.outputs)})

    def kept(self, session: Session, prior: Prior) -> str:
        """That the access is kept."""
        return memberships.kept(principal_of(prior.outputs), prior.outputs["integration"])

    def _live(self, properties: Properties, live: str) -> Live:
        id_ = f"{properties['integration']}/{principal_of(properties)}"
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
        notes = [] if problems else list(becoming_admin(uuid, context))
        return replace(checked, problems=problems, notes=notes, declares=frozenset({joining(uuid)}))

    def resource_keys(self, id_: str, properties: Properties) -> ResourceKeys:
        """The membership that it makes."""
        integration, _, user = id_.partition("/")
        return membership(integration, user)

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
