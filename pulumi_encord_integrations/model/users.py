"""Who calls, for which organization; and the users of the organization, in Encord's own shapes."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from pydantic import Field, StrictBool

from pulumi_encord_integrations.model.base import Received, Sent, rule
from pulumi_encord_integrations.model.memberships import OnDelete
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.model.text import Email

SERVICE_ACCOUNT_DOMAIN = "service-accounts.internal"
"""Of the e-mails that stand for service accounts where a user is named; no person has one of it."""
OrganizationRole = Literal["ADMIN", "MEMBER", "TASKER", "WORKFORCE_MANAGER"]
MemberType = Literal["internal", "external"]
IdentityKind = Literal["person", "service_account"]
Scope = Literal["read", "write"]
"""What a credential may be used for: previews alone, or changes too."""


def is_service_account(email: str) -> bool:
    """Whether an e-mail in canonical form stands for a service account."""
    return email.endswith(f"@{SERVICE_ACCOUNT_DOMAIN}")


class CurrentOrganization(Received):
    """The caller's organization, and the caller in it."""

    uuid: str = Field(alias="organizationUuid")
    name: str
    user_email: str
    role: OrganizationRole
    kind: IdentityKind = "person"
    auditor: bool = False
    scope: Scope = "write"
    """Of the credential that this call was made with."""
    credential: str = ""
    """The uuid of the key or federation that this call was made by."""


class BearerToken(Received):
    """A token that stands for a signature for one hour."""

    token: str


class OrganizationUserSpec(Sent):
    """What is declared of a user of the organization; `role` is `roleMnemonicName` on the wire."""

    email: Email
    role: OrganizationRole = Field("MEMBER", alias="roleMnemonicName")
    member_type: MemberType = "internal"
    suspended: StrictBool = False
    auditor: StrictBool = False

    @rule("email")
    def is_a_person(self) -> Iterator[Problem]:
        """Service accounts have resources and paths of their own."""
        if is_service_account(self.email):
            yield Problem(
                ("email",),
                f"{SERVICE_ACCOUNT_DOMAIN} is the domain of service accounts",
                "declare a ServiceAccount",
            )

    @rule("role", "member_type")
    def admins_are_internal(self) -> Iterator[Problem]:
        """Encord: only internal members can hold the ADMIN role."""
        if self.role == "ADMIN" and self.member_type != "internal":
            yield Problem(("member_type",), "only internal members can hold the role ADMIN")


class DeclaredOrganizationUser(OrganizationUserSpec):
    """The same with what a resource says beside."""

    on_delete: OnDelete = "remove"


class OrganizationUserChange(Sent):
    """What changes; what is absent stays. Encord publishes no such call, this one is ours."""

    role: OrganizationRole | None = Field(None, alias="roleMnemonicName")
    member_type: MemberType | None = None
    suspended: StrictBool | None = None
    """Whether every request of theirs is refused; they stay a member of all that they were."""
    auditor: StrictBool | None = None
    """Whether they read the configuration of the whole organization, by which they change nothing."""


class OrganizationUserView(Received):
    """A user of the organization."""

    email: str
    role: OrganizationRole = Field(alias="roleMnemonicName")
    role_uuid: str
    member_type: MemberType
    suspended: bool = False
    kind: IdentityKind = "person"
    auditor: bool = False
    created_at: datetime
    last_edited_at: datetime
