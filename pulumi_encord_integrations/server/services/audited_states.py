"""Objects as the audit trail tells them before and after a write: by their rows, which hold no secrets."""

from typing import Any

from pydantic.alias_generators import to_camel

from pulumi_encord_integrations.server.store import declarations
from pulumi_encord_integrations.server.store.database import Record
from pulumi_encord_integrations.server.store.integrations import settings_of


def integration_state(row: Record) -> dict[str, Any]:
    """An integration's title, settings and declaration; that its secrets changed shows by the fingerprint."""
    settings = {to_camel(name): value for name, value in settings_of(row).items()}
    return {
        "title": row.title,
        "provider": row.provider,
        **settings,
        "credentialFingerprint": row.credential_fingerprint,
        **_declared(row),
    }


def group_state(row: Record) -> dict[str, Any]:
    """A user group's name, description and declaration."""
    return {"name": row.name, "description": row.description, **_declared(row)}


def released(state: dict[str, Any]) -> dict[str, Any]:
    """The same of what no stack declares any more."""
    return {**state, "declaredAs": None, "adopted": False}


def _declared(row: Record) -> dict[str, Any]:
    # By its names: whoever knows a stack's identity can declare in that stack's name.
    owner = declarations.declared_as(row)
    return {"declaredAs": owner and owner.where, "adopted": bool(row.adopted)}
