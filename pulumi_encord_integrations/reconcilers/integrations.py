"""Integrations of every type, reconciled the same way."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pulumi_encord_integrations.client import integrations as api
from pulumi_encord_integrations.client.errors import Refused, UnexpectedAnswer
from pulumi_encord_integrations.lifecycle.ownership import NOTHING, ResourceKey, ResourceKeys, named
from pulumi_encord_integrations.lifecycle.reconciler import Context, Live, Prior, Properties
from pulumi_encord_integrations.lifecycle.session import Session
from pulumi_encord_integrations.lifecycle.snapshot import Snapshot
from pulumi_encord_integrations.lifecycle.warnings import counted, some, warn
from pulumi_encord_integrations.model.identity import Placement
from pulumi_encord_integrations.model.integration_registry import integration_type
from pulumi_encord_integrations.model.integrations import IntegrationType, IntegrationView
from pulumi_encord_integrations.reconcilers.living import Kind, Living
from pulumi_encord_integrations.reconcilers.object_changes import declaration
from pulumi_encord_integrations.reconcilers.objects import ObjectReconciler
from pulumi_encord_integrations.reconcilers.preflight import may_administer, principal_name

GONE = "integration_not_found"
MEMBERS = "members"
"""What the program tells the check: the principals that it declares on the integration -> role, if known."""
FORCE = (
    "Take the registrations back with `encord-integrations registrations --delete`, or set "
    "force_destroy=True and run `pulumi up` before this change"
)
_MEMBERS_LEFT = (
    "Members that were to go with it may be out of the state and keep their access: "
    "`encord-integrations members` lists them"
)
_OPERATOR = "Only an operator ends that of an individual, with `encord-integrations remove-admin`"
_FINGERPRINT = "credential_fingerprint"
_NOT_OUTPUTS = {"uuid", "provider", "role", "permissions", "declared_as", "declared_here", "registrations"}


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
    named_by = "title"

    def __init__(self, kind: IntegrationType) -> None:
        super().__init__(kind.spec, kind.view, frozenset({"provider"}))
        self.kind = kind
        self.kind_of_object = Kind(
            "integrations",
            f"{kind.provider} integration",
            self.replaces,
            "Ask one of its Admins, or join it first as an admin of the organization",
            may_administer,
            _summary,
            _keepers,
            self.secrets,
        )

    def views(self, snapshot: Snapshot, stack: str | None) -> Iterable[IntegrationView] | None:
        """Those of the type."""
        found = snapshot.integrations(stack)
        return None if found is None else [one for one in found.values() if isinstance(one, self.kind.view)]

    def living(self, view: IntegrationView) -> Living:
        """Its settings without secrets."""
        all_ = self.written(view.model_dump(mode="json", exclude_none=True))
        settings = {name: all_.get(name) for name in self.fields - self.secrets}
        stable = {name: all_[name] for name in self.stable if name in all_}
        revision = {"settings_revision": view.settings_revision}
        return Living(view.uuid, view.title, view, settings, stable, revision)

    def known_of_new(self, snapshot: Snapshot) -> Properties:
        """Who reads the buckets, and who is going to be the owner."""
        caller, principals = snapshot.caller(), snapshot.principals()
        known = {
            "owner": snapshot.deployer(),
            "organization": caller.uuid if caller else None,
            **(principals.model_dump() if principals else {}),
        }
        return {name: value for name, value in known.items() if name in self.stable and value is not None}

    def beside(self, inputs: Properties, context: Context) -> ResourceKeys:
        """Whom the program declares on it: their access is not lost with a replacement."""
        place, members = inputs.get("declared_as"), context.program.get(MEMBERS)
        if not place or not isinstance(members, Mapping):
            return NOTHING
        path = place["path"]
        return frozenset(ResourceKey("declared_member", path, member) for member in members.items())

    def remembered(self, prior: Prior) -> ResourceKeys:
        """That an earlier update was told to destroy what is, or was, at this place."""
        place = prior.outputs.get("declared_as")
        return named("forced", place["path"]) if place and prior.outputs.get("force_destroy") else NOTHING

    def replacing(
        self, context: Context, prior: Prior, one: Living, inputs: Properties, names: Sequence[str]
    ) -> Iterator[str]:
        """What goes with it; refuses to destroy registrations unless an earlier update was told to."""
        view: Any = one.view
        what = f'replaces "{one.title}" {one.uuid} ({", ".join(names)})'
        if prior.outputs.get("adopted") or view.declared_as is None:
            yield f"{what}: it was adopted or released, so it lives on"
            return
        held = view.registrations
        goes = ["registrations that are not told" if held is None else counted(held, "registration")]
        if external_id := getattr(view, "external_id", None):
            goes.append(f"external ID {external_id}")
        lost, lowered = self._losers(context, prior, one)
        if lost:
            goes.append(f"members not declared in this program: {', '.join(lost)}")
        if lowered:
            goes.append(f"the Admin role of members declared as user: {', '.join(lowered)}")
        said = f"{what}: {', '.join(goes)}"
        allowed = prior.outputs.get("force_destroy") and inputs.get("force_destroy")
        if held != 0 and not allowed:
            raise Refused(said, hint=FORCE)
        yield said

    @staticmethod
    def _losers(context: Context, prior: Prior, one: Living) -> tuple[list[str], list[str]]:
        """Who has no role on the new one, and who a lower one, by name."""
        roles = context.snapshot.roles(one.uuid)
        if not roles or one.view.declared_as is None:
            return [], []
        groups = context.snapshot.groups() or {}
        names = Counter(group.name for group in groups.values())
        path = prior.outputs["declared_as"]["path"]
        found = (key.part for key in context.declared if key.kind == "declared_member" and key.holder == path)
        declared: dict[str, str] = dict(part for part in found if isinstance(part, tuple))
        lost, lowered = [], []
        for key in sorted(roles.keys() - {context.snapshot.deployer()}):
            group = groups.get(key.removeprefix("group:"))
            # A name that several groups have names none of them.
            by_name = f"group-name:{group.name}" if group and names[group.name] == 1 else key
            role = declared.get(key, declared.get(by_name))
            if role is None:
                lost.append(principal_name(context.snapshot, key))
            elif role == "user" and roles[key] == "admin":
                lowered.append(principal_name(context.snapshot, key))
        return lost, lowered

    def call_create(
        self, session: Session, spec: Any, placement: Placement
    ) -> tuple[IntegrationView, list[str]]:
        """Creates, finds its own, or adopts."""
        view, answer = api.create(session.client, spec, placement)
        if answer.other_admins:
            more = answer.other_admin_count - len(answer.other_admins)
            names = [*answer.other_admins, *([f"{more} more"] if more else [])]
            warn(f'"{view.title}" was adopted, and others keep Admin of it: {", ".join(names)}. {_OPERATOR}')
        return view, answer.lookalikes

    def call_read(self, session: Session, uuid: str, stack: str | None) -> IntegrationView:
        """One integration."""
        return api.read(session.client, uuid, stack)

    def call_list(self, session: Session, stack: str | None) -> Iterable[tuple[str, IntegrationView]]:
        """All that the caller may view."""
        return ((view.uuid, view) for view in api.search(session.client, stack=stack))

    def call_update(
        self, session: Session, uuid: str, changes: Properties, declared_by: str | None
    ) -> IntegrationView:
        """Applies changes."""
        return api.update(session.client, uuid, changes, declared_by)

    def call_delete(self, session: Session, prior: Prior, declared_by: str | None) -> str:
        """Lets it go; with registrations only if an earlier update was told so."""
        forced = {**prior.outputs, "force_destroy": True}
        told = self.remembered(Prior(prior.id, forced)) <= prior.declared
        if_empty = not (prior.outputs.get("force_destroy") or told)
        try:
            return api.delete(session.client, prior.id, declared_by, if_empty=if_empty).outcome
        except Refused as error:
            if error.code != "holds_registrations":
                raise
            raise Refused(error.message, hint=f"{FORCE}. {_MEMBERS_LEFT}", code=error.code) from None

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
        return {**kept, **declaration(view, outputs)}

    def live(self, view: IntegrationView, carried: Properties) -> Live:
        """Live values over what only the state knows: the declaration, secrets, the generation."""
        self._own(view)
        undeclared = {name for name in self.shared if carried.get(name) is None}
        shown = self.written(
            view.model_dump(mode="json", exclude=_NOT_OUTPUTS | undeclared, exclude_none=True)
        )
        # Of what the API answers nothing is carried: it may be None by now.
        answered = type(view).model_fields.keys() - self.secrets - _NOT_OUTPUTS
        carried = {name: value for name, value in carried.items() if name not in answered}
        adopts = {"adopts": view.uuid} if view.adopted else {}
        outputs = {**carried, **shown, **adopts}
        return self.as_live(view.uuid, outputs)

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


def _summary(snapshot: Snapshot, view: IntegrationView) -> str:
    roles, held = snapshot.roles(view.uuid), view.registrations
    names = [principal_name(snapshot, key) for key in _other_admins(snapshot, view)]
    parts = [
        f"made by {view.owner}",
        "members that are not told" if roles is None else counted(len(roles), "member"),
        "registrations that are not told" if held is None else counted(held, "registration"),
        f"other Admins: {'not told' if roles is None else some(names) or 'none'}",
    ]
    return ", ".join(parts)


def _other_admins(snapshot: Snapshot, view: IntegrationView) -> list[str]:
    """The Admins beside whoever deploys, individuals and groups; who made it comes first."""
    roles = snapshot.roles(view.uuid) or {}
    others = (key for key, role in roles.items() if role == "admin" and key != snapshot.deployer())
    return sorted(others, key=lambda key: (key != view.owner, key))


def _keepers(snapshot: Snapshot, view: IntegrationView) -> str:
    """That others stay Admins of what is adopted."""
    others, told = _other_admins(snapshot, view), snapshot.roles(view.uuid) is not None
    if told and not others:
        return ""
    maker = "" if view.owner not in others else f", {view.owner}, who made it, among them"
    return f"its other Admins keep Admin{maker}. {_OPERATOR}"
