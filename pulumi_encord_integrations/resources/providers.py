"""FROZEN: the classes that states hold by module and name. Never rename, move or remove one."""

from pulumi_encord_integrations.model.integration_types import (
    AWS,
    AZURE,
    DIRECT_ACCESS,
    GCP,
    OTC,
    S3_COMPATIBLE,
)
from pulumi_encord_integrations.reconcilers.access_checks import AccessCheckReconciler
from pulumi_encord_integrations.reconcilers.expiry import ExpiryReconciler
from pulumi_encord_integrations.reconcilers.groups import GroupReconciler, GroupUsersReconciler
from pulumi_encord_integrations.reconcilers.integrations import IntegrationReconciler
from pulumi_encord_integrations.reconcilers.member_lists import MembersReconciler
from pulumi_encord_integrations.reconcilers.members import JoinReconciler, MemberReconciler
from pulumi_encord_integrations.reconcilers.organization_users import OrganizationUserReconciler
from pulumi_encord_integrations.reconcilers.service_accounts import ServiceAccountReconciler
from pulumi_encord_integrations.reconcilers.stacks import StackReconciler
from pulumi_encord_integrations.resources._adapter import ProviderAdapter
from pulumi_encord_integrations.resources._stack_adapter import StackAdapter


class StackIdentityProvider(StackAdapter):
    reconciler = StackReconciler()


class AwsIntegrationProvider(ProviderAdapter):
    reconciler = IntegrationReconciler(AWS)


class GcpIntegrationProvider(ProviderAdapter):
    reconciler = IntegrationReconciler(GCP)


class AzureIntegrationProvider(ProviderAdapter):
    reconciler = IntegrationReconciler(AZURE)


class OtcIntegrationProvider(ProviderAdapter):
    reconciler = IntegrationReconciler(OTC)


class S3CompatibleIntegrationProvider(ProviderAdapter):
    reconciler = IntegrationReconciler(S3_COMPATIBLE)


class DirectAccessIntegrationProvider(ProviderAdapter):
    reconciler = IntegrationReconciler(DIRECT_ACCESS)


class IntegrationMemberProvider(ProviderAdapter):
    reconciler = MemberReconciler()


class IntegrationMembersProvider(ProviderAdapter):
    reconciler = MembersReconciler()


class IntegrationJoinProvider(ProviderAdapter):
    reconciler = JoinReconciler()


class SignedUrlExpiryProvider(ProviderAdapter):
    reconciler = ExpiryReconciler()


class AccessCheckProvider(ProviderAdapter):
    reconciler = AccessCheckReconciler()


class OrganizationUserProvider(ProviderAdapter):
    reconciler = OrganizationUserReconciler()


class UserGroupProvider(ProviderAdapter):
    reconciler = GroupReconciler()


class UserGroupMembersProvider(ProviderAdapter):
    reconciler = GroupUsersReconciler()


class ServiceAccountProvider(ProviderAdapter):
    reconciler = ServiceAccountReconciler()
