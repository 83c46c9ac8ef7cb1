"""Registered data."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, and_, bindparam, delete, insert, select, update

from pulumi_encord_integrations.model.registrations import Registration
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.batches import batches
from pulumi_encord_integrations.server.store.database import now

_c = t.registrations.c
_b = t.registration_batches.c
_VALUES = ("title", "video_metadata", "client_metadata")


def page(connection: Connection, integration: str, size: int, after: str | None) -> Sequence[Row[Any]]:
    """Registered items in the order of their digests, behind one of them, and one more than asked for."""
    query = select(*_c).where(_c.integration == integration).order_by(_c.digest).limit(size + 1)
    if after is not None:
        query = query.where(_c.digest > after)
    return connection.execute(query).all()


def write(
    connection: Connection, integration: str, by: str, items: Sequence[Registration]
) -> tuple[int, int, int]:
    """Adds what is new and replaces what differs; answers how many of each, and how many were so before."""
    known = _known(connection, integration, (one.digest for one in items))
    new = [one for one in items if one.digest not in known]
    rows = {one.digest: _values(one) for one in items}
    differing = [digest for digest, before in known.items() if before != rows[digest]]
    if new:
        moment = {"registered_by": by, "created_at": now(), "updated_at": now()}
        connection.execute(
            insert(t.registrations), [{**_row(integration, one), **rows[one.digest], **moment} for one in new]
        )
    if differing:
        changed = [{"key": digest, **rows[digest], "updated_at": now()} for digest in differing]
        place = and_(_c.integration == integration, _c.digest == bindparam("key"))
        connection.execute(update(t.registrations).where(place), changed)
    return len(new), len(differing), len(known) - len(differing)


def batches_done(connection: Connection, integration: str, names: Iterable[str]) -> list[str]:
    """Those of the batches that were registered."""
    done: list[str] = []
    for some in batches(names):
        query = select(_b.batch).where(_b.integration == integration, _b.batch.in_(some))
        done += connection.scalars(query)
    return sorted(done)


def forget_batches(connection: Connection, integration: str) -> None:
    """Forgets which batches were registered: what some of them said is so no longer."""
    connection.execute(delete(t.registration_batches).where(_b.integration == integration))


def remember_batch(connection: Connection, integration: str, name: str) -> None:
    """Keeps that a batch was registered."""
    connection.execute(
        insert(t.registration_batches), {"integration": integration, "batch": name, "created_at": now()}
    )


def _known(connection: Connection, integration: str, digests: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    wanted = (_c.digest, *(_c[name] for name in _VALUES))
    for some in batches(digests):
        query = select(*wanted).where(_c.integration == integration, _c.digest.in_(some))
        for row in connection.execute(query):
            found[row.digest] = {name: getattr(row, name) for name in _VALUES}
    return found


def _row(integration: str, one: Registration) -> dict[str, Any]:
    return {
        "integration": integration,
        "digest": one.digest,
        "uuid": str(uuid4()),
        "data_type": one.data_type,
        "object_urls": json.dumps(one.object_urls),
    }


def _values(one: Registration) -> dict[str, Any]:
    return {
        "title": one.title,
        "video_metadata": None if one.video_metadata is None else json.dumps(one.video_metadata),
        "client_metadata": json.dumps(one.client_metadata),
    }
