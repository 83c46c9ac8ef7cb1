"""Data integrations: what all types share.

Each type has a file in `integration_types/`: a spec (what is declared) and a view (what is answered).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import Field

from pulumi_encord_integrations.model.base import ImmutableFlag, Received, Sent, rule
from pulumi_encord_integrations.model.identity import DeclarationView
from pulumi_encord_integrations.model.marks import IMMUTABLE, STABLE
from pulumi_encord_integrations.model.members import MemberRole
from pulumi_encord_integrations.model.objects import DirectUrls, ObjectUrls
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.model.scenarios import Reach, judge
from pulumi_encord_integrations.model.text import Title


class IntegrationSpec(Sent):
    """What is declared of any integration."""

    provider: str
    title: Title
    strict_client_only: ImmutableFlag = False
    over_vpn: ImmutableFlag = False

    elsewhere: ClassVar[Mapping[str, str]] = {
        "signed_url_expiry": "custom signed URL expiration times are only available for AWS, GCP, and OTC "
        "integrations",
        "url_kind": "only Direct Access integrations choose it; all others use SIGNED URLs",
    }

    @property
    def reach(self) -> Reach:
        """The settings that decide the scenario."""
        return Reach(self.provider, self.strict_client_only, self.over_vpn)

    @rule("provider", "strict_client_only", "over_vpn")
    def in_the_matrix(self) -> Iterator[Problem]:
        """The settings amount to a scenario of Encord's page."""
        yield from judge(self.reach).refusal

    @property
    def challenged(self) -> bool:
        """Whether control of each bucket is proven by a challenge object before anything is signed."""
        return False

    def told(self) -> dict[str, Any]:
        """What may be said of the secrets; kept and answered beside the settings."""
        return {}

    def immutable(self) -> dict[str, Any]:
        """The values whose change replaces the integration."""
        return self.model_dump(mode="json", include=set(self.marked(IMMUTABLE)))


class IntegrationView(Received):
    """What the API answers of any integration."""

    uuid: str = Field(alias="integrationUuid")
    organization: Annotated[str, STABLE] = Field(alias="organizationUuid")
    provider: str
    title: str
    strict_client_only: bool
    over_vpn: bool
    owner: Annotated[str, STABLE]
    created_at: Annotated[datetime, STABLE]
    scenario: str
    secure: bool
    data_types: list[str]
    features: list[str]
    origins: Annotated[list[str], STABLE]
    settings_revision: int
    adopted: bool
    declared_as: DeclarationView | None
    declared_here: bool | None = None
    """Whether the stack whose identity the caller sent declares it."""
    role: MemberRole | None
    """The caller's effective role; None for an organization admin who has not joined."""
    permissions: list[str] = Field(default_factory=list)
    """What that role lets the caller do."""
    registrations: int | None = None
    """How many items are registered; None for whoever may not list them, and from an API that is older."""

    @property
    def credential(self) -> str:
        """What the data is reached with, in words; a dash for nothing of the integration's own."""
        return "-"

    @property
    def credential_ends_at(self) -> datetime | None:
        """When what the data is reached with ends by itself; None if nothing is known of an end."""
        return None


class CreatedIntegration(Received):
    """The answer to a create: the object, and what the caller may have meant instead."""

    integration: dict[str, Any]
    created: bool
    """False if the object was there: an earlier create of the same declaration, or an adoption."""
    lookalikes: list[str]
    """Living objects of the same type, title and place in a program, made under another stack identity."""
    other_admins: list[str] = Field(default_factory=list)
    """In the answer to an adoption: the keys of Admins beside the caller, who keep Admin; at most 20, who
    made the integration first."""
    other_admin_count: int = 0
    """How many there are."""


class IntegrationTitle(Received):
    """A row of Encord's own listing."""

    uuid: UUID = Field(alias="integrationUuid")
    title: str


@dataclass(frozen=True)
class IntegrationFilters:
    """What a listing is narrowed to; empty means all that the caller may view."""

    include_org_access: bool = False
    mine: bool = False
    owner: str | None = None
    provider: str | None = None
    titles: Sequence[str] = ()
    uuids: Sequence[str] = ()


class IntegrationTitles(Received):
    """Encord's own listing."""

    result: list[IntegrationTitle]


@dataclass(frozen=True)
class IntegrationType:
    """The facts of one type of integration."""

    provider: str
    """Its name on the wire: AWS, GCP, ..."""
    resource: str
    """Its name in Pulumi programs: AwsIntegration, ..."""
    spec: type[IntegrationSpec]
    view: type[IntegrationView]
    urls: Callable[[Mapping[str, Any]], ObjectUrls | DirectUrls]
    """Settings -> what URLs of data such an integration takes."""
    signs_by_role: bool = False
    """Whether signed URLs end with a session of a role."""

    def scenario(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """What the scenario of checked settings allows, as it is answered."""
        row = judge(self.spec.model_construct(**settings).reach).scenario
        if row is None:
            return {}
        return {
            "scenario": row.name,
            "secure": row.secure,
            "data_types": row.data_types,
            "features": row.features,
        }
