"""Keys of identities, and invitations, over the wire; without an e-mail the caller's own."""

from typing import TYPE_CHECKING
from urllib.parse import quote

from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.model.keys import (
    InvitationAcceptance,
    InvitationSpec,
    InvitationView,
    IssuedInvitation,
    KeySpec,
    KeyView,
)

if TYPE_CHECKING:
    # A program only declares: it need not load what speaks HTTP.
    from pulumi_encord_integrations.client.client import Client


def listing(client: "Client", email: str | None = None) -> list[KeyView]:
    """All keys, the oldest first, ended ones included."""
    return client.get(_keys(email), Page[KeyView]).results


def add(client: "Client", spec: KeySpec, email: str | None = None) -> KeyView:
    """Registers a key; raises `Refused` with code `key_exists` for one that is or was registered."""
    return client.ask(KeyView, "POST", _keys(email), body=spec.to_wire(only_given=True))


def revoke(client: "Client", uuid: str, email: str | None = None) -> KeyView:
    """Ends a key and the bearer tokens made from it; raises `NotFound`, `Refused`."""
    return client.ask(KeyView, "DELETE", f"{_keys(email)}/{uuid}")


def invitations(client: "Client", email: str) -> list[InvitationView]:
    """Invitations that nobody has accepted, without their tokens."""
    return client.get(_invitations(email), Page[InvitationView]).results


def invite(client: "Client", email: str, spec: InvitationSpec) -> IssuedInvitation:
    """Invites somebody who is part of the organization to register one key."""
    return client.ask(IssuedInvitation, "POST", _invitations(email), body=spec.to_wire(only_given=True))


def uninvite(client: "Client", email: str, uuid: str) -> InvitationView:
    """Ends an invitation; raises `NotFound` for one that is gone or was accepted."""
    return client.ask(InvitationView, "DELETE", f"{_invitations(email)}/{uuid}")


def accept(client: "Client", acceptance: InvitationAcceptance) -> KeyView:
    """Registers the key that the client signs with; raises `NotAllowed` with code `invitation_not_valid`."""
    return client.ask(KeyView, "POST", "user/accept-invitation", body=acceptance.to_wire())


def _keys(email: str | None) -> str:
    return "user/keys" if email is None else f"organisation/users/{quote(email, safe='')}/keys"


def _invitations(email: str) -> str:
    return f"organisation/users/{quote(email, safe='')}/invitations"
