"""How the API authenticates at a container: as an application or by a SAS token, one of the two."""

from collections.abc import Mapping
from typing import Any

import pulumi

from pulumi_encord_integrations.components._arguments import require_arguments
from pulumi_encord_integrations.components.azure.sas import window_of
from pulumi_encord_integrations.components.azure.sdk import get_client_config_output
from pulumi_encord_integrations.model.policies.azure import OBJECT_ID


def require_authentication(label: str, kind: Any, args: Any, with_principal: Mapping[str, bool]) -> None:
    """Raises `RunError` unless the arguments are those of `kind`, with exactly one of principal_id and sas.

    Args:
        label: what an error is about.
        kind: the TypedDict of the arguments.
        args: the arguments.
        with_principal: those that go with principal_id alone, and whether it requires them.

    """
    if isinstance(args, Mapping) and "application_id" in args:
        raise pulumi.RunError(
            f"{label}: application_id: roles are given to the application's service principal in your "
            f"tenant; give its object id as principal_id, which this tells: {OBJECT_ID}"
        )
    require_arguments(label, kind, args)
    by_sas, by_principal = (args.get(name) is not None for name in ("sas", "principal_id"))
    if by_sas is by_principal:
        found = "both are given" if by_sas else "neither is given"
        raise pulumi.RunError(f"{label}: give exactly one of principal_id and sas; {found}")
    if by_sas:
        window_of(label, args["sas"])
    for name, required in with_principal.items():
        if by_sas and args.get(name) is not None:
            raise pulumi.RunError(f"{label}: {name} goes with principal_id, not with sas")
        if by_principal and required and args.get(name) is None:
            raise pulumi.RunError(f"{label}: {name} is required with principal_id")


def subscription_id(resource: pulumi.Resource) -> pulumi.Output[str]:
    """The subscription that a resource's provider acts in."""
    return get_client_config_output(opts=pulumi.InvokeOptions(parent=resource)).subscription_id
