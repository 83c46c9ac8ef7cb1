"""Whether the API can do its work: its database takes writes, and has room for them."""

import logging
import threading
import time
from dataclasses import dataclass, field

from pulumi_encord_integrations.server.errors import DatabaseUnusable
from pulumi_encord_integrations.server.store.database import Database, DatabaseError, PoolTimeout

FRESH_SECONDS = 2.0
"""How long one probe answers everybody who asks: it writes, and anybody may ask."""
WAITING_SECONDS = 1.0
"""How long an answer waits for a probe that waits for writers; then the last one counts."""
_log = logging.getLogger(__name__)


@dataclass
class Readiness:
    """The last probe of a database."""

    database: Database
    ready: bool = True
    """A database that is busy is ready: it takes writes, one after the other."""
    described: str = ""
    _probed_at: float = float("-inf")
    _done: threading.Event = field(default_factory=threading.Event)
    _running: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def probe(self) -> bool:
        """Whether it is ready, as of now or of a moment ago."""
        with self._lock:
            stale = time.monotonic() - self._probed_at > FRESH_SECONDS
            if stale and not self._running:
                self._running = True
                self._done.clear()
                # Whoever asks must not wait for as long as a writer may hold the lock.
                threading.Thread(target=self._ask, daemon=True).start()
        if stale:
            self._done.wait(WAITING_SECONDS)
        return self.ready

    def _ask(self) -> None:
        try:
            self.database.probe()
            self.described = self.database.described()
            self.ready = True
        except (DatabaseUnusable, DatabaseError, PoolTimeout) as error:
            busy = error.busy if isinstance(error, DatabaseUnusable) else self.database.is_busy(error)
            self.ready = busy
            if not busy:
                # The text names files and hosts, which strangers need not know.
                _log.error("not ready: %s", getattr(error, "message", None) or type(error).__name__)
        finally:
            with self._lock:
                self._running = False
                self._probed_at = time.monotonic()
            self._done.set()
