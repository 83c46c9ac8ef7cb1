"""The provider process: what it keeps for the run that it serves, and its end with the engine's."""

import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from pulumi_encord_integrations.client import settings
from pulumi_encord_integrations.client.errors import EncordError, Unavailable
from pulumi_encord_integrations.lifecycle import warnings
from pulumi_encord_integrations.lifecycle.ownership import Ownership
from pulumi_encord_integrations.lifecycle.session import Session
from pulumi_encord_integrations.lifecycle.snapshot import (
    OFFLINE,
    FirstPreview,
    LiveSnapshot,
    Snapshot,
    or_do_without,
)
from pulumi_encord_integrations.model.audit import encoded_stack

_LOOK_EVERY = 1.0
"""Seconds between two looks for the engine."""
_UNCHECKED = (
    "the API was not asked, so this plan does not show who else gains or loses access, "
    "what an adoption takes, and what a replacement destroys"
)
_followed: list[str] = []
_lock = threading.Lock()


class ProviderProcess:
    """The one session, made when first needed from the stack's configuration, and who owns what."""

    def __init__(self) -> None:
        self.ownership = Ownership()
        self._lock = threading.RLock()
        self._session: Session | None = None
        self._refused = False
        self._snapshot: Snapshot | EncordError | None = None
        self._noted: set[str] = set()
        self._config: Callable[[str], str | None] = lambda _key: None
        self._stack = ""

    def configure(self, config: Callable[[str], str | None]) -> None:
        """Keeps the reader of the stack's configuration."""
        self._config = config

    def note_stack(self, urn: str) -> None:
        """Keeps which stack is served, by the URN of one of its resources; the audit trail tells it."""
        parts = urn.removeprefix("urn:pulumi:").split("::")
        if len(parts) > 1:
            self._stack = encoded_stack(project=parts[1], stack=parts[0])

    def settings(self) -> settings.Settings:
        """The settings of this process, complete; raises `ConfigurationError`."""
        found = settings.load(self._config, settings.project_folder(Path.cwd()))
        if found.embedded:
            from pulumi_encord_integrations import embedded

            embedded.require(found)
        return found

    def snapshot(self) -> Snapshot:
        """What previews know of the API, connected once; a failure is remembered."""
        with self._lock:
            if self._snapshot is None:
                try:
                    self._snapshot = self._look()
                except EncordError as error:
                    self._snapshot = or_do_without(error)
            if isinstance(self._snapshot, EncordError):
                raise self._snapshot
            return self._snapshot

    def _look(self) -> Snapshot:
        found = self.settings()
        if found.offline_preview:
            self.note(f"encord:offlinePreview is set: {_UNCHECKED}")
            return OFFLINE
        from pulumi_encord_integrations import embedded
        from pulumi_encord_integrations.connection import connect

        try:
            return LiveSnapshot(connect(found, read_only=True, hasty=True, stack=self._stack))
        except embedded.DatabaseMissing as error:
            return FirstPreview(embedded.user_of(found), found.principals, error)
        except embedded.NotReady as error:
            self.note(f"{error.message}, until an update changes something or refreshes: {_UNCHECKED}")
            return OFFLINE

    def note(self, text: str) -> None:
        """Says it once: the engine may ask twice about one resource."""
        with self._lock:
            said = text in self._noted
            self._noted.add(text)
        if not said:
            warnings.note(text)

    def session(self, *, create: bool = False) -> Session:
        """The session; `create` may make an embedded database, else its absence is an error.

        The engine refreshes all resources whatever becomes of the first: the others neither wait nor repeat
        why the API could not be asked.
        """
        with self._lock:
            if self._refused:
                raise Unavailable("not asked: the API failed before, as another error of this run says")
            if self._session is None:
                self._session = self._connect(create=create)
            return self._session

    def _connect(self, *, create: bool) -> Session:
        from pulumi_encord_integrations.connection import connect

        session = Session(connect(self.settings(), create=create, stack=self._stack))
        try:
            session.require(None)
        except EncordError:
            self._refused = True
            raise
        return session


_current = ProviderProcess()


def urn_asked_about() -> str:
    """The URN of the resource that the engine asks about in this thread; empty if it does not.

    Pulumi's dynamic providers are not told: it is read from the request that a caller of this one holds.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        urn = getattr(frame.f_locals.get("request"), "urn", "")
        if isinstance(urn, str) and urn.startswith("urn:pulumi:"):
            return urn
        frame = frame.f_back
    return ""


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
