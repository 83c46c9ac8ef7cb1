"""Many members of one integration."""

from pulumi_encord_integrations.client import members as api
from pulumi_encord_integrations.model.members import is_individual
from pulumi_encord_integrations.model.memberships import MembersSpec
from pulumi_encord_integrations.reconcilers.base import Bag
from pulumi_encord_integrations.reconcilers.collections import ListReconciler, Roles
from pulumi_encord_integrations.reconcilers.natural_keys import roles_of, withdraw
from pulumi_encord_integrations.reconcilers.session import Session


class MembersReconciler(ListReconciler):
    """Users and groups with their roles; one write for all of them."""

    spec = MembersSpec
    holder = "integration"
    entries = "members"

    def roles(self, canonical: Bag) -> Roles:
        """By the keys of principals."""
        return {row.get("user") or f"group:{row['group']}": row["role"] for row in canonical["members"]}

    def live_roles(self, session: Session, holder: str) -> Roles | None:
        """From the listing of all members."""
        return roles_of(session, holder)

    def change(self, session: Session, holder: str, wanted: Roles, removed: frozenset[str]) -> None:
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

    def beside(self, above: Roles, stay: list[str]) -> Bag:
        """Who stays without being listed, and whose role is above the declared one."""
        individuals = {key: role for key, role in above.items() if is_individual(key)}
        return {"unmanaged_admins": stay, "live_roles": individuals}
