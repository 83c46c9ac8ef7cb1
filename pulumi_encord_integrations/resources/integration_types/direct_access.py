"""Direct Access integrations."""

import pulumi

from pulumi_encord_integrations.model.scenarios import Source, UrlKind
from pulumi_encord_integrations.resources import providers
from pulumi_encord_integrations.resources.integrations import Adopt, Integration, OptionalFlag, OptionalText


class DirectAccessIntegration(Integration, module="encord", name="DirectAccessIntegration"):
    """An integration whose URLs you supply: Encord never signs any.

    Changes in place: title. Replaces: source, url_kind, strict_client_only, over_vpn.
    """

    _provider_class = providers.DirectAccessIntegrationProvider

    source: pulumi.Output[Source]
    """Where the data lies."""
    url_kind: pulumi.Output[UrlKind]
    """Whether the URLs that you supply are signed."""

    def __init__(
        self,
        resource_name: str,
        *,
        title: pulumi.Input[str],
        source: pulumi.Input[Source],
        url_kind: pulumi.Input[UrlKind],
        strict_client_only: OptionalFlag = None,
        over_vpn: OptionalFlag = None,
        adopt: Adopt = None,
        adopt_from: OptionalText = None,
        force_destroy: OptionalFlag = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declares a Direct Access integration.

        Args:
            resource_name: its name in this program.
            title: the title shown in the app, at most 255 characters.
            source: AWS, GCP, AZURE, MINIO, DROPBOX, GOOGLE_DRIVE, ONE_DRIVE, DIGITAL_OCEAN,
                ANY_OBJECT_STORAGE or ANY_STATIC_HOSTED_FILES.
            url_kind: SIGNED or UNSIGNED; over VPN only UNSIGNED.
            strict_client_only: keep data out of Encord's servers. Default False.
            over_vpn: reach the data over a VPN: unsigned URLs from AWS, GCP, AZURE, MINIO or
                ANY_STATIC_HOSTED_FILES. Default False.
            adopt: take over an existing integration instead of creating one: True for the only one of that
                title, or its uuid. Settings that are left out stay as they are, and destroying the resource
                leaves the integration alive. Default False.
            adopt_from: the stack that declares the adopted integration so far, as "project/stack" or by the
                uuid of its identity; needed if that is another stack.
            force_destroy: let a later deletion or replacement destroy the registrations, too; it counts
                from the `up` after the one that sets it. Default False.
            opts: Pulumi's resource options; an explicit provider is refused.

        """
        inputs = {
            "title": title,
            "source": source,
            "url_kind": url_kind,
            "strict_client_only": strict_client_only,
            "over_vpn": over_vpn,
            "adopt": adopt,
            "adopt_from": adopt_from,
            "force_destroy": force_destroy,
        }
        self._declare(resource_name, inputs, opts)
