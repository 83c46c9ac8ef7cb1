"""What a type's spec says of a declaration that differs from the least that is valid."""

from datetime import UTC, datetime
from typing import Any

from pulumi_encord_integrations.model.integration_registry import integration_type
from pulumi_encord_integrations.model.integrations import IntegrationSpec
from tests.support.types import CASES

NOW = datetime(2026, 5, 1, 10, tzinfo=UTC)
"""When all is declared anew."""


def spec_of(provider: str) -> type[IntegrationSpec]:
    kind = integration_type(provider)
    assert kind
    return kind.spec


def problems(provider: str, *unknown: str, **more: Any) -> list[str]:
    """All that is wrong, as it is told."""
    declared = {name: v for name, v in CASES[provider].declared(**more).items() if name not in unknown}
    _, found = spec_of(provider).examine(declared, frozenset(unknown), NOW)
    return [str(problem) for problem in found]


def places(provider: str, **more: Any) -> set[str]:
    """Where something is wrong."""
    return {problem.split(":")[0] for problem in problems(provider, **more)}


def canonical(provider: str, **more: Any) -> dict[str, Any]:
    """A valid declaration in canonical form, secrets in clear."""
    spec, found = spec_of(provider).examine(CASES[provider].declared(**more), given_at=NOW)
    assert spec
    assert not found
    return spec.model_dump(mode="json")
