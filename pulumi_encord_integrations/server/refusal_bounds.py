"""How many entries about refused writes each identity leaves: a loop must not fill the disk."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pulumi_encord_integrations.server.errors import DatabaseUnusable, Overloaded
from pulumi_encord_integrations.server.store import audit
from pulumi_encord_integrations.server.store.database import Connection, Database, DatabaseError, PoolTimeout
from pulumi_encord_integrations.server.store.organizations import Caller
from pulumi_encord_integrations.server.vault import Vault

A_MINUTE = 30
"""Entries of one identity, in each process; the rest is counted in one more."""
COUNTED = "requests.refused"
"""The action of that entry."""
_SECONDS = 60.0
_log = logging.getLogger(__name__)


@dataclass
class _Window:
    """The refusals of one identity in one minute."""

    until: float
    caller: Caller
    recorded: int = 0
    left_out: int = 0


@dataclass
class RefusalBounds:
    """The refusals of the last minute, in this process."""

    clock: Callable[[], float] = time.monotonic
    _windows: dict[str, _Window] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def admits(self, caller: Caller) -> bool:
        """Whether the trail takes one more entry of that identity; what it does not take is counted."""
        with self._lock:
            window = self._windows.get(caller.id)
            if window is None:
                window = self._windows[caller.id] = _Window(self.clock() + _SECONDS, caller)
            if window.recorded < A_MINUTE or window.until <= self.clock():
                window.recorded += 1
                return True
            window.caller, window.left_out = caller, window.left_out + 1
            return False

    def write(self, database: Database, vault: Vault, *, ending: bool = False) -> None:
        """Leaves an entry for each identity whose minute is over, with the number of those left out."""
        over = [window for window in self._over(ending=ending) if window.left_out]
        if not over:
            return
        try:
            with database.write() as connection:
                for window in over:
                    _record(connection, vault, window.caller, window.left_out)
        except (DatabaseError, PoolTimeout, DatabaseUnusable, Overloaded) as error:
            _log.warning("counts of refusals are missing in the audit trail: %s", type(error).__name__)

    def _over(self, *, ending: bool) -> list[_Window]:
        with self._lock:
            now = self.clock()
            over = {one: window for one, window in self._windows.items() if ending or window.until <= now}
            for one in over:
                del self._windows[one]
        return list(over.values())


def _record(connection: Connection, vault: Vault, caller: Caller, count: int) -> None:
    audit.record(
        connection,
        vault,
        organization=caller.organization,
        actor=caller.email,
        action=COUNTED,
        object_="",
        key=caller.credential,
        detail={
            "code": "refusals_counted",
            "message": f"{count:,} more requests were refused within a minute",
            "count": count,
        },
        outcome="refused",
    )
