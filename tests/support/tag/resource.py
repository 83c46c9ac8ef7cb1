"""A tag in a Pulumi program."""

import pulumi

from pulumi_encord_integrations.resources._adapter import ProviderAdapter
from pulumi_encord_integrations.resources._resource import EncordResource
from tests.support.tag.reconciler import TagReconciler


class IntegrationTagProvider(ProviderAdapter):
    reconciler = TagReconciler()


class IntegrationTag(EncordResource, module="encord", name="IntegrationTag"):
    _provider_class = IntegrationTagProvider

    integration: pulumi.Output[str]
    name: pulumi.Output[str]
    value: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        integration: pulumi.Input[str],
        name: pulumi.Input[str],
        value: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self._grant(resource_name, {"integration": integration, "name": name, "value": value}, opts)
