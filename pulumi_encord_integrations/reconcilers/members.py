"""One member of an integration, and joining one."""

from pulumi_encord_integrations.client import members as api
from pulumi_encord_integrations.client.errors import NotAllowed
from pulumi_encord_integrations.model.members import kept_for_good, refusal_to_lower
from pulumi_encord_integrations.model.memberships import JoinSpec, MemberSpec
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.reconcilers.base import (
    NOTHING,
    UNKNOWN,
    Bag,
    Checked,
    Context,
    Live,
    Things,
)
from pulumi_encord_integrations.reconcilers.natural_keys import (
    NaturalKey,
    as_declared,
    keeps,
    roles_of,
    withdraw,
)
from pulumi_encord_integrations.reconcilers.session import Session


class MemberReconciler(NaturalKey):
    """A user or a group with a role; named `INTEGRATION/PRINCIPAL`."""

    spec = MemberSpec
    replaces = frozenset({"integration", "user", "group"})

    def check(self, known: Bag, unknown: frozenset[str], context: Context = UNKNOWN) -> Checked:
        """Refuses what would lower an individual Admin as far as it is known."""
        inputs, problems = self.examined(known, unknown)
        if not problems:
            problems = [*problems, *_lowered(inputs, unknown, context)]
        return Checked(inputs, problems)

    def things(self, id_: str, properties: Bag) -> frozenset[str]:
        """Its name."""
        name = id_ or (_name(properties) if "integration" in properties and _key(properties) else "")
        return frozenset({name} if name else ())

    def create(self, session: Session, inputs: Bag) -> Live:
        """Grants; whoever is a member already is taken over."""
        key, role = _key(inputs), str(inputs["role"])
        try:
            changed = api.change(session.client, inputs["integration"], {key: role})
        finally:
            session.written()
        return self._live(session, {**inputs, "adopted": key not in changed.added}, role)

    def read(self, session: Session, id_: str, outputs: Bag) -> Live | None:
        """From the listing of all members."""
        session.require(outputs.get("organization"))
        integration, _, key = id_.partition("/")
        live = (roles_of(session, integration) or {}).get(key)
        if live is None:
            return None
        role = as_declared(key, live, outputs.get("role"))
        named = {"group": key.removeprefix("group:")} if key.startswith("group:") else {"user": key}
        kept = {"adopted": True, "on_delete": "remove", **outputs}
        return self._live(session, {**kept, **named, "integration": integration, "role": role}, live)

    def update(self, session: Session, id_: str, outputs: Bag, inputs: Bag, living: Things = NOTHING) -> Live:
        """Changes the role; what else changes is only remembered."""
        session.require(outputs.get("organization"))
        role, live = str(inputs["role"]), str(outputs.get("live_role"))
        if role != outputs.get("role"):
            try:
                api.change(session.client, inputs["integration"], {_key(inputs): role})
            finally:
                session.written()
            live = role
        kept = {name: outputs[name] for name in ("adopted", "incarnation") if name in outputs}
        return self._live(session, {**kept, **inputs}, live)

    def delete(self, session: Session, id_: str, outputs: Bag, living: Things = NOTHING) -> None:
        """Withdraws, unless the access is to be kept."""
        session.require(outputs.get("organization"))
        if outputs.get("on_delete") == "keep":
            keeps(_key(outputs), outputs["integration"])
        else:
            withdraw(session, outputs["integration"], {_key(outputs)})

    def _live(self, session: Session, properties: Bag, live: str) -> Live:
        outputs = {**properties, "live_role": live, "organization": session.organization.uuid}
        return Live(_name(outputs), self.inputs_of(outputs), outputs)


class JoinReconciler(NaturalKey):
    """The caller, an admin of the organization, as an Admin of an integration."""

    spec = JoinSpec
    replaces = frozenset({"integration"})

    def check(self, known: Bag, unknown: frozenset[str], context: Context = UNKNOWN) -> Checked:
        """Validates against the spec."""
        return Checked(*self.examined(known, unknown))

    def things(self, id_: str, properties: Bag) -> frozenset[str]:
        """The name of the membership that it makes."""
        return frozenset({id_} if id_ else ())

    def create(self, session: Session, inputs: Bag) -> Live:
        """Joins; whoever has joined already stays."""
        try:
            joined = api.join(session.client, inputs["integration"])
        finally:
            session.written()
        return self._live(session, {**inputs, "user": joined.user_email, "role": joined.role})

    def read(self, session: Session, id_: str, outputs: Bag) -> Live | None:
        """Gone if who joined is no Admin any more; whoever else asks may not be allowed to know."""
        session.require(outputs.get("organization"))
        integration, _, user = id_.partition("/")
        try:
            role = (roles_of(session, integration) or {}).get(user)
        except NotAllowed:
            if session.organization.user_email == user:
                raise
            return self._live(session, outputs)
        found = {"on_delete": "keep", **outputs, "integration": integration, "user": user, "role": role}
        return self._live(session, found) if role == "admin" else None

    def update(self, session: Session, id_: str, outputs: Bag, inputs: Bag, living: Things = NOTHING) -> Live:
        """Only what becomes of it later can change."""
        return self._live(session, {**outputs, **inputs})

    def delete(self, session: Session, id_: str, outputs: Bag, living: Things = NOTHING) -> None:
        """Leaves the Admin where they are, or asks the API, which refuses for individual Admins."""
        session.require(outputs.get("organization"))
        if outputs.get("on_delete") == "keep":
            keeps(str(outputs["user"]), outputs["integration"])
        else:
            withdraw(session, outputs["integration"], {str(outputs["user"])})

    def _live(self, session: Session, properties: Bag) -> Live:
        outputs = {**properties, "organization": session.organization.uuid}
        return Live(f"{outputs['integration']}/{outputs['user']}", self.inputs_of(outputs), outputs)


def _key(properties: Bag) -> str:
    if properties.get("user"):
        return str(properties["user"])
    return f"group:{properties['group']}" if properties.get("group") else ""


def _name(properties: Bag) -> str:
    return f"{properties['integration']}/{_key(properties)}"


def _lowered(inputs: Bag, unknown: frozenset[str], context: Context) -> list[Problem]:
    before = context.before
    key = _key(before)
    if not kept_for_good(key, before.get("role"), None) or "/" in key:
        return []
    moved = [
        name
        for name in ("integration", "user", "group")
        if name not in unknown and inputs.get(name) != before.get(name)
    ]
    if moved:
        kept = before.get("on_delete") == "keep" or _name(before) in context.declared
        # An integration that is not declared any more, or replaced, may take its Admins along.
        ends = moved[0] == "integration" and before["integration"] not in context.declared
        return [] if kept or ends else [Problem((moved[0],), refusal_to_lower(key))]
    if inputs.get("role", "admin") != "admin":
        return [Problem(("role",), refusal_to_lower(key))]
    return []
