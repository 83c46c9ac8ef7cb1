"""Items of a file that appear twice, found on disk: memory does not grow with the file."""

import sqlite3
from collections.abc import Iterator

from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.model.registrations import repeated

_AT_ONCE = 1_000
_BYTES = 16
"""Of a digest: enough for any two items to differ in them."""
_TWICE = """
    SELECT list, item, first_list, first_item FROM (
        SELECT
            rowid AS place, list, item,
            first_value(list) OVER same AS first_list,
            first_value(item) OVER same AS first_item,
            row_number() OVER same AS number
        FROM items WINDOW same AS (PARTITION BY digest ORDER BY rowid)
    ) WHERE number > 1 ORDER BY place
"""


class Repeats:
    """The items of a file as they are read; a temporary database, which SQLite deletes when it is closed."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("CREATE TABLE items (digest BLOB, list TEXT, item INTEGER)")
        self._database.execute("BEGIN")
        self._pending: list[tuple[bytes, str, int]] = []

    def add(self, digest: str, list_: str, index: int) -> None:
        """One more item."""
        self._pending.append((bytes.fromhex(digest)[:_BYTES], list_, index))
        if len(self._pending) >= _AT_ONCE:
            self._write()

    def found(self) -> Iterator[Problem]:
        """What is wrong with each item that was there before, in the file's order."""
        self._write()
        for list_, item, first_list, first_item in self._database.execute(_TWICE):
            yield repeated((list_, item), (first_list, first_item))

    def close(self) -> None:
        """Deletes the database."""
        self._database.close()

    def _write(self) -> None:
        self._database.executemany("INSERT INTO items VALUES (?, ?, ?)", self._pending)
        self._pending.clear()
