"""FROZEN: the classes that states hold by module and name. Never rename, move or remove one."""

from pulumi_encord_integrations.model.integration_types.aws import AWS
from pulumi_encord_integrations.reconcilers.integrations import IntegrationReconciler
from pulumi_encord_integrations.reconcilers.stacks import StackReconciler
from pulumi_encord_integrations.resources._lifecycle import Lifecycle
from pulumi_encord_integrations.resources._stack_lifecycle import StackLifecycle


class StackIdentityProvider(StackLifecycle):
    reconciler = StackReconciler()


class AwsIntegrationProvider(Lifecycle):
    reconciler = IntegrationReconciler(AWS)
