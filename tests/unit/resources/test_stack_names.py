"""Which stack a provider process serves, as the engine's requests tell it."""

from types import SimpleNamespace
from typing import Any

import pytest

from pulumi_encord_integrations.resources._process import ProviderProcess, urn_asked_about

URN = "urn:pulumi:prod::acme data::pulumi-python:dynamic/encord:AwsIntegration::one"


def _served(request: Any) -> str:
    """Stands for a method of Pulumi's servicer, which holds the request."""
    assert request is not None
    return _asked()


def _asked() -> str:
    return urn_asked_about()


def test_the_urn_is_that_of_the_request_further_up() -> None:
    assert _served(SimpleNamespace(urn=URN)) == URN


@pytest.mark.parametrize("request_", [SimpleNamespace(), SimpleNamespace(urn=7), SimpleNamespace(urn="x"), 7])
def test_another_request_is_none_of_the_engines(request_: Any) -> None:
    assert _served(request_) == ""


@pytest.mark.parametrize(
    ("urns", "stack"),
    [
        ([URN], "acme%20data/prod"),
        ([URN, ""], "acme%20data/prod"),
        ([""], ""),
        (["urn:pulumi:prod"], ""),
        (["urn:pulumi:::acme::x::y"], ""),
    ],
)
def test_a_process_knows_its_stack_by_a_urn(urns: list[str], stack: str) -> None:
    process = ProviderProcess()
    for urn in urns:
        process.note_stack(urn)
    assert process._stack == stack
