"""FROZEN: the classes that states hold by module and name. Never rename, move or remove one."""

from pulumi_encord_integrations.model.integration_types import (
    AWS,
    AZURE,
    DIRECT_ACCESS,
    GCP,
    OTC,
    S3_COMPATIBLE,
)
from pulumi_encord_integrations.reconcilers.expiry import ExpiryReconciler
from pulumi_encord_integrations.reconcilers.groups import GroupReconciler, GroupUsersReconciler
from pulumi_encord_integrations.reconcilers.integrations import IntegrationReconciler
from pulumi_encord_integrations.reconcilers.member_lists import MembersReconciler
from pulumi_encord_integrations.reconcilers.members import JoinReconciler, MemberReconciler
from pulumi_encord_integrations.reconcilers.organization_users import OrganizationUserReconciler
from pulumi_encord_integrations.reconcilers.stacks import StackReconciler
from pulumi_encord_integrations.resources._lifecycle import Lifecycle
from pulumi_encord_integrations.resources._stack_lifecycle import StackLifecycle


class StackIdentityProvider(StackLifecycle):
    reconciler = StackReconciler()


class AwsIntegrationProvider(Lifecycle):
    reconciler = IntegrationReconciler(AWS)


class GcpIntegrationProvider(Lifecycle):
    reconciler = IntegrationReconciler(GCP)


class AzureIntegrationProvider(Lifecycle):
    reconciler = IntegrationReconciler(AZURE)


class OtcIntegrationProvider(Lifecycle):
    reconciler = IntegrationReconciler(OTC)


class S3CompatibleIntegrationProvider(Lifecycle):
    reconciler = IntegrationReconciler(S3_COMPATIBLE)


class DirectAccessIntegrationProvider(Lifecycle):
    reconciler = IntegrationReconciler(DIRECT_ACCESS)


class IntegrationMemberProvider(Lifecycle):
    reconciler = MemberReconciler()


class IntegrationMembersProvider(Lifecycle):
    reconciler = MembersReconciler()


class IntegrationJoinProvider(Lifecycle):
    reconciler = JoinReconciler()


class SignedUrlExpiryProvider(Lifecycle):
    reconciler = ExpiryReconciler()


class OrganizationUserProvider(Lifecycle):
    reconciler = OrganizationUserReconciler()


class UserGroupProvider(Lifecycle):
    reconciler = GroupReconciler()


class UserGroupMembersProvider(Lifecycle):
    reconciler = GroupUsersReconciler()
