"""Registered data."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from pulumi_encord_integrations.model.registration_keys import Flags
from pulumi_encord_integrations.model.registrations import Registered, Registration
from pulumi_encord_integrations.server.store import tables as t
from pulumi_encord_integrations.server.store.chunks import batches
from pulumi_encord_integrations.server.store.database import now
from pulumi_encord_integrations.server.store.quotas import count_registrations

_c = t.registrations.c
_b = t.registration_batches.c
_i = t.integrations.c
_VALUES = ("title", "media_metadata", "client_metadata")


URLS = (_c.digest, _c.object_urls)
"""What `scan` reads to look for a URL."""


def scan(
    connection: Connection,
    integration: str,
    types: Sequence[str],
    after: str | None,
    size: int,
    columns: Iterable[ColumnElement[Any]] = _c,
) -> Iterator[Row[Any]]:
    """Registered items in the order of their digests, behind one of them; read `size` at a time."""
    query: Select[Any] = select(*columns).where(*_meant(integration, types)).order_by(_c.digest).limit(size)
    while True:
        found = connection.execute(query if after is None else query.where(_c.digest > after)).all()
        yield from found
        if len(found) < size:
            return
        after = found[-1].digest


def count(connection: Connection, integration: str, types: Sequence[str]) -> int:
    """How many items of the types there are, of all types if none is named."""
    return connection.scalar(select(func.count()).where(*_meant(integration, types))) or 0


def remove_all(connection: Connection, integration: str, types: Sequence[str]) -> int:
    """Deletes all items of the types, of all types if none is named; answers how many there were."""
    removed = connection.execute(delete(t.registrations).where(*_meant(integration, types))).rowcount
    count_registrations(connection, integration, -removed)
    return removed


def remove(connection: Connection, integration: str, digests: Iterable[str]) -> int:
    """Deletes items; answers how many there were."""
    statement = delete(t.registrations).where(_c.integration == integration)
    deleted = (connection.execute(statement.where(_c.digest.in_(some))) for some in batches(digests))
    removed = sum(result.rowcount for result in deleted)
    count_registrations(connection, integration, -removed)
    return removed


def _meant(integration: str, types: Sequence[str]) -> list[ColumnElement[bool]]:
    return [_c.integration == integration, *([_c.data_type.in_(types)] if types else [])]


def write(
    connection: Connection, integration: str, by: str, items: Sequence[Registration], flags: Flags
) -> Registered:
    """Adds what is new; of what is known, replaces what differs or leaves it, as the flags say."""
    known = _known(connection, integration, (one.digest for one in items))
    new = [one for one in items if one.digest not in known]
    if new:
        moment = {"registered_by": by, "created_at": now(), "updated_at": now()}
        rows = [{**_row(integration, one), **_values(one), **moment} for one in new]
        connection.execute(insert(t.registrations), rows)
        count_registrations(connection, integration, len(new))
    if flags.skips_repeats:
        return Registered(created=len(new), updated=0, unchanged=0, skipped=len(known))
    after = {one.digest: _after(one, known[one.digest], flags) for one in items if one.digest in known}
    changed = [
        {"key": digest, **after[digest], "updated_at": now()}
        for digest, before in known.items()
        if before != after[digest]
    ]
    if changed:
        place = and_(_c.integration == integration, _c.digest == bindparam("key"))
        connection.execute(update(t.registrations).where(place), changed)
    return Registered(created=len(new), updated=len(changed), unchanged=len(known) - len(changed))


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
        "media_metadata": None if one.media_metadata is None else json.dumps(one.media_metadata),
        "client_metadata": json.dumps(one.client_metadata),
    }


def _after(one: Registration, before: Mapping[str, Any], flags: Flags) -> dict[str, Any]:
    """What a registered item becomes: with flags, what it is with the metadata that is given."""
    values = _values(one)
    if not flags.skip_duplicate_urls:
        return values
    given = {"media_metadata": one.media_metadata, "client_metadata": one.client_metadata}
    return {**before, **{name: values[name] for name, value in given.items() if value}}
