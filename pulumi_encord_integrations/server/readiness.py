"""Whether the API can do its work: its database takes writes, and has room for them."""

import threading
import time
from dataclasses import dataclass, field

from pulumi_encord_integrations.server.errors import DatabaseUnusable
from pulumi_encord_integrations.server.store.database import Database, DatabaseError, PoolTimeout

_FRESH_SECONDS = 2.0
"""How long one probe answers everybody who asks: it writes, and anybody may ask."""


@dataclass
class Readiness:
    """The last probe of a database."""

    database: Database
    _probed_at: float | None = None
    _failure: Exception | None = None
    _described: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def probe(self) -> str:
        """The database in words; raises what it raises, and `DatabaseUnusable`."""
        with self._lock:
            if self._probed_at is None or time.monotonic() - self._probed_at > _FRESH_SECONDS:
                self._ask()
                self._probed_at = time.monotonic()
            if self._failure is not None:
                raise self._failure
            return self._described

    def _ask(self) -> None:
        self._failure = None
        try:
            self.database.probe()
            self._described = self.database.described()
        except (DatabaseUnusable, DatabaseError, PoolTimeout) as error:
            self._failure = error.with_traceback(None)
