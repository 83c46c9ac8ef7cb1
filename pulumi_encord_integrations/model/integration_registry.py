"""The types of integrations that there are, by their names on the wire."""

from functools import cache
from typing import Any

from pydantic import ValidationError

from pulumi_encord_integrations.model.integration_types import TYPES
from pulumi_encord_integrations.model.integrations import IntegrationType, IntegrationView


@cache
def _known() -> dict[str, IntegrationType]:
    return {kind.provider: kind for kind in TYPES}


def integration_types() -> tuple[IntegrationType, ...]:
    """All types, in the order of the documentation."""
    return tuple(_known().values())


def integration_type(provider: object) -> IntegrationType | None:
    """The type of that name on the wire."""
    return _known().get(provider) if isinstance(provider, str) else None


def view_of(data: Any) -> IntegrationView:
    """An answered object as its own type's view, or as any integration's if a newer API allows more.

    Raises `pydantic.ValidationError` on what is no integration.
    """
    kind = integration_type(data.get("provider")) if isinstance(data, dict) else None
    if kind is not None:
        try:
            return kind.view.from_wire(data)
        except ValidationError:
            pass
    return IntegrationView.from_wire(data)
