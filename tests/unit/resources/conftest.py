import asyncio

import pytest

from pulumi_encord_integrations.lifecycle.snapshot import OFFLINE
from pulumi_encord_integrations.resources import _process

# Made before the modules of tests, whose tables hold Outputs.
LOOP = asyncio.new_event_loop()
asyncio.set_event_loop(LOOP)


@pytest.fixture(autouse=True)
def event_loop() -> None:
    """Pulumi's mocks want the main thread's loop, which an `asyncio.run` elsewhere takes away."""
    asyncio.set_event_loop(LOOP)


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no API to ask: what a check knows of one is tested with the reconcilers."""
    monkeypatch.setattr(_process.ProviderProcess, "_look", lambda _: OFFLINE)
