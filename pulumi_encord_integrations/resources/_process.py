"""The provider process: its errors in one line, its end with the engine's."""

import os
import socket
import sys
import threading
import time
from pathlib import Path

_LOOK_EVERY = 1.0
"""Seconds between two looks for the engine."""
_followed: list[str] = []
_lock = threading.Lock()


def settle_in() -> None:
    """Once per process: no tracebacks, and no life after the engine.

    `python -m pulumi.dynamic ENGINE` waits for ever, also when the CLI was killed, and would keep an embedded
    database open.
    """
    with _lock:
        if _followed or not _is_provider_process():
            return
        sys.tracebacklimit = 0
        _followed.append(sys.argv[1])
        threading.Thread(target=_end_with, args=_followed, daemon=True).start()


def _is_provider_process() -> bool:
    return Path(sys.argv[0]).parts[-3:] == ("pulumi", "dynamic", "__main__.py") and len(sys.argv) > 1


def _end_with(engine: str) -> None:
    host, _, port = engine.rpartition(":")
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=_LOOK_EVERY).close()
        except ConnectionRefusedError:
            # What is under way either committed, and the next `up` finds it, or rolls back.
            os._exit(1)
        except OSError:
            # Out of descriptors, or a machine under load: no sign that the engine is gone.
            pass
        time.sleep(_LOOK_EVERY)
