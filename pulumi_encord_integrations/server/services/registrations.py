"""Registering data: by admins, all of a request or nothing."""

import json
from functools import partial
from itertools import islice
from uuid import UUID

from pulumi_encord_integrations.model.base import Page
from pulumi_encord_integrations.model.members import Permission, may
from pulumi_encord_integrations.model.problems import Problem
from pulumi_encord_integrations.model.registration_filters import RegistrationFilters, UrlFilter
from pulumi_encord_integrations.model.registration_keys import flags_of
from pulumi_encord_integrations.model.registrations import (
    MAX_ITEMS,
    BatchesDone,
    Judge,
    KnownBatches,
    Registered,
    RegistrationsRemoved,
    RegistrationView,
)
from pulumi_encord_integrations.server.errors import Conflict, InvalidRequest, invalid
from pulumi_encord_integrations.server.services import pagination
from pulumi_encord_integrations.server.services.authorization import readable, require, visible
from pulumi_encord_integrations.server.services.bodies import Body, examined, kind_of
from pulumi_encord_integrations.server.services.bulk import RefusedItem, refuse_any
from pulumi_encord_integrations.server.services.unit_of_work import Effect, Transaction, UnitOfWork
from pulumi_encord_integrations.server.store import integrations
from pulumi_encord_integrations.server.store import registrations as store
from pulumi_encord_integrations.server.store.database import Record
from pulumi_encord_integrations.server.store.integrations import settings_of

_TOLD = 1_000
_BATCH = "batch"
_AT_ONCE = 1_000
"""Rows of one read where a URL is looked for."""
_LOOKED_AT = 50_000
"""Rows that one page, or one transaction of a search, looks at."""


def register(tx: Transaction, uuid: UUID, body: Body) -> Effect:
    """Adds what is new, replaces what was registered with other metadata; a batch done before is done."""
    row = _registrable(tx, uuid)
    batch = _batch(body)
    if batch and store.batches_done(tx.connection, row.uuid, [batch]):
        return _done(row, Registered(created=0, updated=0, unchanged=0, again=True))
    given = {key: values for key, values in body.items() if key != _BATCH}
    count = sum(len(values) for values in given.values() if isinstance(values, list))
    if count > MAX_ITEMS:
        raise invalid(f"holds {count} items; at most {MAX_ITEMS} are allowed in one request")
    rules = Judge(kind_of(row.provider), settings_of(row))
    items, problems = rules.body(given)
    refuse_any([_refusal(problem) for problem in problems[:_TOLD]], InvalidRequest)
    flags, _ = flags_of(given)
    answer = store.write(tx.connection, row.uuid, tx.caller.email, items, flags)
    if answer.updated:
        store.forget_batches(tx.connection, row.uuid)
    if batch:
        store.remember_batch(tx.connection, row.uuid, batch)
    skipped = answer.skipped + count - len(items)
    return _done(row, answer.model_copy(update={"skipped": skipped, "notes": rules.notes(flags)}))


def known_batches(tx: Transaction, uuid: UUID, body: Body) -> BatchesDone:
    """Which batches need not be sent again."""
    row = _registrable(tx, uuid)
    names = examined(KnownBatches, body).batches
    return BatchesDone(known=store.batches_done(tx.connection, row.uuid, names))


def list_registrations(
    tx: Transaction, uuid: UUID, filters: RegistrationFilters, size: int, token: str | None
) -> Page[RegistrationView]:
    """A page of registered items; of many that a URL is looked for in, it may hold fewer than asked for."""
    after = pagination.position(tx, token, 1)
    row = readable(tx, uuid)
    wanted = _url_filter(row, filters)
    at_once = size + 1 if wanted is None else _AT_ONCE
    last = after[0] if after else None
    results: list[RegistrationView] = []
    for seen, one in enumerate(store.scan(tx.connection, row.uuid, filters.types, last, at_once)):
        if len(results) == size or seen == _LOOKED_AT:
            return Page(results=results, next_page_token=pagination.token(tx, last))
        last = one.digest
        urls = json.loads(one.object_urls)
        if wanted is None or wanted.matches(urls):
            results.append(_view(one, urls))
    return Page(results=results)


