"""First answers, so that a request that arrives twice acts once."""

from datetime import timedelta

from sqlalchemy import Connection, delete, insert, select

from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.database import now


def find(connection: Connection, request: str) -> tuple[int, str] | None:
    """Status and body that the request was answered with."""
    row = connection.execute(
        select(t.answers.c.status, t.answers.c.body).where(t.answers.c.request == request)
    ).first()
    return None if row is None else (row.status, row.body)


def keep(connection: Connection, request: str, status: int, body: str, seconds: int) -> None:
    """Keeps an answer; drops those older than `seconds`."""
    connection.execute(delete(t.answers).where(t.answers.c.created_at < now() - timedelta(seconds=seconds)))
    connection.execute(
        insert(t.answers), {"request": request, "status": status, "body": body, "created_at": now()}
    )
