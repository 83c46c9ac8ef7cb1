"""An integration with Azure Blob Storage together with its cloud side."""

# The analyzer of source-based plugins reads these annotations: no unions but with None, no Literal, no
# callables, and nothing postponed.

from collections.abc import Sequence
from typing import Any, NotRequired, TypedDict

import pulumi

from pulumi_encord_integrations.components._arguments import AGAIN
from pulumi_encord_integrations.components._composite import (
    access_check,
    child_options,
    refuse_import,
    writes_challenge,
)
from pulumi_encord_integrations.components.azure.access import AzureContainerAccess
from pulumi_encord_integrations.components.azure.authentication import require_authentication
from pulumi_encord_integrations.components.azure.cors import own_cors
from pulumi_encord_integrations.components.azure.sas import AzureSasArgs, window_of
from pulumi_encord_integrations.model.policies.azure import OBJECT_ID
from pulumi_encord_integrations.model.policies.grants import compact
from pulumi_encord_integrations.model.text import uuid_in
from pulumi_encord_integrations.resources.access_checks import AccessCheck
from pulumi_encord_integrations.resources.integration_types.azure import AzureIntegration

_WITH_PRINCIPAL = {"tenant_id": True, "subscription_id": False, "write_challenge": False}


class AzureEncordIntegrationArgs(TypedDict):
    """What `AzureEncordIntegration` takes: exactly one of principal_id and sas."""

    title: pulumi.Input[str]
    """The title shown in the app, at most 255 characters."""
    resource_group_name: pulumi.Input[str]
    """The resource group of the storage account."""
    storage_account: pulumi.Input[str]
    """The storage account, which exists. Plain text lets several components share the roles in it."""
    container: pulumi.Input[str]
    """The container in it."""
    principal_id: NotRequired[pulumi.Input[str]]
    """Object id of the application's service principal in your tenant: it is given roles."""
    tenant_id: NotRequired[pulumi.Input[str]]
    """Required with principal_id: your tenant."""
    subscription_id: NotRequired[pulumi.Input[str]]
    """With principal_id: the subscription of the account. Default: that of the Azure provider."""
    sas: NotRequired[AzureSasArgs]
    """Make an account SAS token, and renew it."""
    write_challenge: NotRequired[bool]
    """With principal_id: write the challenge object. Default: unless `over_vpn` is True, where an operator
    approves instead."""
    strict_client_only: NotRequired[pulumi.Input[bool]]
    """Keep data out of Encord's servers. Default False."""
    over_vpn: NotRequired[pulumi.Input[bool]]
    """Reach the data over a VPN; needs strict_client_only. Default False."""
    force_destroy: NotRequired[pulumi.Input[bool]]
    """Let a later deletion or replacement destroy the registrations, too. Default False."""
    create: NotRequired[bool]
    """Make the container, private. Default: it exists, and nothing of it is changed."""
    manage_cors: NotRequired[bool]
    """Own all CORS rules of the account's blobs, which are those of every container in it. Default False."""
    writable: NotRequired[bool]
    """Let blobs be written as well. Default False."""
    require_access: NotRequired[bool]
    """Whether a failed access check fails the update, and memberships wait for it. Default True."""
    retry_for: NotRequired[pulumi.Input[str]]
    """How long the access check asks again while Azure settles. Default "2m"."""


