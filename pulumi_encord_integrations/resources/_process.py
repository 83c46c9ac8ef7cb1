"""The provider process: what it keeps for the run that it serves, and its end with the engine's."""

import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from pulumi_encord_integrations.client import settings
from pulumi_encord_integrations.lifecycle.ownership import Ownership
from pulumi_encord_integrations.lifecycle.session import Session

_LOOK_EVERY = 1.0
"""Seconds between two looks for the engine."""
_followed: list[str] = []
_lock = threading.Lock()


class ProviderProcess:
    """The one session, made when first needed from the stack's configuration, and who owns what."""

    def __init__(self) -> None:
        self.ownership = Ownership()
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._config: Callable[[str], str | None] = lambda _key: None

    def configure(self, config: Callable[[str], str | None]) -> None:
        """Keeps the reader of the stack's configuration."""
        self._config = config

    def settings(self) -> settings.Settings:
        """The settings of this process, complete; raises `ConfigurationError`."""
        found = settings.load(self._config, settings.project_folder(Path.cwd()))
        if found.embedded:
            from pulumi_encord_integrations import embedded

            embedded.require(found)
        return found

    def organization(self) -> str:
        """The organization's uuid; of an embedded API without starting it where that is possible."""
        found = self.settings()
        if self._session is None and found.embedded:
            from pulumi_encord_integrations import embedded

            known = embedded.organization(found)
            if known:
                return known
        return self.session().organization.uuid

    def session(self, *, create: bool = False) -> Session:
        """The session; `create` may make an embedded database, else its absence is an error."""
        with self._lock:
            if self._session is None:
                from pulumi_encord_integrations.connection import connect

                self._session = Session(connect(self.settings(), create=create))
            return self._session


_current = ProviderProcess()


def current() -> ProviderProcess:
    """The state of this process."""
    return _current


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
