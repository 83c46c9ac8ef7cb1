"""User groups, and the users of one."""

from collections.abc import Collection, Iterable
from typing import Any

from pulumi_encord_integrations.client import groups as api
from pulumi_encord_integrations.lifecycle.reconciler import Live, Prior, Properties
from pulumi_encord_integrations.lifecycle.session import Session, unless_gone
from pulumi_encord_integrations.model.groups import DeclaredGroup, GroupSpec, GroupUsersSpec
from pulumi_encord_integrations.model.identity import Placement
from pulumi_encord_integrations.reconcilers.collections import CollectionReconciler, Roles
from pulumi_encord_integrations.reconcilers.objects import ObjectReconciler

_GONE = "group_not_found"
_SHOWN = {"name", "description", "created_at", "organization", "adopted"}
MEMBER = "member"
"""What stands for the role of a group's user, who has none."""


class GroupReconciler(ObjectReconciler[DeclaredGroup]):
    """A group; its users are resources of their own."""

    noun = "groups"
    gone = _GONE

    def __init__(self) -> None:
        super().__init__(GroupSpec)

    def call_create(
        self, session: Session, spec: Any, placement: Placement
    ) -> tuple[DeclaredGroup, list[str]]:
        """Creates, finds its own, or adopts."""
        view = api.create(session.client, spec, placement)
        return view, view.lookalikes

    def call_read(self, session: Session, uuid: str) -> DeclaredGroup:
        """One group."""
        return api.read(session.client, uuid)

    def call_list(self, session: Session) -> Iterable[tuple[str, DeclaredGroup]]:
        """All groups."""
        return ((view.group_hash, view) for view in api.listing(session.client))

    def call_update(self, session: Session, uuid: str, changes: Properties) -> DeclaredGroup:
        """Applies changes."""
        return api.update(session.client, uuid, changes)

    def call_delete(self, session: Session, uuid: str, declared_by: str | None) -> str:
        """Lets it go, with all access that it granted."""
        return api.delete(session.client, uuid, declared_by).outcome

    def revokes_access_of(self, prior: Prior) -> str | None:
        """The group, unless it was adopted and outlives its resource."""
        return None if prior.outputs.get("adopted") else f"group:{prior.id}"

    def title(self, properties: Any) -> str:
        """The name."""
        return str(properties.get("name"))

    def carried(self, view: DeclaredGroup, outputs: Properties) -> Properties:
        """What is neither a setting nor the declaration."""
        kept = {name: value for name, value in outputs.items() if name not in {*self.fields, "declared_as"}}
        if view.declared_as:
            kept["declared_as"] = view.declared_as.model_dump(mode="json")
        return kept

    def live(self, view: DeclaredGroup, carried: Properties) -> Live:
        """Live values over the declaration and the generation."""
        outputs = {**carried, **view.model_dump(mode="json", include=_SHOWN)}
        inputs = {name: outputs[name] for name in (*self.fields, "adopt", "declared_as") if name in outputs}
        return Live(view.group_hash, inputs, outputs)


class GroupUsersReconciler(CollectionReconciler):
    """Users of a group, by Encord's own two calls."""

    spec = GroupUsersSpec
    gone = _GONE
    holder = "group"
    entries = "users"

    def roles(self, spec: GroupUsersSpec) -> Roles:
        """Everybody has the same."""
        return dict.fromkeys(spec.users, MEMBER)

    def live_roles(self, session: Session, holder: str) -> Roles | None:
        """Read once for all lists of a group."""
        users = session.of_one(f"users of {holder}", _GONE, lambda: api.users(session.client, holder))
        return None if users is None else dict.fromkeys(users, MEMBER)

    def change(self, session: Session, holder: str, wanted: Roles, removed: Collection[str]) -> None:
        """Adds first, so that nobody loses what they are to keep; a group that is gone let all go."""
        if wanted:
            api.add_users(session.client, holder, wanted)
        if removed:
            unless_gone(_GONE, lambda: api.remove_users(session.client, holder, removed))

    def replace(self, session: Session, holder: str, wanted: Roles, *, allow_large: bool) -> list[str]:
        """Adds and removes what differs from the live group."""
        now = set(api.users(session.client, holder))
        new = {email: MEMBER for email in wanted if email not in now}
        self.change(session, holder, new, frozenset(now - wanted.keys()))
        return []
