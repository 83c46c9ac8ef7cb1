"""User groups, and the users of one."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from pulumi_encord_integrations.client import groups as api
from pulumi_encord_integrations.lifecycle.reconciler import Context, Live, Prior, Properties
from pulumi_encord_integrations.lifecycle.session import Session, unless_gone
from pulumi_encord_integrations.lifecycle.snapshot import Snapshot
from pulumi_encord_integrations.lifecycle.warnings import counted
from pulumi_encord_integrations.model.groups import DeclaredGroup, GroupSpec, GroupUsersSpec
from pulumi_encord_integrations.model.identity import Placement
from pulumi_encord_integrations.model.members import Roles
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.reconcilers.access_changes import Namer, all_of
from pulumi_encord_integrations.reconcilers.collections import CollectionReconciler
from pulumi_encord_integrations.reconcilers.living import Kind, Living
from pulumi_encord_integrations.reconcilers.object_changes import declaration
from pulumi_encord_integrations.reconcilers.objects import ObjectReconciler
from pulumi_encord_integrations.reconcilers.preflight import (
    group_exists,
    group_name,
    may_administer_organization,
    organization_admin,
)

_GONE = "group_not_found"
_SHOWN = {"name", "description", "created_at", "organization", "adopted"}
MEMBER = "member"
"""What stands for the role of a group's user, who has none."""


class GroupReconciler(ObjectReconciler[DeclaredGroup]):
    """A group; its users are resources of their own."""

    noun = "groups"
    gone = _GONE
    named_by = "name"

    def __init__(self) -> None:
        super().__init__(GroupSpec, DeclaredGroup)
        self.kind_of_object = Kind(
            "groups", "user group", self.replaces, "Ask an admin of the organization", _administers, _summary
        )

    def views(self, snapshot: Snapshot, stack: str | None) -> Iterable[DeclaredGroup] | None:
        """All groups of the organization."""
        found = snapshot.groups(stack)
        return None if found is None else found.values()

    def living(self, view: DeclaredGroup) -> Living:
        """Its name and description."""
        all_ = view.model_dump(mode="json", exclude_none=True)
        settings = {name: all_.get(name) for name in self.fields}
        return Living(view.group_hash, view.name, view, settings, {name: all_[name] for name in self.stable})

    def call_create(
        self, session: Session, spec: Any, placement: Placement
    ) -> tuple[DeclaredGroup, list[str]]:
        """Creates, finds its own, or adopts."""
        view = api.create(session.client, spec, placement)
        return view, view.lookalikes

    def call_read(self, session: Session, uuid: str, stack: str | None) -> DeclaredGroup:
        """One group."""
        return api.read(session.client, uuid, stack)

    def call_list(self, session: Session, stack: str | None) -> Iterable[tuple[str, DeclaredGroup]]:
        """All groups."""
        return ((view.group_hash, view) for view in api.listing(session.client, stack))

    def call_update(
        self, session: Session, uuid: str, changes: Properties, declared_by: str | None
    ) -> DeclaredGroup:
        """Applies changes."""
        return api.update(session.client, uuid, changes, declared_by)

    def call_delete(self, session: Session, prior: Prior, declared_by: str | None) -> str:
        """Lets it go, with all access that it granted."""
        return api.delete(session.client, prior.id, declared_by).outcome

    def revokes_access_of(self, prior: Prior) -> str | None:
        """The group, unless it was adopted and outlives its resource."""
        return None if prior.outputs.get("adopted") else f"group:{prior.id}"

    def title(self, properties: Any) -> str:
        """The name."""
        return str(properties.get("name"))

    def carried(self, view: DeclaredGroup, outputs: Properties) -> Properties:
        """What is neither a setting nor the declaration."""
        kept = {name: value for name, value in outputs.items() if name not in {*self.fields, "declared_as"}}
        return {**kept, **declaration(view, outputs)}

    def live(self, view: DeclaredGroup, carried: Properties) -> Live:
        """Live values over the declaration and the generation."""
        adopts = {"adopts": view.group_hash} if view.adopted else {}
        outputs = {**carried, **view.model_dump(mode="json", include=_SHOWN), **adopts}
        return self.as_live(view.group_hash, outputs)


def _administers(context: Context, _view: DeclaredGroup) -> bool:
    return may_administer_organization(context)


def _summary(_snapshot: Snapshot, view: DeclaredGroup) -> str:
    made = f"made on {view.created_at:%Y-%m-%d}"
    return made if view.user_count is None else f"{made}, {counted(view.user_count, 'user')}"


class GroupUsersReconciler(CollectionReconciler):
    """Users of a group, by Encord's own two calls."""

    spec = GroupUsersSpec
    gone = _GONE
    holder = "group"
    entries = "users"
    loses = ("leaves", "leave")
    new_holder = "a group"

    def roles(self, spec: GroupUsersSpec) -> Roles:
        """Everybody has the same."""
        return dict.fromkeys(spec.users, MEMBER)

    def preflight(self, context: Context, inputs: Properties) -> Iterable[Problem]:
        """Only admins of the organization change groups."""
        return [*group_exists(context, inputs), *organization_admin(context, "group")]

    def before_run(self, snapshot: Snapshot, holder: str, *, exclusive: bool) -> Roles | None:
        """A request for each group: only an exclusive list takes out whom it does not know."""
        users = snapshot.group_users(holder) if exclusive else None
        return None if users is None else dict.fromkeys(users, MEMBER)

    def is_gone(self, snapshot: Snapshot, holder: str) -> bool:
        """By the listing of groups."""
        known = snapshot.groups()
        return known is not None and holder not in known

    def holder_name(self, snapshot: Snapshot, holder: object) -> str:
        """The group's name."""
        return f"the group {group_name(snapshot, holder)}"

    def outlive(self, roles: Roles, where: str, name: Namer) -> Iterator[str]:
        """Says of users that they stay in the group."""
        if roles:
            yield f"{all_of(roles, name)} {'stays' if len(roles) == 1 else 'stay'} in {where}"

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
