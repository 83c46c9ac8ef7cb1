import asyncio

import pytest

# Made before the modules of tests, whose tables hold Outputs.
LOOP = asyncio.new_event_loop()
asyncio.set_event_loop(LOOP)


@pytest.fixture(autouse=True)
def event_loop() -> None:
    """Pulumi's mocks want the main thread's loop, which an `asyncio.run` elsewhere takes away."""
    asyncio.set_event_loop(LOOP)
