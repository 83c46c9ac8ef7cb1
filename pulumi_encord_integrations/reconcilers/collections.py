"""Many principals in one resource: an integration's members, a group's users. Each is tracked by itself."""

from abc import abstractmethod
from collections.abc import Collection
from typing import Any

from pulumi_encord_integrations.client import integrations
from pulumi_encord_integrations.lifecycle.ownership import NOTHING, ResourceKey, ResourceKeys, named
from pulumi_encord_integrations.lifecycle.reconciler import NO_NAMES, Live, Prior, Properties
from pulumi_encord_integrations.lifecycle.session import Session
from pulumi_encord_integrations.lifecycle.warnings import some, warn
from pulumi_encord_integrations.model.members import Roles, kept_for_good
from pulumi_encord_integrations.reconcilers.collection_previews import PreviewedCollection
from pulumi_encord_integrations.reconcilers.memberships import as_declared, kept


class CollectionReconciler(PreviewedCollection):
    """In states a list is a mapping by principal, so that a diff names only who differs."""

    shares = True

    @abstractmethod
    def live_roles(self, session: Session, holder: str) -> Roles | None:
        """As they are; None if the holder is gone."""

    @abstractmethod
    def change(self, session: Session, holder: str, wanted: Roles, removed: Collection[str]) -> None:
        """Grants and withdraws."""

    @abstractmethod
    def replace(self, session: Session, holder: str, wanted: Roles, *, allow_large: bool) -> list[str]:
        """Makes them all that there are; answers individual Admins that stay nevertheless."""

    def resource_keys(self, id_: str, properties: Properties) -> ResourceKeys:
        """The membership of each principal."""
        keys = self.listed(properties.get(self.entries))
        return named("membership", properties.get(self.holder), *keys) if keys else NOTHING

    def create(self, session: Session, inputs: Properties) -> Live:
        """Grants all at once; who is there already is taken over."""
        return self.update(session, Prior("", {}), inputs)

    def update(self, session: Session, prior: Prior, inputs: Properties) -> Live:
        """Writes what differs, or replaces all where the list is exclusive."""
        holder, wanted = str(inputs[self.holder]), self.listed(inputs[self.entries])
        stay: list[str] = []
        if inputs.get("exclusive"):
            allow = bool(inputs.get("allow_large_removal"))
            stay = self.replace(session, holder, wanted, allow_large=allow)
        else:
            self._write(session, prior, holder, wanted)
        above = {key: role for key, role in prior.outputs.get("live_roles", {}).items() if key in wanted}
        return self._live(inputs, wanted, {**wanted, **above}, stay)

    def _write(self, session: Session, prior: Prior, holder: str, wanted: Roles) -> None:
        old = self.listed(prior.outputs.get(self.entries))
        changed = {key: role for key, role in wanted.items() if old.get(key) != role}
        dropped = [key for key in old if key not in wanted and not _has(prior.owned_elsewhere, holder, key)]
        # An individual Admin can leave a list only if the check has seen that they may stay.
        keep = prior.outputs.get("on_delete") == "keep"
        asks = keep or any(kept_for_good(key, old[key], None) for key in dropped)
        admins = self.staying(session, holder, dropped) if asks else NO_NAMES
        removed = frozenset(dropped) - admins
        if changed or removed:
            self.change(session, holder, changed, removed)
        if admins and keep:
            warn(f"no longer listed, but Admins of {holder} all the same: {', '.join(sorted(admins))}")

    def staying(self, session: Session, holder: str, keys: Collection[str]) -> frozenset[str]:
        """Those whom the API lets nobody take out."""
        return NO_NAMES

    def read(self, session: Session, prior: Prior) -> Live | None:
        """Those that are listed, as they are; of an exclusive list all that there are."""
        holder = prior.id.partition("/")[0]
        live = self.live_roles(session, holder)
        if live is None:
            return None
        declared = self.listed(prior.outputs.get(self.entries))
        everybody = prior.outputs.get("exclusive") or self.entries not in prior.outputs
        seen = live if everybody else {key: live[key] for key in declared if key in live}
        stay = [key for key in seen if key not in declared and kept_for_good(key, seen[key], None)]
        stay = stay if prior.outputs.get("exclusive") else []
        shown = {
            key: as_declared(key, role, declared.get(key)) for key, role in seen.items() if key not in stay
        }
        entries = self.read_shape(session, prior, shown)
        known = {**self.inputs_of(prior.outputs), self.holder: holder, self.entries: entries}
        outputs = {**prior.outputs, "exclusive": False, "on_delete": "remove", **known}
        return self._live(outputs, shown, seen, sorted(stay))

    def read_shape(self, session: Session, prior: Prior, shown: Roles) -> Any:
        """The list of a refreshed state."""
        return self.shaped(shown, {})

    def delete(self, session: Session, prior: Prior) -> None:
        """Withdraws all that are listed, but for individual Admins, who stay."""
        holder, listed = str(prior.outputs[self.holder]), self.listed(prior.outputs.get(self.entries))
        removed = frozenset(key for key in listed if not _has(prior.owned_elsewhere, holder, key))
        stay = self.staying(session, holder, removed) if removed else NO_NAMES
        if removed - stay:
            self.change(session, holder, {}, removed - stay)
        if stay:
            admins = "stays an Admin" if len(stay) == 1 else "stay Admins"
            where = f'"{integrations.read(session.client, holder).title}"'
            warn(f"{', '.join(sorted(stay))} {admins} of {where}: individual Admins cannot be removed")

    def kept(self, session: Session, prior: Prior) -> str:
        """That the access of all that are listed is kept."""
        listed = prior.outputs.get(self.entries)
        return kept(some(sorted(self.row_names(listed)) if listed else []), prior.outputs[self.holder])

    def _live(self, properties: Properties, shown: Roles, live: Roles, stay: list[str]) -> Live:
        above = {key: live[key] for key in shown if live[key] != shown[key]}
        outputs: dict[str, Any] = {**properties, **self.beside(above, stay)}
        return self.as_live(f"{outputs[self.holder]}/{self.entries}", outputs)

    def beside(self, above: Roles, stay: list[str]) -> Properties:
        """Outputs beside the inputs."""
        return {}


def _has(keys: ResourceKeys, holder: str, principal: str) -> bool:
    return ResourceKey("membership", holder, principal) in keys
