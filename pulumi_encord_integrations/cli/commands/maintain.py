"""`encord-integrations maintain`."""

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from pulumi_encord_integrations.cli.connection import Json, document
from pulumi_encord_integrations.cli.extras import Database, EncryptionKey
from pulumi_encord_integrations.cli.operator import operating
from pulumi_encord_integrations.cli.rendering.output import result, say

if TYPE_CHECKING:
    from pulumi_encord_integrations.model.limits import Retention
    from pulumi_encord_integrations.server.services.maintenance import Removed
    from pulumi_encord_integrations.server.store.database import Database as Opened

EXAMPLES = (
    "maintain --database /srv/encord.sqlite --dry-run",
    "maintain --database /srv/encord.sqlite",
    "maintain --database postgresql://encord@db.example.com/encord --encryption-key /srv/encryption-key",
)
_KIB = 1024


def maintain(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be removed, and change nothing.")
    ] = False,
    despite_broken_trail: Annotated[
        bool,
        typer.Option(
            "--despite-broken-trail", help="Remove old entries also of an audit trail that was tampered with."
        ),
    ] = False,
    database: Database = None,
    encryption_key: EncryptionKey = None,
    json: Json = False,
) -> None:
    """Removes what a database kept long enough, and gives its space back.

    Run it on the machine that serves, now and then; the API may go on serving. ENCORD_AUDIT_DAYS and
    ENCORD_BATCH_DAYS say how long. Of the audit trail only a beginning goes, and a signed checkpoint stays
    by which the rest is verified. The last write of everything that is there stays. The trail keeps that it
    ran.
    """
    with operating(database, encryption_key, read_only=dry_run) as opened:
        from pulumi_encord_integrations.cli.configuration import read_server_settings
        from pulumi_encord_integrations.server.services import maintenance

        kept = read_server_settings().retention
        before = opened.size()
        if dry_run:
            removed = maintenance.expired(opened, kept)
            _tell(kept, removed, dry_run=True)
        else:
            removed = _expired(opened, kept, broken=despite_broken_trail)
            opened.compact()
        for one in maintenance.blocking(opened, kept):
            say(
                f"entry {one.sequence} is dated {one.at:%Y-%m-%d %H:%M} UTC, in the future: "
                f"{one.behind:,} old rows behind it stay until then"
            )
        after = opened.size()
    say(f"{opened.name}: {_size(before)}" + ("" if dry_run else f", now {_size(after)}"))
    if json:
        result(document(dryRun=dry_run, removed=asdict(removed), bytesBefore=before, bytesAfter=after))


def _expired(opened: "Opened", kept: "Retention", *, broken: bool) -> "Removed":
    from pulumi_encord_integrations.server.services.maintenance import Removed, expire

    so_far = Counter[str]()
    try:
        return expire(opened, kept, so_far, broken=broken)
    finally:
        # Told at once: rows are gone also where others stop the rest, or their space does not come back.
        _tell(kept, Removed(**so_far), dry_run=False)


def _tell(kept: "Retention", removed: "Removed", *, dry_run: bool) -> None:
    done = "would be removed" if dry_run else "removed"
    told = (
        ("rows of the audit trail", removed.audit, kept.audit_days, "ENCORD_AUDIT_DAYS"),
        ("registered batches", removed.batches, kept.batch_days, "ENCORD_BATCH_DAYS"),
    )
    for what, count, days, variable in told:
        if days is None:
            say(f"{what}: kept for ever; {variable} sets how many days")
        else:
            say(f"{what}: {count:,} older than {days:,} {'day' if days == 1 else 'days'} {done} ({variable})")


def _size(count: int) -> str:
    return f"{count / _KIB / _KIB:,.1f} MiB"
