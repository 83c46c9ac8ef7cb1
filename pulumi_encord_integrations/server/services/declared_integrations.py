"""Which integration a create means, and what it makes of one that is there."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pulumi_encord_integrations.model.identity import DeclaredAs, ownership_key
from pulumi_encord_integrations.model.integrations import IntegrationSpec, IntegrationType
from pulumi_encord_integrations.model.members import Permission
from pulumi_encord_integrations.server.errors import Conflict
from pulumi_encord_integrations.server.services.authorization import require
from pulumi_encord_integrations.server.services.bodies import kind_of, require_whole
from pulumi_encord_integrations.server.services.declarations import ADOPT, Declarable
from pulumi_encord_integrations.server.services.stored_specs import renewed_spec
from pulumi_encord_integrations.server.services.unit_of_work import Transaction
from pulumi_encord_integrations.server.store import integrations as store
from pulumi_encord_integrations.server.store import members
from pulumi_encord_integrations.server.store.database import Record

_TOLD = 20
"""Admins beside the caller that the answer to an adoption names, and its row of the audit trail."""


def other_admins(tx: Transaction, row: Record) -> dict[str, Any]:
    """Who is an Admin beside the caller, individually or as a group; who made the integration comes first."""
    roles = members.roles(tx.connection, row.uuid)
    keys = [key for key, role in roles.items() if role == "admin" and key != tx.caller.email]
    keys.sort(key=lambda key: (key != row.owner, key))
    return {"other_admins": keys[:_TOLD], "other_admin_count": len(keys)}


class DeclaredIntegrations(Declarable):
    """One create of an integration."""

    noun, called = "integration", "titled"

    def __init__(self, tx: Transaction, kind: IntegrationType, spec: IntegrationSpec) -> None:
        super().__init__(tx, spec.title)
        self._kind, self._spec = kind, spec

    def key(self, declared: DeclaredAs) -> str:
        return ownership_key(declared, self._kind.provider, self._spec.immutable())

    def by_uuid(self, uuid: str) -> Record | None:
        return store.find(self.tx.connection, self.tx.caller, uuid)

    def by_key(self, key: str) -> Record | None:
        return store.find_by_key(self.tx.connection, self.tx.caller, key)

    def by_title(self) -> Sequence[Record]:
        return store.find_by_title(self.tx.connection, self.tx.caller, self._kind.provider, self.title)

    def by_adopted_uuid(self, uuid: UUID) -> Record:
        row = self.by_uuid(str(uuid))
        if row is None or (row.role is None and not self.tx.caller.is_organization_admin):
            raise Conflict("nothing_to_adopt", f"there is no integration {uuid}", "Check the uuid in adopt")
        if row.provider != self._kind.provider:
            other = f'"{row.title}" ({uuid}) is of type {row.provider}, not {self._kind.provider}'
            raise Conflict("another_type", other, f"Use {kind_of(row.provider).resource}")
        return row

    def title_of(self, row: Record) -> str:
        return str(row.title)

    def administers(self, row: Record) -> bool:
        return bool(row.role == "admin")

    def require_adoptable(self, row: Record) -> None:
        require(row, Permission.ADD_USERS)
        settings, given = store.settings_of(row), self._spec.model_fields_set
        immutable = self._spec.immutable().items()
        unequal = [name for name, value in immutable if name in given and settings[name] != value]
        if unequal:
            raise Conflict("immutable", f'"{row.title}" differs in what cannot change: {", ".join(unequal)}')

    def none(self) -> str:
        return f'there is no {self._kind.provider} integration "{self.title}"'

    def applied(self, row: Record, action: str) -> IntegrationSpec:
        """What the create makes of an object that is there: what an adoption leaves out stays as it is."""
        if action != ADOPT and not row.adopted:
            spec = store.with_shared(row, self._spec)
            require_whole(spec)
            return spec
        given = self._spec.model_dump(mode="json", include=self._spec.model_fields_set)
        current = renewed_spec(self.tx, row, self._kind, given).spec
        values = {**current.model_dump(mode="json"), **given}
        made, wrong = self._kind.spec.examine(values, wire=True)
        if made is None or wrong:
            raise Conflict(
                "adopted_differently",
                f'"{row.title}" keeps what is left out, which does not fit: {"; ".join(map(str, wrong))}',
                "Give these settings too",
            )
        return made
