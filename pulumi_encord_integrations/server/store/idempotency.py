"""First answers, so that a request that arrives twice acts once."""

from datetime import timedelta

from sqlalchemy import Connection, delete, insert, select

from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import now

_SUCCESS = 200
"""No other answers are kept."""


def find(connection: Connection, key: str) -> str | None:
    """The JSON that the request was answered with."""
    body = connection.scalar(select(t.answers.c.body).where(t.answers.c.request == key))
    return None if body is None else str(body)


def keep(connection: Connection, key: str, body: str, seconds: int) -> None:
    """Keeps an answer; drops those older than `seconds`."""
    connection.execute(delete(t.answers).where(t.answers.c.created_at < now() - timedelta(seconds=seconds)))
    connection.execute(
        insert(t.answers), {"request": key, "status": _SUCCESS, "body": body, "created_at": now()}
    )
