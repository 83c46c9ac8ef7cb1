"""Integrations with Azure Blob Storage."""

from datetime import UTC, datetime, timedelta

import pulumi
from pydantic import TypeAdapter, ValidationError

from pulumi_encord_integrations.model.durations import Timespan
from pulumi_encord_integrations.model.problems import message_of
from pulumi_encord_integrations.model.sas import SasToken, canonical
from pulumi_encord_integrations.resources import providers
from pulumi_encord_integrations.resources.integrations import Adopt, Integration, OptionalFlag, OptionalText

_TIMESPAN: TypeAdapter[int] = TypeAdapter(Timespan)


class AzureIntegration(Integration, module="encord", name="AzureIntegration"):
    """An integration with a container of Azure Blob Storage.

    It is read with an account SAS token, or by the application `application_id` in your tenant: exactly one
    of sas_token and tenant_id is given. With tenant_id, a challenge object in the container proves that you
    control it; `AzureContainerAccess` writes it. There is no custom expiry: renew the SAS token before it
    ends.

    Changes in place: title, sas_token. Replaces: storage_account, container, tenant_id, strict_client_only,
    over_vpn.
    """

    _provider_class = providers.AzureIntegrationProvider

    storage_account: pulumi.Output[str]
    """The storage account."""
    container: pulumi.Output[str]
    """The container in it."""
    sas_token: pulumi.Output[str | None]
    """The SAS token as it was declared; the API never answers it."""
    tenant_id: pulumi.Output[str | None]
    """The tenant whose application reads the container, if one was given."""
    sas_ends_at: pulumi.Output[str | None]
    """When the SAS token ends: ISO 8601, UTC; None without one."""
    application_id: pulumi.Output[str | None]
    """Whom to grant access in the tenant; None with a SAS token, or if the API has none configured."""
    challenge: pulumi.Output[str | None]
    """What `challenge_object` makes the content of the challenge object from; None with a SAS token."""
    verified: pulumi.Output[bool | None]
    """Whether the API has seen the challenge object; as of the last refresh; None with a SAS token."""
    credential_fingerprint: pulumi.Output[str | None]
    """Changes with the SAS token, and says nothing about it; None without one."""

    def __init__(
        self,
        resource_name: str,
        *,
        title: pulumi.Input[str],
        storage_account: pulumi.Input[str],
        container: pulumi.Input[str],
        sas_token: OptionalText = None,
        tenant_id: OptionalText = None,
        strict_client_only: OptionalFlag = None,
        over_vpn: OptionalFlag = None,
        adopt: Adopt = None,
        adopt_from: OptionalText = None,
        force_destroy: OptionalFlag = None,
        renew_before: str | int = "30d",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declares an Azure integration.

        Args:
            resource_name: its name in this program.
            title: the title shown in the app, at most 255 characters.
            storage_account: the storage account's name, 3 to 24 lower-case letters and digits.
            container: the container's name.
            sas_token: an account SAS token; kept secret in the state, whatever is passed.
            tenant_id: the id of your tenant, instead of a SAS token.
            strict_client_only: keep data out of Encord's servers. Default False.
            over_vpn: reach the data over a VPN; needs strict_client_only. Default False.
            adopt: take over an existing integration instead of creating one: True for the only one of that
                title, or its uuid. Settings that are left out stay as they are, and destroying the resource
                leaves the integration alive. Default False.
            adopt_from: the stack that declares the adopted integration so far, as "project/stack" or by the
                uuid of its identity; needed if that is another stack.
            force_destroy: let a later deletion or replacement destroy the registrations, too; it counts
                from the `up` after the one that sets it. Default False.
            renew_before: how long before the SAS token's end a preview begins to warn: "30d", "12h", seconds.
            opts: Pulumi's resource options; an explicit provider is refused.

        """
        inputs = {
            "title": title,
            "storage_account": storage_account,
            "container": container,
            "sas_token": sas_token,
            "tenant_id": tenant_id,
            "strict_client_only": strict_client_only,
            "over_vpn": over_vpn,
            "adopt": adopt,
            "adopt_from": adopt_from,
            "force_destroy": force_destroy,
        }
        span = _span(renew_before)
        self._declare(resource_name, inputs, opts)
        pulumi.Output.from_input(sas_token).apply(lambda token: self._warn(token, span))

    def _warn(self, token: str | None, renew_before: timedelta) -> None:
        try:
            found = SasToken.parse(canonical(token)) if isinstance(token, str) else None
        except ValueError:
            # The provider's check says what is wrong.
            return
        for text in found.advice(renew_before, datetime.now(UTC)) if found else ():
            pulumi.log.warn(text, resource=self)


def _span(renew_before: str | int) -> timedelta:
    try:
        return timedelta(seconds=_TIMESPAN.validate_python(renew_before))
    except ValidationError as error:
        raise pulumi.RunError(f"AzureIntegration: renew_before: {message_of(error.errors()[0])}") from None
