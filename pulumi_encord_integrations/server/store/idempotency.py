"""First answers, so that a request that arrives twice acts once."""

from collections import deque
from datetime import timedelta
from time import monotonic
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, bindparam, delete, func, insert, select

from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import now

KEPT_SECONDS = 600
"""How long an answer is needed if nothing else is said: as long as two windows of signatures."""
SPARED = 20_000
"""How many of the newest answers a process keeps that has not run long enough to know their age."""
_MARKS = 60
"""How often answers are purged in the time that they are needed."""

_c = t.answers.c
_KEEP = insert(t.answers)
_FIND = select(_c.body).where(_c.request == bindparam("key"))


class _Ages:
    """Which answers are surely old, by a clock that nobody sets: numbers that were given by a moment."""

    def __init__(self) -> None:
        self.marks: deque[tuple[float, int]] = deque()

    def due(self, seconds: float) -> bool:
        """Whether it is time for another mark."""
        return not self.marks or monotonic() >= self.marks[-1][0] + seconds / _MARKS

    def older(self, seconds: float) -> int | None:
        """The highest number that was given `seconds` ago, if this process knows one."""
        found = None
        while self.marks and monotonic() >= self.marks[0][0] + seconds:
            found = self.marks.popleft()[1]
        return found


_ages: WeakKeyDictionary[Engine, _Ages] = WeakKeyDictionary()


def find(connection: Connection, key: str) -> str | None:
    """The JSON that the request was answered with."""
    return connection.scalar(_FIND, {"key": key})


def keep(connection: Connection, key: str, body: str, seconds: float = KEPT_SECONDS) -> None:
    """Keeps an answer for `seconds` at least; now and then drops older ones. In a write transaction."""
    _purge(connection, seconds)
    connection.execute(_KEEP, {"request": key, "body": body, "created_at": now()})


def claim(connection: Connection, key: str, seconds: float = KEPT_SECONDS) -> bool:
    """Whether nobody has claimed the key; it is claimed from now on. In a write transaction."""
    _purge(connection, seconds)
    if find(connection, key) is not None:
        return False
    connection.execute(insert(t.answers), {"request": key, "body": "", "created_at": now()})
    return True


def _purge(connection: Connection, seconds: float) -> None:
    """Drops old answers. A clock that is wrong for a while must not let a request act twice.

    So age is measured by the process's own clock. One that has just begun knows no ages: it goes by the wall
    clock, and spares the newest.
    """
    ages = _ages.setdefault(connection.engine, _Ages())
    if not ages.due(seconds):
        return
    # The numbers of this transaction may be given again if it fails, so it must not have added any yet.
    newest = connection.scalar(select(func.max(_c.number))) or 0
    if not ages.marks:
        late = _c.created_at < now() - timedelta(seconds=seconds)
        connection.execute(delete(t.answers).where(_c.number <= newest - SPARED, late))
    old = ages.older(seconds)
    if old is not None:
        connection.execute(delete(t.answers).where(_c.number <= old))
    ages.marks.append((monotonic(), newest))
