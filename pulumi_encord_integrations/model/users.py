"""Who calls, and for which organization."""

from typing import Literal

from pydantic import Field

from pulumi_encord_integrations.model.base import Received

OrganizationRole = Literal["ADMIN", "MEMBER", "TASKER", "WORKFORCE_MANAGER"]


class CurrentOrganization(Received):
    """The caller's organization, and the caller in it."""

    uuid: str = Field(alias="organizationUuid")
    name: str
    user_email: str
    role: OrganizationRole


class BearerToken(Received):
    """A token that stands for a signature for one hour."""

    token: str
