"""`encord-integrations audit`."""

from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pulumi_encord_integrations.cli.audit_verification import (
    head_of,
    missing,
    require_not_cut,
    verify_database,
    verify_over_api,
)
from pulumi_encord_integrations.cli.connection import Json, Stack, document, existing
from pulumi_encord_integrations.cli.extras import EncryptionKey
from pulumi_encord_integrations.cli.rendering.output import result, say, show

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pulumi_encord_integrations.client.client import Client
    from pulumi_encord_integrations.model.audit import AuditEntry, AuditFilters

EXAMPLES = (
    "audit --since 7d --integration prod-images",
    "audit --actor mia@example.com --action members. --refused",
    "audit --jsonl --after-sequence 41200 >> audit.jsonl",
    "audit --head",
    "audit --verify --expect-head 41873:9f2c...",
    "audit --verify --database /srv/encord.sqlite",
)
_NOTHING = "there is no database, and so no audit trail"
_LIMIT = 100


def audit(
    since: Annotated[
        str | None, typer.Option(metavar="SPAN|TIME", help="Not older than: 7d, 12h, 2026-01-31T00:00:00Z.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="SPAN|TIME", help="Older than, in the same forms.")
    ] = None,
    integration: Annotated[
        str | None,
        typer.Option(metavar="INTEGRATION", help="About this one: uuid, title or declared name; gone: uuid."),
    ] = None,
    object_: Annotated[
        str | None, typer.Option("--object", metavar="UUID", help="About this object, such as a user group.")
    ] = None,
    actor: Annotated[str | None, typer.Option(metavar="EMAIL", help="By this user, or operator.")] = None,
    action: Annotated[
        str | None, typer.Option(metavar="ACTION", help="Of this action, or of those that begin so: members.")
    ] = None,
    key: Annotated[str | None, typer.Option(metavar="UUID", help="With this key or federation.")] = None,
    from_stack: Annotated[
        str | None, typer.Option("--from-stack", metavar="PROJECT/STACK", help="From this stack.")
    ] = None,
    refused: Annotated[bool, typer.Option("--refused", help="Only what was refused.")] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Entries at most. [default: 100; with --jsonl all]")
    ] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Print one JSON object a line, oldest first.")
    ] = False,
    after_sequence: Annotated[
        int | None, typer.Option("--after-sequence", metavar="N", min=0, help="Only what follows entry N.")
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Verify the whole trail instead of listing it.")
    ] = False,
    expect_head: Annotated[
        str | None,
        typer.Option("--expect-head", metavar="N:MAC", help="With --verify: a head that was kept elsewhere."),
    ] = None,
    head: Annotated[
        bool, typer.Option("--head", help="Print the newest entry as N:MAC, to keep elsewhere.")
    ] = False,
    database: Annotated[
        str | None,
        typer.Option(metavar="FILE|ADDRESS", help="With --verify: on the server's machine, without the API."),
    ] = None,
    encryption_key: EncryptionKey = None,
    json: Json = False,
    stack: Stack = None,
) -> None:
    """Shows who did what, with which key, from which stack, and what was refused.

    For admins and auditors of the organization; with --integration for its Admins. --verify ends with 1 if an
    entry was changed, removed or inserted, or if the trail was cut below a head that is expected.
    """
    _require_fitting(verify=verify, head=head, jsonl=jsonl, json=json, expect=expect_head, database=database)
    if verify:
        _verify(expect_head, database, encryption_key, stack, json=json)
        return
    filters = _filters(since, until, object_, actor, action, key, from_stack, refused=refused)
    with existing(stack, _NOTHING) as client:
        if head:
            result(f"{head_of(client)}\n")
            return
        about = None if integration is None else _uuid_of(client, integration)
        unfiltered = about is None and filters == type(filters)()
        if jsonl:
            found = _entries(client, filters, about, after_sequence or 0, limit)
            last = _print_lines(found, after_sequence if unfiltered else None)
            if last is not None and last == after_sequence:
                require_not_cut(client, last)
        else:
            _print(list(_entries(client, filters, about, after_sequence, limit or _LIMIT)), json=json)