class AzureEncordIntegration(pulumi.ComponentResource):
    """An integration with Azure Blob Storage, what lets the API in, and the check that it can read.

    One `pulumi up` does all of it. With principal_id: the integration, whose challenge the object in the
    container answers; roles and object; the check. With sas: the token; the integration; the check.
    Memberships of `integration` wait for the check.
    """

    integration_id: pulumi.Output[str]
    """uuid of the integration; what depends on it waits for the access check."""
    sas_ends_at: pulumi.Output[str | None]
    """When the SAS token ends: ISO 8601, UTC; None with principal_id."""
    valid: pulumi.Output[bool]
    """Whether the access check passed."""

    def __init__(
        self, name: str, args: AzureEncordIntegrationArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declares the integration, its access and its check.

        Args:
            name: its name in this program; the children's names begin with it.
            args: the integration's title, the container, and who is let in.
            opts: Pulumi's resource options; an Azure provider in `providers` makes the cloud side.

        """
        super().__init__("encord:index:AzureEncordIntegration", name, {}, opts)
        self._label, self._name, self._args = f'AzureEncordIntegration "{name}"', name, args
        require_authentication(self._label, AzureEncordIntegrationArgs, args, _WITH_PRINCIPAL)
        refuse_import(self._label, opts, "an AzureIntegration", "an AzureContainerAccess")
        self._child = child_options(self, opts)
        sas = args.get("sas")
        self._integration, access = self._by_principal() if sas is None else self._by_sas(sas)
        check = self._check(access)
        # Of the check, so that whoever takes it waits for that.
        self.integration_id = check.integration
        self.sas_ends_at = access.sas_ends_at
        self.valid = check.valid.apply(bool)
        self.register_outputs(
            {
                "integration_id": self.integration_id,
                "sas_ends_at": self.sas_ends_at,
                "valid": self.valid,
            }
        )

    @property
    def integration(self) -> AzureIntegration:
        """The integration, as memberships take it."""
        return self._integration

    def _by_principal(self) -> tuple[AzureIntegration, AzureContainerAccess]:
        """The integration comes first: the challenge object is made from what it outputs."""
        made = self._declared(tenant_id=self._args.get("tenant_id"))
        proof = {"challenge": made.challenge, "write_challenge": writes_challenge(self._args)}
        return made, self._access(integration_id=made.id, **proof)

    def _by_sas(self, sas: AzureSasArgs) -> tuple[AzureIntegration, AzureContainerAccess]:
        """The token comes first. The component renews it, so that nobody is told to before it does."""
        access = self._access()
        renewed = window_of(self._label, sas).renew_before
        made = self._declared(sas_token=access.sas_token, renew_before=int(renewed.total_seconds()))
        return made, access

    def _declared(self, **authentication: Any) -> AzureIntegration:
        args = self._args
        return AzureIntegration(
            self._name,
            title=args["title"],
            storage_account=args["storage_account"],
            container=args["container"],
            strict_client_only=args.get("strict_client_only"),
            over_vpn=args.get("over_vpn"),
            force_destroy=args.get("force_destroy"),
            opts=self._child,
            **authentication,
        )

    def _access(self, **more: Any) -> AzureContainerAccess:
        args: dict[str, Any] = dict(self._args)
        passed = ("principal_id", "subscription_id", "sas", "create", "writable")
        given: Any = {
            "resource_group_name": args["resource_group_name"],
            "storage_account": args["storage_account"],
            "container": args["container"],
            **{name: args[name] for name in passed if name in args},
            **more,
        }
        return AzureContainerAccess(f"{self._name}-access", given, self._child)

    def _check(self, access: AzureContainerAccess) -> AccessCheck:
        args, made = self._args, self._integration
        waited_for: list[pulumi.Resource] = [access]
        if args.get("manage_cors"):
            # By the integration, whose origins it needs: with a SAS token that comes after the access.
            waited_for.append(
                own_cors(
                    self._label,
                    f"{self._name}-cors",
                    self._child,
                    resource_group_name=args["resource_group_name"],
                    storage_account=args["storage_account"],
                    origins=made.origins,
                )
            )
        origins = made.origins.apply(compact)
        return access_check(
            self._name,
            args,
            integration=made,
            deciding=[
                access.role_assignments,
                access.challenge_key,
                access.sas_ends_at,
                origins,
                self._whom(),
            ],
            after=waited_for,
            opts=self._child,
        )

    def _whom(self) -> pulumi.Output[str | None]:
        """The application that is let in; told apart from its service principal in the tenant."""

        def fit(known: Sequence[Any]) -> str | None:
            application, principal = known
            if application is None:
                said = "the API has no Azure application; set encord:azureApplicationId where it runs"
                raise pulumi.RunError(f"{self._label}: {said}, {AGAIN}")
            if uuid_in(str(application)) == uuid_in(str(principal)):
                raise pulumi.RunError(
                    f"{self._label}: principal_id is the id of the application, and must be the object id of "
                    f"its service principal in your tenant, which this tells: {OBJECT_ID}"
                )
            return str(application)

        principal_id = self._args.get("principal_id")
        if principal_id is None:
            return pulumi.Output.from_input(None)
        return pulumi.Output.all(self._integration.application_id, principal_id).apply(fit)
