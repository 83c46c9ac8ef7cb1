"""Many members of one integration."""

from collections.abc import Collection

from pulumi_encord_integrations.client import members as api
from pulumi_encord_integrations.lifecycle.reconciler import Properties
from pulumi_encord_integrations.lifecycle.session import Session
from pulumi_encord_integrations.model.members import as_roles, is_individual
from pulumi_encord_integrations.model.memberships import MembersSpec
from pulumi_encord_integrations.reconcilers.collections import CollectionReconciler, Roles
from pulumi_encord_integrations.reconcilers.memberships import GONE, roles_of, withdraw


class MembersReconciler(CollectionReconciler):
    """Users and groups with their roles; one write for all of them."""

    spec = MembersSpec
    gone = GONE
    holder = "integration"
    entries = "members"

    def roles(self, spec: MembersSpec) -> Roles:
        """By the keys of principals."""
        return as_roles(spec.members)

    def live_roles(self, session: Session, holder: str) -> Roles | None:
        """From the listing of all members."""
        return roles_of(session, holder)

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

    def beside(self, above: Roles, stay: list[str]) -> Properties:
        """Who stays without being listed, and whose role is above the declared one."""
        individuals = {key: role for key, role in above.items() if is_individual(key)}
        return {"unmanaged_admins": stay, "live_roles": individuals}
