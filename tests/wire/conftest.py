import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pulumi_encord_integrations.resources import providers
from pulumi_encord_integrations.resources.providers import StackIdentityProvider
from tests.support.types import CASES, Case
from tests.support.wire import Provider, provider_process

CONFIG = {"encord:endpoint": "embedded", "encord:user": "ada@example.com"}


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("ENCORD_", "PULUMI_"))}


Bare = Callable[[Case], Provider]


@pytest.fixture(scope="session")
def bare_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bare]:
    """A type's provider that asks no API, started cold; it holds nothing, so tests may share it."""
    started: dict[str, Provider] = {}
    with ExitStack() as stack:

        def start(case: Case) -> Provider:
            if case.provider not in started:
                provider = getattr(providers, f"{case.resource}Provider")()
                folder = tmp_path_factory.mktemp("bare")
                process = provider_process(provider, folder, _environment(), sys.executable)
                started[case.provider] = stack.enter_context(process)
            return started[case.provider]

        yield start


@pytest.fixture
def bare(bare_of: Bare) -> Provider:
    """The AWS provider that asks no API."""
    return bare_of(CASES["AWS"])


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Bare]:
    """Any type's provider on one embedded API that a stack identity has made."""
    with provider_process(StackIdentityProvider(), tmp_path, _environment()) as identity:
        identity.configure(CONFIG)
        identity.create({})
    with ExitStack() as stack:

        def start(case: Case) -> Provider:
            provider = getattr(providers, f"{case.resource}Provider")()
            started = stack.enter_context(provider_process(provider, tmp_path, _environment()))
            started.configure(CONFIG)
            return started

        yield start


@pytest.fixture
def aws(embedded: Bare) -> Provider:
    """The AWS provider on an embedded API."""
    return embedded(CASES["AWS"])
