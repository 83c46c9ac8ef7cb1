"""`encord-integrations approve`."""

from typing import TYPE_CHECKING, Annotated

import typer

from pulumi_encord_integrations.cli.commands.join import Yes, confirm
from pulumi_encord_integrations.cli.connection import Json, document
from pulumi_encord_integrations.cli.extras import Database, EncryptionKey
from pulumi_encord_integrations.cli.lookup import Integration
from pulumi_encord_integrations.cli.operator import any_organization, operating
from pulumi_encord_integrations.cli.rendering.output import printable, result, say

if TYPE_CHECKING:
    from pulumi_encord_integrations.server.services.operations import Approval, Listed

EXAMPLES = (
    "approve --database /srv/encord.sqlite vpn-images",
    "approve --database /srv/encord.sqlite vpn-images --revoke",
)
_SHOWN = 20
"""Prefixes of a bucket; the others are counted."""


def approve(
    integration: Integration,
    revoke: Annotated[
        bool, typer.Option("--revoke", help="Take the approval back: nothing more is signed.")
    ] = False,
    database: Database = None,
    encryption_key: EncryptionKey = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Approves that an integration over VPN controls its buckets, which the API cannot see for itself.

    Run it on the machine that serves, once you know that whoever declared the integration owns the data. It
    says what it is about to approve and asks first; the audit trail keeps it. It holds for the buckets and
    prefixes as they are now.
    """
    with operating(database, encryption_key) as opened:
        from pulumi_encord_integrations.server.services import operations

        found = any_organization(opened, integration)
        approval = operations.approval(opened, found.uuid)
        _announce(found, approval, revoke=revoke)
        confirm("Revoke?" if revoke else "Approve?", yes=yes)
        operations.approve(opened, found.uuid, approval, revoke=revoke)
    say("revoked" if revoke else "approved")
    if json:
        places = [{"name": name, "prefixes": list(under)} for name, under in approval.places.items()]
        result(document(integrationUuid=found.uuid, title=found.title, approved=not revoke, places=places))


def _announce(found: "Listed", approval: "Approval", *, revoke: bool) -> None:
    title = f'"{printable(found.title)}" ({found.uuid})'
    if revoke:
        say(f"Nothing more will be signed for {title}.")
        return
    say(f"Every member of {title} will get signed URLs.")
    say(f"  declared by   {printable(approval.owner)} of {printable(approval.organization)}")
    say(f"  reads         {approval.provider}" + (f", tenant {approval.tenant}" if approval.tenant else ""))
    for name, prefixes in approval.places.items():
        shown = ", ".join(printable(prefix) for prefix in prefixes[:_SHOWN]) or "the whole of it"
        more = f" and {len(prefixes) - _SHOWN:,} more" if len(prefixes) > _SHOWN else ""
        say(f"  {printable(name)}: {shown}{more}")
