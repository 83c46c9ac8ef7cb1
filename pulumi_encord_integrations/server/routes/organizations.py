"""The caller, and the caller's organization."""

from fastapi import APIRouter

from pulumi_encord_integrations.model.users import BearerToken, CurrentOrganization
from pulumi_encord_integrations.server import auth
from pulumi_encord_integrations.server.calls import Authenticated
from pulumi_encord_integrations.server.store.organizations import Caller


def router() -> APIRouter:
    """The routes of the caller's own user."""
    routes = APIRouter(prefix="/user", tags=["user"])

    @routes.get("/current-organisation", response_model=CurrentOrganization)
    def current(call: Authenticated) -> CurrentOrganization:
        """Who calls, and for which organization."""
        return call.read(lambda _connection, caller: _current(caller))

    @routes.get("/bearer-token", response_model=BearerToken)
    def bearer_token(call: Authenticated) -> BearerToken:
        """A token that stands for a signature for one hour."""
        return BearerToken(token=auth.issue_token(call.proof.public_key, call.deployment.vault))

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
