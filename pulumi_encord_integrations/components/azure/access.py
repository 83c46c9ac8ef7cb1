"""What lets the API read a container for one integration."""

# The analyzer of source-based plugins reads these annotations: no unions but with None, no Literal, no
# callables, and nothing postponed.

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, NotRequired, TypedDict

import pulumi

from pulumi_encord_integrations.components._arguments import (
    challenge_text,
    cors_document,
    integration_uuid,
    valid,
)
from pulumi_encord_integrations.components.azure.authentication import (
    require_authentication,
    subscription_id,
)
from pulumi_encord_integrations.components.azure.cors import own_cors
from pulumi_encord_integrations.components.azure.roles import AzureRoleMaker
from pulumi_encord_integrations.components.azure.sas import AzureSasArgs, account_sas, end_of
from pulumi_encord_integrations.components.azure.sdk import Blob, BlobContainer, PublicAccess
from pulumi_encord_integrations.model.policies.azure import (
    azure_cors,
    azure_role_assignments,
    require_container,
)
from pulumi_encord_integrations.model.policies.control import ChallengeObject, challenge_object
from pulumi_encord_integrations.model.policies.grants import compact
from pulumi_encord_integrations.model.text import uuid_in

_WITH_PRINCIPAL = {
    "integration_id": True,
    "challenge": False,
    "write_challenge": False,
    "subscription_id": False,
}
"""Arguments that an application needs; a challenge may be None, which is told by itself."""


class AzureContainerAccessArgs(TypedDict):
    """What `AzureContainerAccess` takes: exactly one of principal_id and sas."""

    resource_group_name: pulumi.Input[str]
    """The resource group of the storage account."""
    storage_account: pulumi.Input[str]
    """The storage account, which exists. Plain text lets several components share the roles in it."""
    container: pulumi.Input[str]
    """The container in it."""
    principal_id: NotRequired[pulumi.Input[str]]
    """Object id of the application's service principal in your tenant: it is given roles."""
    integration_id: NotRequired[pulumi.Input[str]]
    """With principal_id: the id of the integration."""
    challenge: NotRequired[pulumi.Input[str | None]]
    """With principal_id: the output `challenge` of the integration."""
    write_challenge: NotRequired[bool]
    """With principal_id: write the challenge object. Default True; False where an operator approves instead,
    or you write it in another way."""
    subscription_id: NotRequired[pulumi.Input[str]]
    """With principal_id: the subscription of the account. Default: that of the Azure provider."""
    sas: NotRequired[AzureSasArgs]
    """Make an account SAS token, and renew it."""
    create: NotRequired[bool]
    """Make the container, private. Default: it exists, and nothing of it is changed."""
    manage_cors: NotRequired[bool]
    """Own all CORS rules of the account's blobs, which are those of every container in it. Default False."""
    origins: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]]]
    """Browser origins of the app: the output `origins` of the integration. Required with `manage_cors`."""
    writable: NotRequired[bool]
    """Let blobs be written as well. Default False."""


