"""The caller, and the caller's organization."""

from fastapi import Response

from pulumi_encord_integrations.model.users import BearerToken, CurrentOrganization
from pulumi_encord_integrations.server import auth, middleware
from pulumi_encord_integrations.server.calls import Authenticated, Call
from pulumi_encord_integrations.server.errors import not_allowed
from pulumi_encord_integrations.server.lazy_routes import LazyRouter
from pulumi_encord_integrations.server.store.organizations import Caller


def router() -> LazyRouter:
    """The routes of the caller's own user."""
    routes = middleware.router("user", "/user")

    @routes.get("/current-organisation", response_model=CurrentOrganization)
    def current(call: Authenticated) -> Response:
        """Who calls, and for which organization."""
        return call.read(lambda _connection, caller: _current(caller))

    @routes.get("/bearer-token", response_model=BearerToken)
    def bearer_token(call: Authenticated) -> Response:
        """A token that stands for a signature for one hour; only a signature gets one."""
        return call.read(lambda _connection, _caller: _token(call))

    return routes


def _current(caller: Caller) -> CurrentOrganization:
    return CurrentOrganization.model_validate(
        {
            "uuid": caller.organization,
            "name": caller.organization_name,
            "user_email": caller.email,
            "role": caller.role,
        }
    )


def _token(call: Call) -> BearerToken:
    if not call.proof.signed:
        # A token that was taken would otherwise renew itself for ever.
        raise not_allowed("signature_required", "a bearer token is issued for a signature only")
    return BearerToken(token=auth.issue_token(call.proof.public_key, call.deployment.vault))
