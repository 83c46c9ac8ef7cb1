"""The provider process: its errors in one line, its end with the engine's."""

import os
import sys
import threading
from pathlib import Path

import grpc

_OPTIONS = [("grpc.client_idle_timeout_ms", 2**31 - 1), ("grpc.enable_http_proxy", 0)]
_GONE = {grpc.ChannelConnectivity.TRANSIENT_FAILURE, grpc.ChannelConnectivity.SHUTDOWN}
_watched: list[grpc.Channel] = []
_lock = threading.Lock()


def settle_in() -> None:
    """Once per process: no tracebacks, and no life after the engine.

    `python -m pulumi.dynamic ENGINE` waits for ever, also when the CLI was killed, and would keep an embedded
    database open.
    """
    with _lock:
        if _watched or not _is_provider_process():
            return
        sys.tracebacklimit = 0
        channel = grpc.insecure_channel(sys.argv[1], options=_OPTIONS)
        channel.subscribe(_end_if_gone, try_to_connect=True)
        # A channel that is collected tells nothing more.
        _watched.append(channel)


def _is_provider_process() -> bool:
    return Path(sys.argv[0]).parts[-3:] == ("pulumi", "dynamic", "__main__.py") and len(sys.argv) > 1


def _end_if_gone(state: grpc.ChannelConnectivity) -> None:
    if state in _GONE:
        # What is under way either committed, and the next `up` finds it, or rolls back.
        os._exit(1)
