"""When keys and federations were last used, written down now and then and beside the requests."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta

from pulumi_encord_integrations.server.errors import ServiceError
from pulumi_encord_integrations.server.store import user_keys
from pulumi_encord_integrations.server.store.database import Database, DatabaseError, PoolTimeout

PRECISION_SECONDS = 600.0
"""How old a last use may be before another one is written."""
_log = logging.getLogger(__name__)


class CredentialUses:
    """Which credentials were used in this process since their last use was written."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._due: set[str] = set()
        self._written: dict[str, float] = {}
        self._lock = threading.Lock()

    def note(self, credential: str) -> None:
        """One use of a key, in hexadecimal, or of a federation, by its uuid."""
        with self._lock:
            written = self._written.get(credential)
            if written is None or self._clock() >= written + PRECISION_SECONDS:
                self._due.add(credential)

    def write(self, database: Database) -> None:
        """Writes what is due; what fails is left to the next use."""
        with self._lock:
            due, self._due = self._due, set()
        if not due:
            return
        try:
            with database.write() as connection:
                user_keys.used(connection, due, timedelta(seconds=PRECISION_SECONDS))
        except (DatabaseError, PoolTimeout, ServiceError) as error:
            _log.debug("last uses were not written: %s", type(error).__name__)
            return
        with self._lock:
            now = self._clock()
            recent = {one: at for one, at in self._written.items() if now < at + PRECISION_SECONDS}
            self._written = recent | dict.fromkeys(due, now)
