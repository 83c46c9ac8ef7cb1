"""Many members of one integration."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from pulumi_encord_integrations.client import groups as groups_api
from pulumi_encord_integrations.client import members as api
from pulumi_encord_integrations.lifecycle.reconciler import (
    NO_CONTEXT,
    NO_NAMES,
    NOT_KNOWN_YET,
    Checked,
    Context,
    Prior,
    Properties,
)
from pulumi_encord_integrations.lifecycle.session import Session, unless_gone
from pulumi_encord_integrations.lifecycle.snapshot import Snapshot
from pulumi_encord_integrations.model.members import Roles, as_roles, is_individual, kept_for_good
from pulumi_encord_integrations.model.memberships import (
    GROUPS,
    USERS,
    ListedRoles,
    MembersSpec,
    id_of,
    is_by_kind,
    labelled,
    row_names,
)
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.reconcilers.access_changes import AccessChange, Namer, keep_roles
from pulumi_encord_integrations.reconcilers.collection_previews import Labels
from pulumi_encord_integrations.reconcilers.collections import CollectionReconciler
from pulumi_encord_integrations.reconcilers.memberships import GONE, roles_of, withdraw
from pulumi_encord_integrations.reconcilers.preflight import administered, title_of


class MembersReconciler(CollectionReconciler):
    """Users and groups with their roles; one write for all of them.

    In states groups are listed by what people call them, so that a diff is understood, and so that a group
    of which the id comes later has its place already.
    """

    spec = MembersSpec
    gone = GONE
    holder = "integration"
    entries = "members"

    def check(
        self, known: Properties, unknown: frozenset[str] = NO_NAMES, context: Context = NO_CONTEXT
    ) -> Checked:
        """Also a list in which nothing but ids of groups comes later: those groups are new."""
        given, later = _stood_in(context.partial.get(self.entries))
        if not later:
            return super().check(known, unknown, context)
        made = replace(context, made={*context.made, *later})
        checked = super().check({**known, self.entries: given}, unknown - {self.entries}, made)
        if checked.problems:
            return replace(checked, inputs=known)
        return replace(checked, inputs=_later_again(checked.inputs, later))

    def roles(self, spec: MembersSpec) -> Roles:
        """By the keys of principals."""
        return as_roles(spec.members)

    def listed(self, value: Any) -> Roles:
        """By the keys of principals."""
        return ListedRoles.of(value).roles

    def shaped(self, roles: Roles, labels: Labels) -> Any:
        """Users and groups apart."""
        return ListedRoles(roles, labels).by_kind()

    def row_names(self, given: Mapping[str, Any]) -> list[str]:
        """E-mails, and labels of groups."""
        return row_names(given)

    def labels(self, given: Any, roles: Roles, context: Context) -> Labels:
        """As the program calls them, else by their names; offline, as they were called before."""
        keys, known = [key for key in roles if not is_individual(key)], ListedRoles.of(given).labels
        if known.keys() >= set(keys):
            return known
        found = context.snapshot.groups()
        if found is None:
            before = ListedRoles.of(context.before.get(self.entries)).labels
            return labelled(keys, known, {id_of(key): label for key, label in before.items()})
        return labelled(keys, known, {uuid: group.name for uuid, group in found.items()})

    def preflight(self, context: Context, inputs: Properties) -> Iterable[Problem]:
        """Only Admins change members."""
        return administered(context, inputs)

    def before_run(self, snapshot: Snapshot, holder: str, *, exclusive: bool) -> Roles | None:
        """From one listing for all integrations."""
        return snapshot.roles(holder)

    def lockout(self, change: AccessChange, holder: str, snapshot: Snapshot) -> Iterator[str]:
        """Where the caller is an Admin by a group alone, and no group stays one."""
        view, user = snapshot.integration(holder), snapshot.deployer()
        if view is None or view.role != "admin" or not user or not change.live:
            return
        after = {**change.after(), **({user: "admin"} if change.live.get(user) == "admin" else {})}
        by_group = any(role == "admin" and not is_individual(key) for key, role in after.items())
        if after.get(user) != "admin" and not by_group:
            yield f"{user}, who deploys, is no Admin of {title_of(snapshot, holder)} any more"

    def is_gone(self, snapshot: Snapshot, holder: str) -> bool:
        """By the listing of integrations."""
        known = snapshot.integrations()
        return known is not None and holder not in known

    def holder_name(self, snapshot: Snapshot, holder: object) -> str:
        """The title."""
        return title_of(snapshot, holder)

    def outlive(self, roles: Roles, where: str, name: Namer) -> Iterator[str]:
        """Says of members that they keep their roles."""
        return keep_roles(roles, where, name)

    def live_roles(self, session: Session, holder: str) -> Roles | None:
        """From the listing of all members."""
        return roles_of(session, holder)

    def read_shape(self, session: Session, prior: Prior, shown: Roles) -> Any:
        """Labels stay as they are; a list of an earlier version keeps its shape until it changes."""
        before = prior.outputs.get(self.entries)
        if isinstance(before, Mapping) and not is_by_kind(before):
            return dict(sorted(shown.items()))
        known = ListedRoles.of(before).labels
        keys = [key for key in shown if not is_individual(key)]
        names = _names(session) if set(keys) - known.keys() else {}
        return self.shaped(shown, labelled(keys, known, names))

    def change(self, session: Session, holder: str, wanted: Roles, removed: Collection[str]) -> None:
        """Grants and withdraws, all or nothing."""
        if wanted:
            api.change(session.client, holder, wanted, removed)
        else:
            withdraw(session, holder, removed)

    def replace(self, session: Session, holder: str, wanted: Roles, *, allow_large: bool) -> list[str]:
        """Writes against what was read just before, so that no write between the two is undone unseen."""
        match = api.etag(session.client, holder)
        changed = api.replace(session.client, holder, wanted, match, allow_large_removal=allow_large)
        return changed.unmanaged_admins

    def staying(self, session: Session, holder: str, keys: Collection[str]) -> frozenset[str]:
        """Individual Admins as they are now: some may have joined, and support may have removed others."""
        if not any(map(is_individual, keys)):
            return NO_NAMES
        live = unless_gone(GONE, lambda: api.of(session.client, holder)) or {}
        return frozenset(key for key in keys if kept_for_good(key, live.get(key), None))

    def beside(self, above: Roles, stay: list[str]) -> Properties:
        """Who stays without being listed, and whose role is above the declared one."""
        individuals = {key: role for key, role in above.items() if is_individual(key)}
        return {"unmanaged_admins": stay, "live_roles": individuals}


def _names(session: Session) -> Mapping[str, str]:
    groups = session.listing(
        "groups", lambda: ((view.group_hash, view) for view in groups_api.listing(session.client))
    )
    return {uuid: group.name for uuid, group in groups.items()}


def _stood_in(members: Any) -> tuple[Any, frozenset[str]]:
    """A list with a uuid in place of each id of a group that comes later, and those uuids.

    No uuids if there is none, or if anything else comes later.
    """
    if not is_by_kind(members):
        return members, NO_NAMES
    groups = members.get(GROUPS, {})
    labels = [label for label, entry in groups.items() if _is_later(entry, "id")]
    others = [*members.get(USERS, {}).values(), *(e.get("role") for e in groups.values() if _is_entry(e))]
    if any(value is NOT_KNOWN_YET for value in (*others, *groups.values())):
        return members, NO_NAMES
    ids = {label: str(UUID(int=number)) for number, label in enumerate(labels, 1)}
    stood_in = {label: {**groups[label], "id": id_} for label, id_ in ids.items()}
    return {**members, GROUPS: {**groups, **stood_in}}, frozenset(ids.values())


def _later_again(inputs: Properties, later: frozenset[str]) -> Properties:
    members = inputs["members"]
    groups = {
        label: {**entry, "id": NOT_KNOWN_YET} if _is_entry(entry) and entry.get("id") in later else entry
        for label, entry in members[GROUPS].items()
    }
    return {**inputs, "members": {**members, GROUPS: groups}}


def _is_entry(value: Any) -> bool:
    return isinstance(value, Mapping)


def _is_later(entry: Any, name: str) -> bool:
    return _is_entry(entry) and entry.get(name) is NOT_KNOWN_YET
