import asyncio

import pytest


@pytest.fixture(autouse=True)
def event_loop() -> None:
    """Pulumi's mocks want a loop of the main thread, which an `asyncio.run` elsewhere takes away."""
    try:
        asyncio.get_event_loop_policy().get_event_loop()
    except RuntimeError:
        asyncio.set_event_loop(asyncio.new_event_loop())