def _require_fitting(
    *, verify: bool, head: bool, jsonl: bool, json: bool, expect: str | None, database: str | None
) -> None:
    if verify and head:
        raise typer.BadParameter("give --verify or --head; --verify prints the head too")
    if jsonl and (json or verify or head):
        raise typer.BadParameter("--jsonl goes with neither --json, --verify nor --head")
    if not verify and (expect is not None or database is not None):
        raise typer.BadParameter("--expect-head and --database go with --verify")


def _verify(
    expect: str | None, database: str | None, encryption_key: Path | None, stack: str | None, *, json: bool
) -> None:
    if database is not None:
        verify_database(database, encryption_key, expect, json=json)
        return
    with existing(stack, _NOTHING) as client:
        verify_over_api(client, expect, json=json)


def _filters(
    since: str | None,
    until: str | None,
    object_: str | None,
    actor: str | None,
    action: str | None,
    key: str | None,
    from_stack: str | None,
    *,
    refused: bool,
) -> "AuditFilters":
    from pulumi_encord_integrations.model.audit import AuditFilters
    from pulumi_encord_integrations.model.text import canonical_email

    return AuditFilters(
        since=_moment("--since", since),
        until=_moment("--until", until),
        object=object_ or "",
        actor=canonical_email(actor) if actor else "",
        action=action or "",
        outcome="refused" if refused else "",
        key=key or "",
        stack=from_stack or "",
    )


def _moment(option: str, text: str | None) -> datetime | None:
    """A time in UTC, without a zone, that is given as such or by how long ago it was."""
    from datetime import UTC, timedelta

    from pydantic import TypeAdapter, ValidationError

    from pulumi_encord_integrations.model.durations import Timespan

    if text is None:
        return None
    try:
        seconds: int = TypeAdapter(Timespan).validate_python(text)
        return (datetime.now(UTC) - timedelta(seconds=seconds)).replace(tzinfo=None)
    except (ValidationError, OverflowError):
        pass
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{option} must be a span such as 7d or 12h, or a time such as 2026-01-31T00:00:00Z"
        ) from None
    # Without a zone it is meant as the trail shows times.
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


def _uuid_of(client: "Client", given: str) -> str:
    """The uuid of an integration; one that is gone has no other name."""
    from pulumi_encord_integrations.cli.lookup import find
    from pulumi_encord_integrations.client.errors import NotFound
    from pulumi_encord_integrations.model.text import uuid_in

    try:
        return find(client, given).uuid
    except NotFound:
        uuid = uuid_in(given)
        if uuid is None:
            raise
        return uuid


def _entries(
    client: "Client", filters: "AuditFilters", about: str | None, after: int | None, limit: int | None
) -> "Iterator[AuditEntry]":
    from pulumi_encord_integrations.client import audit as trail

    size = min(limit or 1000, 1000)
    return islice(trail.entries(client, filters, integration=about, after_sequence=after, size=size), limit)


def _print_lines(found: "Iterable[AuditEntry]", after: int | None) -> int | None:
    """One line each, as they arrive: an export may hold millions; answers the last sequence.

    With `after` the first has to follow that entry, and each the one before it; raises `Refused` otherwise.
    """
    import json

    gap, last = None, after
    for entry in found:
        result(json.dumps(entry.model_dump(mode="json", by_alias=True)) + "\n")
        if last is not None and entry.sequence != last + 1:
            gap = gap or (last + 1, entry.sequence - 1)
        last = None if after is None else entry.sequence
    if gap is not None:
        raise missing(*gap)
    return last


def _print(found: "list[AuditEntry]", *, json: bool) -> None:
    if json:
        result(document(entries=[entry.model_dump(mode="json", by_alias=True) for entry in found]))
    elif found:
        from pulumi_encord_integrations.cli.rendering.audit import entries_table

        show(entries_table(found))
    else:
        say("no entry matches")
