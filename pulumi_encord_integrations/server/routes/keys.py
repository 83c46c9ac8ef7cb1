"""Keys of identities, and invitations to register one; Encord publishes no such calls."""

from typing import Any
from uuid import UUID

from fastapi import Response

from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.model.keys import (
    InvitationAcceptance,
    InvitationSpec,
    InvitationView,
    IssuedInvitation,
    KeySpec,
    KeyView,
)
from pulumi_encord_integrations.server import middleware
from pulumi_encord_integrations.server.dependencies import Authenticated
from pulumi_encord_integrations.server.lazy_routes import LazyRouter
from pulumi_encord_integrations.server.responses import success, unstored
from pulumi_encord_integrations.server.routes.schema import body_of
from pulumi_encord_integrations.server.services import invitations
from pulumi_encord_integrations.server.services import keys as service
from pulumi_encord_integrations.server.services.authorization import require_signature
from pulumi_encord_integrations.server.services.bodies import examined
from pulumi_encord_integrations.server.services.prechecks import examined_for

_key_body: Any = body_of(KeySpec)
_invitation_body: Any = body_of(InvitationSpec)
_acceptance_body: Any = body_of(InvitationAcceptance)


def router() -> LazyRouter:
    """All routes of keys; those of users stand before the one for any e-mail."""
    routes = _own()
    routes.routes += [*_of_users().routes, *_acceptance().routes]
    return routes


def _own() -> LazyRouter:
    routes = middleware.router("keys", "/user/keys")

    @routes.get("", response_model=Page[KeyView])
    def list_own(request: Authenticated) -> Response:
        """The caller's keys, ended ones included."""
        return request.read(service.own)

    @routes.post("", response_model=KeyView)
    def add_own(request: Authenticated, body: _key_body) -> Response:
        """Registers a further key of the caller."""
        asked = examined_for(request.work, KeySpec, body, require_signature)
        return request.write(service.add_own, asked)

    @routes.delete("/{uuid}", response_model=KeyView)
    def revoke_own(request: Authenticated, uuid: UUID) -> Response:
        """Ends a key of the caller, and the bearer tokens made from it."""
        return request.write(service.revoke_own, uuid)

    return routes


def _of_users() -> LazyRouter:
    routes = middleware.router("keys", "/organisation/users/{email:path}")

    @routes.get("/keys", response_model=Page[KeyView])
    def list_keys(request: Authenticated, email: str) -> Response:
        """Somebody's keys, ended ones included."""
        return request.read(service.of_user, email)

    @routes.post("/keys", response_model=KeyView)
    def add_key(request: Authenticated, email: str, body: _key_body) -> Response:
        """Registers a key of somebody."""
        asked = examined_for(request.work, KeySpec, body, service.administered_by_signature, email)
        return request.write(service.add_for, email, asked)

    @routes.delete("/keys/{uuid:uuid}", response_model=KeyView)
    def revoke_key(request: Authenticated, email: str, uuid: UUID) -> Response:
        """Ends a key of somebody, and the bearer tokens made from it."""
        return request.write(service.revoke_for, email, uuid)

    @routes.get("/invitations", response_model=Page[InvitationView])
    def list_invitations(request: Authenticated, email: str) -> Response:
        """Invitations of somebody that nobody has accepted, without their tokens."""
        return request.read(invitations.listing, email)

    @routes.post("/invitations", response_model=IssuedInvitation)
    def invite(request: Authenticated, email: str, body: _invitation_body) -> Response:
        """Invites somebody to register one key; this answer alone holds the token."""
        may, work = service.administered_by_signature, request.work
        asked = examined_for(work, InvitationSpec, body, may, email)
        answer = work.write(lambda tx: invitations.create(tx, email, asked), invitations.once)
        return unstored(answer)

    @routes.delete("/invitations/{uuid:uuid}", response_model=InvitationView)
    def revoke_invitation(request: Authenticated, email: str, uuid: UUID) -> Response:
        """Ends an invitation that nobody has accepted."""
        return request.write(invitations.revoke, email, uuid)

    return routes


def _acceptance() -> LazyRouter:
    routes = middleware.router("keys", "/user", strangers=True)

    @routes.post("/accept-invitation", response_model=KeyView)
    def accept(request: Authenticated, body: _acceptance_body) -> Response:
        """Registers the key that this request is signed with, which nobody has yet."""
        return success(invitations.accept(request.work, examined(InvitationAcceptance, body)))

    return routes
