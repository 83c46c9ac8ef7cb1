"""Roles of an integration's members: read once for many, withdrawn, and as a state shows them."""

from collections.abc import Collection, Mapping

from pulumi_encord_integrations.client import members as api
from pulumi_encord_integrations.lifecycle.session import Session, unless_gone
from pulumi_encord_integrations.model.members import kept_for_good

GONE = "integration_not_found"


def roles_of(session: Session, integration: str) -> Mapping[str, str] | None:
    """Roles of an integration's members, read once for many; None only if the integration is gone."""
    everywhere = session.listing("members", lambda: _everywhere(session))
    if integration in everywhere:
        return everywhere[integration]
    one = f"members of {integration}"
    return session.of_one(one, GONE, lambda: api.of(session.client, integration))


def _everywhere(session: Session) -> list[tuple[str, dict[str, str]]]:
    found: dict[str, dict[str, str]] = {}
    for member in api.everywhere(session.client):
        found.setdefault(member.integration, {})[member.key] = member.role
    return list(found.items())


def withdraw(session: Session, integration: str, keys: Collection[str]) -> None:
    """Takes access away; an integration that is gone took it along."""
    unless_gone(GONE, lambda: api.change(session.client, integration, {}, keys))


def as_declared(key: str, live: str, declared: str | None) -> str:
    """The role as a state shows it: an individual's that is above the declared one is no repairable drift."""
    return str(declared) if kept_for_good(key, live, declared) and declared else live


def kept(who: str, where: object) -> str:
    """The sentence that says that access outlives its resource."""
    return f"access to {where} is kept for {who}"
