"""Values as whoever can write the database may have left them: SQLite keeps any value in any column."""

import sqlite3
from collections.abc import Mapping, Sequence
from math import floor, isfinite
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select

MOST = 2**63 - 1
"""The largest number that a column holds; in SQLite, texts and blobs are larger than any number."""


def rows_of(
    connection: Connection,
    query: Select[Any],
    parameters: Mapping[str, str] | None = None,
    *,
    exact: bool = False,
) -> Sequence[Row[Any]]:
    """The rows of a query, also where a text is not UTF-8.

    Bytes that are no text become U+FFFD; with `exact` surrogates, so that no two texts are read alike.
    """
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        return connection.execute(query, parameters).all()
    errors = "surrogateescape" if exact else "replace"
    before = driver.text_factory
    driver.text_factory = lambda content: content.decode("utf-8", errors)
    try:
        return connection.execute(query, parameters).all()
    finally:
        driver.text_factory = before


def is_a_number(column: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether it holds a number that is not negative."""
    return column.between(0, MOST)


def number_of(value: object) -> int:
    """A whole number, rounded down where there is another one; the smallest where there is none."""
    if isinstance(value, int):
        return value
    return floor(value) if isinstance(value, float) and isfinite(value) else -MOST


def text_of(value: object) -> str:
    """A text that can be shown in place of any value."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if value is None else str(value)
