"""The caller, and the caller's organization."""

from pulumi_encord_integrations.model.principals import Principals
from pulumi_encord_integrations.model.users import BearerToken, CurrentOrganization
from pulumi_encord_integrations.server import auth
from pulumi_encord_integrations.server.errors import PermissionDenied
from pulumi_encord_integrations.server.services.unit_of_work import Effect, Transaction, UnitOfWork
from pulumi_encord_integrations.server.store import encryption


def current(tx: Transaction) -> CurrentOrganization:
    """Who calls, and for which organization."""
    caller = tx.caller
    return CurrentOrganization.model_validate(
        {
            "uuid": caller.organization,
            "name": caller.organization_name,
            "user_email": caller.email,
            "role": caller.role,
            "kind": caller.kind,
            "auditor": caller.auditor,
            "scope": caller.scope,
            "credential": caller.credential,
        }
    )


def issue_token(work: UnitOfWork) -> BearerToken:
    """A token that stands for a signature for one hour; only a signature gets one."""
    key_id = work.read(lambda tx: encryption.key_id(tx.connection, tx.caller.organization))
    if not work.proof.public_key or not work.proof.signed:
        # A token that was taken would otherwise renew itself for ever.
        raise PermissionDenied("signature_required", "a bearer token is issued for a signature only")
    answer = BearerToken(token=auth.issue_token(work.proof.public_key, work.deployment.vault, key_id))
    work.claim(lambda tx: Effect(answer, "sign-in.bearer-token", tx.caller.credential, {}))
    return answer


def principals(tx: Transaction) -> Principals:
    """Who reads the buckets, as the deployment is configured."""
    return tx.deployment.principals