class AzureContainerAccess(pulumi.ComponentResource):
    """Lets the API read one container: by an application that is given roles, or by an account SAS token.

    The application reads this container alone, once a challenge object in it has proven that you control it.
    Its roles are declared apart from the component, since other components may need the same ones. A SAS
    token opens all containers of the account; it is the same until the first update within `renew_before` of
    its end, which renews it. A container that exists keeps its settings, and the account its CORS rules.
    Changes to a child are made through `opts.transforms`, to the roles through the stack's transforms.
    Changes in place: sas, origins.
    """

    sas_token: pulumi.Output[str | None]
    """The SAS token, a secret; None with principal_id."""
    sas_ends_at: pulumi.Output[str | None]
    """When it ends: ISO 8601, UTC; None with principal_id."""
    role_assignments: pulumi.Output[str]
    """The roles that the application is given, as JSON, for review; null with sas."""
    challenge_key: pulumi.Output[str | None]
    """The challenge object in the container, once it is written and the roles are given; None with sas, and
    without write_challenge."""
    cors_rules: pulumi.Output[str]
    """The CORS rules that the account's blobs need, as JSON; null if no origins are given."""

    def __init__(
        self, name: str, args: AzureContainerAccessArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declares what lets the API in, and the container if it is to be made.

        Args:
            name: its name in this program; the children's names begin with it.
            args: the container, and who is let in.
            opts: Pulumi's resource options; an Azure provider in `providers` makes all of it.

        """
        super().__init__("encord:index:AzureContainerAccess", name, {}, opts)
        self._label, self._name, self._args = f'AzureContainerAccess "{name}"', name, args
        self._retained = opts.retain_on_delete if opts else None
        require_authentication(self._label, AzureContainerAccessArgs, args, _WITH_PRINCIPAL)
        self._child = pulumi.ResourceOptions(parent=self)
        place = pulumi.Output.all(args["storage_account"], args["container"]).apply(self._place)
        self._account, self._container = place.apply(lambda both: both[0]), place.apply(lambda both: both[1])
        made = self._make_container() if args.get("create") else None
        self.sas_token, self.sas_ends_at = self._by_sas()
        self.role_assignments, self.challenge_key = self._by_roles([made] if made else [])
        self.cors_rules = cors_document(self._label, azure_cors, args.get("origins"))
        if args.get("manage_cors"):
            own_cors(
                self._label,
                f"{name}-cors",
                self._child,
                resource_group_name=args["resource_group_name"],
                storage_account=args["storage_account"],
                origins=args.get("origins"),
            )
        self.register_outputs(
            {
                "sas_token": self.sas_token,
                "sas_ends_at": self.sas_ends_at,
                "role_assignments": self.role_assignments,
                "challenge_key": self.challenge_key,
                "cors_rules": self.cors_rules,
            }
        )

    def _place(self, both: Sequence[Any]) -> Sequence[str]:
        valid(self._label, lambda: require_container(*both))
        return both

    def _make_container(self) -> BlobContainer:
        return BlobContainer(
            f"{self._name}-container",
            resource_group_name=self._args["resource_group_name"],
            account_name=self._account,
            container_name=self._container,
            public_access=PublicAccess.NONE,
            # Azure deletes a container with all that is in it.
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(retain_on_delete=True)),
        )

    def _by_sas(self) -> tuple[pulumi.Output[str | None], pulumi.Output[str | None]]:
        given = self._args.get("sas")
        if given is None:
            return pulumi.Output.from_input(None), pulumi.Output.from_input(None)
        ends_at = end_of(self._label, given)
        token = account_sas(
            self,
            given,
            ends_at,
            resource_group_name=self._args["resource_group_name"],
            storage_account=self._account,
            writable=bool(self._args.get("writable")),
        )
        return token, pulumi.Output.from_input(ends_at.isoformat())

    def _by_roles(
        self, after: Sequence[pulumi.Resource]
    ) -> tuple[pulumi.Output[str], pulumi.Output[str | None]]:
        args, principal_id = self._args, self._args.get("principal_id")
        if principal_id is None:
            return pulumi.Output.from_input(compact(None)), pulumi.Output.from_input(None)
        writable = bool(args.get("writable"))
        assignments = pulumi.Output.all(
            subscription_id=args.get("subscription_id") or subscription_id(self),
            resource_group_name=args["resource_group_name"],
            storage_account=self._account,
            container=self._container,
            principal_id=principal_id,
        ).apply(lambda known: valid(self._label, lambda: azure_role_assignments(**known, writable=writable)))
        made = AzureRoleMaker(
            self._label,
            self._name,
            self,
            [args["storage_account"], args["container"], principal_id],
            assignments,
            pulumi.Output.all(principal_id).apply(lambda known: uuid_in(known[0]) or known[0]),
            pulumi.ResourceOptions(depends_on=after, retain_on_delete=self._retained),
        ).make(writable=writable)
        shown = assignments.apply(lambda all_: compact([asdict(one) for one in all_]))
        if args.get("write_challenge") is False:
            return shown, pulumi.Output.all(*(one.id for one in made)).apply(lambda _: None)
        return shown, self._challenge([*after, *made])

    def _challenge(self, after: Sequence[pulumi.Resource]) -> pulumi.Output[str | None]:
        """Written last: whoever waits for it may read the container at once."""
        args = self._args
        proof = pulumi.Output.all(args.get("integration_id"), args.get("challenge"), self._container).apply(
            self._proof
        )
        blob = Blob(
            f"{self._name}-challenge",
            resource_group_name=args["resource_group_name"],
            account_name=self._account,
            container_name=self._container,
            blob_name=proof.apply(lambda one: one.key),
            source=proof.apply(lambda one: pulumi.StringAsset(one.value)),
            content_type="text/plain",
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=after)),
        )
        return pulumi.Output.all(proof, blob.id).apply(lambda known: str(known[0].key))

    def _proof(self, known: Sequence[Any]) -> ChallengeObject:
        integration_id, challenge, container = known
        found = integration_uuid(self._label, integration_id)
        text = challenge_text(self._label, challenge, "an integration with tenant_id")
        return challenge_object(found, text, container)
