"""Data integrations: what all types share, and the registry of the types.

Each has a file in `integration_types/`: a spec (what is declared), a view (what is answered), a `register`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StrictBool

from pulumi_encord_integrations.model.base import IMMUTABLE, ImmutableFlag, Received, Sent
from pulumi_encord_integrations.model.identity import DeclaredAs
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.model.text import Title

MemberRole = Literal["admin", "user"]


class IntegrationSpec(Sent):
    """What is declared of any integration."""

    title: Title
    strict_client_only: ImmutableFlag = False
    over_vpn: ImmutableFlag = False

    def conflicts(self) -> Iterator[Problem]:
        """Rules over several fields, asked only when all of them are known."""
        if self.over_vpn and not self.strict_client_only:
            yield Problem(
                ("over_vpn",),
                "a standard integration over VPN must be strict client-only",
                "set strict_client_only to true",
            )

    def immutable(self) -> dict[str, Any]:
        """The values whose change replaces the integration."""
        return self.model_dump(mode="json", include=set(self.marked(IMMUTABLE)))


class Placement(Sent):
    """What a create says beside the spec."""

    declared_as: DeclaredAs | None = None
    adopt: StrictBool = False
    nonce: Annotated[str, Field(min_length=16, max_length=128)] | None = None
    """Made anew for each create and repeated only by its retries."""


class IntegrationView(Received):
    """What the API answers of any integration."""

    uuid: str = Field(alias="integrationUuid")
    organization: str = Field(alias="organizationUuid")
    provider: str
    title: str
    strict_client_only: bool
    over_vpn: bool
    owner: str
    created_at: datetime
    origins: list[str]
    settings_revision: int
    adopted: bool
    declared_as: DeclaredAs | None
    role: MemberRole | None
    """The caller's own role; None for an organization admin who has not joined."""


class CreatedIntegration(Received):
    """The answer to a create: the object, and what the caller may have meant instead."""

    integration: dict[str, Any]
    created: bool
    """False if the object was there: an earlier create of the same declaration, or an adoption."""
    lookalikes: list[str]
    """Living objects of the same type, title and place in a program, made under another stack identity."""


class DeletedIntegration(Received):
    """What became of an integration that a declaration let go."""

    outcome: Literal["deleted", "released", "kept"]
    """released: it had been adopted and lives on; kept: another stack declares it now."""


class IntegrationTitle(Received):
    """A row of Encord's own listing."""

    uuid: UUID = Field(alias="integrationUuid")
    title: str


@dataclass(frozen=True)
class IntegrationType:
    """The facts of one type of integration."""

    provider: str
    """Its name on the wire: AWS, GCP, ..."""
    resource: str
    """Its name in Pulumi programs: AwsIntegration, ..."""
    spec: type[IntegrationSpec]
    view: type[IntegrationView]


_TYPES: dict[str, IntegrationType] = {}


def register(kind: IntegrationType) -> IntegrationType:
    """Makes a type known to the API, the resources, the file and the command."""
    _TYPES[kind.provider] = kind
    return kind


def integration_types() -> tuple[IntegrationType, ...]:
    """All known types, in the order of the documentation."""
    from pulumi_encord_integrations.model import integration_types as _known  # noqa: F401  registers them

    return tuple(_TYPES.values())


def integration_type(provider: str) -> IntegrationType | None:
    """The type of that name on the wire."""
    return next((kind for kind in integration_types() if kind.provider == provider), None)


def view_of(data: Any) -> IntegrationView:
    """An answered object as its own type's view; raises `pydantic.ValidationError`."""
    kind = integration_type(data.get("provider", "")) if isinstance(data, dict) else None
    return (kind.view if kind else IntegrationView).from_wire(data)
