"""Registering data: by admins, all of a request or nothing."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any
from uuid import UUID

from pulumi_encord_integrations.model.integrations import IntegrationType
from pulumi_encord_integrations.model.members import Permission, may
from pulumi_encord_integrations.model.problems import MORE, Problem
from pulumi_encord_integrations.model.registration_filters import RegistrationFilters, UrlFilter
from pulumi_encord_integrations.model.registration_keys import Flags, flags_of
from pulumi_encord_integrations.model.registrations import (
    MAX_ITEMS,
    BatchesDone,
    Judge,
    KnownBatches,
    Registered,
    Registration,
    RegistrationsRemoved,
)
from pulumi_encord_integrations.server.errors import Conflict, InvalidRequest, invalid
from pulumi_encord_integrations.server.services import pagination
from pulumi_encord_integrations.server.services.authorization import readable, require, visible
from pulumi_encord_integrations.server.services.bodies import Body, examined, kind_of
from pulumi_encord_integrations.server.services.bulk import RefusedItem, refuse_any
from pulumi_encord_integrations.server.services.prechecks import before_write
from pulumi_encord_integrations.server.services.quotas import require_room
from pulumi_encord_integrations.server.services.registration_rows import page_of, rendered
from pulumi_encord_integrations.server.services.unit_of_work import Effect, Transaction, UnitOfWork
from pulumi_encord_integrations.server.store import integrations
from pulumi_encord_integrations.server.store import registrations as store
from pulumi_encord_integrations.server.store.database import Record
from pulumi_encord_integrations.server.store.integrations import settings_of

_BATCH = "batch"
_AT_ONCE = 1_000
"""Rows of one read where a URL is looked for."""
_LOOKED_AT = 50_000
"""Rows that one page, or one transaction of a search, looks at."""


@dataclass(frozen=True)
class RegisterRequest:
    """A registration's JSON, judged by the settings that the integration had then."""

    body: Body
    settings: Mapping[str, Any] | None = None
    """None if nothing was judged."""
    items: Sequence[Registration] = ()
    notes: Sequence[str] = ()

    @property
    def flags(self) -> Flags:
        """What it says of items that are registered already."""
        return flags_of(self.body)[0]

    @property
    def count(self) -> int:
        """Its items, repeated ones too."""
        return sum(len(values) for values in self.body.values() if isinstance(values, list))

    def judged(self, kind: IntegrationType, settings: Mapping[str, Any]) -> "RegisterRequest":
        """The same by these settings, judged anew only if they are others; raises `InvalidRequest`."""
        if settings == self.settings:
            return self
        if self.count > MAX_ITEMS:
            raise invalid(f"holds {self.count} items; at most {MAX_ITEMS} are allowed in one request")
        rules = Judge(kind, settings)
        items, problems = rules.body({key: value for key, value in self.body.items() if key != _BATCH})
        told = [problem for problem in problems if problem is not MORE]
        refuse_any([_refusal(problem) for problem in told], InvalidRequest, more=len(told) < len(problems))
        return replace(self, settings=settings, items=items, notes=rules.notes(self.flags))


def judge(work: UnitOfWork, uuid: UUID, body: Body) -> RegisterRequest:
    """What a registration asks for, judged by the settings as they are; raises `ServiceError`."""
    asked = RegisterRequest(body)

    def judged() -> RegisterRequest:
        found = work.read(lambda tx: _to_judge(tx, uuid, body))
        return asked.judged(*found) if found else asked

    return before_write(work, judged) or asked


def _to_judge(tx: Transaction, uuid: UUID, body: Body) -> tuple[IntegrationType, Mapping[str, Any]] | None:
    """What the items are judged by; None if the batch is done."""
    row = registrable(tx, uuid)
    return None if _is_done(tx, row, _batch(body)) else (kind_of(row.provider), settings_of(row))


def _is_done(tx: Transaction, row: Record, batch: str | None) -> bool:
    return bool(batch and store.batches_done(tx.connection, row.uuid, [batch]))


def register(tx: Transaction, uuid: UUID, asked: RegisterRequest) -> Effect:
    """Adds what is new, replaces what was registered with other metadata; a batch done before is done."""
    row = registrable(tx, uuid)
    batch = _batch(asked.body)
    if _is_done(tx, row, batch):
        return _done(row, Registered(created=0, updated=0, unchanged=0, again=True))
    asked = asked.judged(kind_of(row.provider), settings_of(row))
    answer = store.write(tx.connection, row.uuid, tx.caller.email, asked.items, asked.flags)
    if answer.created:
        require_room(tx, "registrations")
    if answer.updated:
        store.forget_batches(tx.connection, row.uuid)
    if batch:
        store.remember_batch(tx.connection, row.uuid, batch)
    skipped = answer.skipped + asked.count - len(asked.items)
    return _done(row, answer.model_copy(update={"skipped": skipped, "notes": asked.notes}))


def known_batches(tx: Transaction, uuid: UUID, asked: KnownBatches) -> BatchesDone:
    """Which batches need not be sent again."""
    row = registrable(tx, uuid)
    return BatchesDone(known=store.batches_done(tx.connection, row.uuid, asked.batches))


def list_registrations(
    tx: Transaction, uuid: UUID, filters: RegistrationFilters, size: int, token: str | None
) -> str:
    """A page of registered items as JSON; where a URL is looked for, it may hold fewer than asked for."""
    after = pagination.position(tx, token, 1)
    row = readable(tx, uuid)
    wanted = _url_filter(row, filters)
    at_once = size + 1 if wanted is None else _AT_ONCE
    last = after[0] if after else None
    results: list[str] = []
    for seen, one in enumerate(store.scan(tx.connection, row.uuid, filters.types, last, at_once)):
        if len(results) == size or seen == _LOOKED_AT:
            return page_of(results, pagination.token(tx, last))
        last = one.digest
        urls = json.loads(one.object_urls)
        if wanted is None or wanted.matches(urls):
            results.append(rendered(one, urls))
    return page_of(results, None)


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
    row = registrable(tx, uuid)
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


def registrable(tx: Transaction, uuid: UUID) -> Record:
    """The integration, if the caller may register data with it."""
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
