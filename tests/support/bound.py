"""Commands as somebody whom the modes of files bind, also where the tests run as root."""

import os
import sys
from pathlib import Path

import pytest

_UNPRIVILEGED = Path(__file__).with_name("unprivileged.py")


def bound_by_modes(*command: str) -> list[str]:
    """The words that run the command so; skips the test where root cannot be bound."""
    if os.geteuid() == 0 and sys.platform != "linux":
        pytest.skip("modes do not bind root, and only Linux lets it give that up")
    return [sys.executable, "-P", str(_UNPRIVILEGED), *command]
