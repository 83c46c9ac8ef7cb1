import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pulumi_encord_integrations.resources.providers import AwsIntegrationProvider, StackIdentityProvider
from tests.support.wire import Provider, provider_process

CONFIG = {"encord:endpoint": "embedded", "encord:user": "ada@example.com"}


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("ENCORD_", "PULUMI_"))}


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """The AWS provider without any configuration; it holds nothing, so that all tests may share it."""
    folder = tmp_path_factory.mktemp("bare")
    with provider_process(AwsIntegrationProvider(), folder, _environment()) as provider:
        yield provider


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Provider]:
    """The AWS provider on an embedded API that a stack identity has made."""
    with provider_process(StackIdentityProvider(), tmp_path, _environment()) as identity:
        identity.configure(CONFIG)
        identity.create({})
    with provider_process(AwsIntegrationProvider(), tmp_path, _environment()) as provider:
        provider.configure(CONFIG)
        yield provider