def search(work: UnitOfWork, uuid: UUID, filters: RegistrationFilters) -> list[str] | None:
    """Digests of the items that a removal by URL means; None if it means all of a type or of all types.

    It reads in many short transactions: one long one would hold up writers as long as it takes.
    """
    if filters.url in {None, "*"}:
        return None
    found, after = work.read(partial(_search, uuid=uuid, filters=filters, after=None))
    while after is not None:
        more, after = work.read(partial(_search, uuid=uuid, filters=filters, after=after))
        found += more
    return found


def _search(
    tx: Transaction, uuid: UUID, filters: RegistrationFilters, after: str | None
) -> tuple[list[str], str | None]:
    """Some of them, and where the next ones begin."""
    row = integrations.find(tx.connection, tx.caller, str(uuid))
    wanted = row and _url_filter(row, filters)
    # A repeat gets the first answer whatever has changed since, so that only the removal refuses.
    if row is None or wanted is None or not may(row.role, Permission.UPLOAD_DATA):
        return [], None
    rows = store.scan(tx.connection, row.uuid, filters.types, after, _AT_ONCE, store.URLS)
    seen = list(islice(rows, _LOOKED_AT))
    meant = [one.digest for one in seen if wanted.matches(json.loads(one.object_urls))]
    return meant, seen[-1].digest if len(seen) == _LOOKED_AT else None


def remove(
    tx: Transaction, uuid: UUID, filters: RegistrationFilters, found: list[str] | None, expected: int | None
) -> Effect:
    """Takes registrations back, those that `search` found; the files stay where they are.

    Refused if they are not as many as expected.
    """
    row = _registrable(tx, uuid)
    all_ = store.count(tx.connection, row.uuid, filters.types) if found is None else len(found)
    _require_count(row, expected, all_)
    if found is None:
        removed = store.remove_all(tx.connection, row.uuid, filters.types)
    else:
        removed = store.remove(tx.connection, row.uuid, found)
    _require_count(row, expected, removed)
    if removed:
        store.forget_batches(tx.connection, row.uuid)
    # A URL may be signed, so the trail does not hold it.
    detail = {"removed": removed, "list": filters.of_list, "byUrl": filters.url is not None}
    return Effect(RegistrationsRemoved(removed=removed), "registrations.delete", row.uuid, detail)


def _require_count(row: Record, expected: int | None, count: int) -> None:
    if expected not in {None, count}:
        raise Conflict(
            "changed",
            f'the registrations of "{row.title}" ({row.uuid}) changed: {count:,} match, not {expected:,}',
            "Run it again to see how many they are now",
        )


def _url_filter(row: Record, filters: RegistrationFilters) -> UrlFilter | None:
    urls = kind_of(row.provider).urls(settings_of(row))
    return None if filters.url is None else UrlFilter(urls, filters.url)


def _registrable(tx: Transaction, uuid: UUID) -> Record:
    row = visible(tx, uuid)
    require(row, Permission.UPLOAD_DATA)
    return row


def _batch(body: Body) -> str | None:
    if body.get(_BATCH) is None:
        return None
    return examined(KnownBatches, {"batches": [body[_BATCH]]}).batches[0]


def _refusal(problem: Problem) -> RefusedItem:
    return RefusedItem(problem.where, "invalid_request", str(problem))


def _done(row: Record, answer: Registered) -> Effect:
    return Effect(answer, "registrations.write", row.uuid, answer.model_dump())


def _view(row: Record, urls: list[str]) -> RegistrationView:
    metadata = None if row.media_metadata is None else json.loads(row.media_metadata)
    return RegistrationView(
        uuid=row.uuid,
        integration=row.integration,
        data_type=row.data_type,
        object_urls=urls,
        title=row.title,
        video_metadata=metadata if row.data_type == "VIDEO" else None,
        image_metadata=metadata if row.data_type == "IMAGE" else None,
        client_metadata=json.loads(row.client_metadata),
    )
