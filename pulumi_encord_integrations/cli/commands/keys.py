"""`encord-integrations keys list`, `add` and `revoke`."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pulumi_encord_integrations.cli.commands.join import Yes, confirm
from pulumi_encord_integrations.cli.connection import Json, Stack, document, existing
from pulumi_encord_integrations.cli.exit_codes import ExitCode
from pulumi_encord_integrations.cli.key_files import (
    NewKeyFile,
    PublicKeyFile,
    read_public,
    require_one,
    signer_in,
)
from pulumi_encord_integrations.cli.rendering.output import printable, result, say, show
from pulumi_encord_integrations.client.errors import EncordError, NotFound, Refused

if TYPE_CHECKING:
    from pulumi_encord_integrations.client.client import Client
    from pulumi_encord_integrations.model.keys import InvitationView, KeySpec, KeyView

EXAMPLES = (
    "keys list",
    "keys add --public-key laptop.pub --name laptop",
    "keys revoke laptop",
    "keys invite mia@example.com",
    "keys accept --new-key ~/.ssh/encord.key",
)
LIST_EXAMPLES = (
    "keys list",
    "keys list --for mia@example.com --all",
    "keys list --json | jq -r '.keys[].name'",
)
ADD_EXAMPLES = (
    "keys add --new-key ~/.ssh/encord.key --name laptop",
    "keys add --for ci@service-accounts.internal --public-key ci.pub --name ci --expires 90d --scope read",
)
REVOKE_EXAMPLES = (
    "keys revoke laptop",
    "keys revoke 0d2e9b6e-3c0a-4f5e-9a3b-0f6f6d8f6a11 --for mia@example.com",
)
_NONE = "this API has no keys"


class KeyScope(StrEnum):
    """What a key may be used for."""

    READ = "read"
    WRITE = "write"


For = Annotated[
    str | None,
    typer.Option("--for", metavar="EMAIL", help="Of somebody else; for admins of the organization."),
]
Scoped = Annotated[KeyScope, typer.Option("--scope", help="read: previews alone.")]


def keys(context: typer.Context) -> None:
    """Lists, registers and revokes keys, and invites people to register one."""
    if context.invoked_subcommand is None:
        say(context.get_help())
        raise typer.Exit(ExitCode.USAGE)


def list_keys(
    of: For = None,
    every: Annotated[bool, typer.Option("--all", help="Those that were revoked, too.")] = False,
    json: Json = False,
    stack: Stack = None,
) -> None:
    """Lists keys with their scope, their end and their last use.

    With --for, invitations that nobody has accepted, too. --json always has all keys.
    """
    from pulumi_encord_integrations.client import keys as api

    with existing(stack, _NONE) as client:
        known = api.listing(client, of)
        invited = api.invitations(client, of) if of else []
    if json:
        wire = [one.model_dump(mode="json", by_alias=True) for one in known]
        pending = [one.model_dump(mode="json", by_alias=True) for one in invited]
        result(document(keys=wire, invitations=pending))
        return
    from pulumi_encord_integrations.cli.rendering.keys import keys_table

    shown = [one for one in known if every or one.state != "revoked"]
    if not shown and not invited:
        say("no keys")
        return
    show(keys_table(shown, invited))


def add(
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What it is called in lists.")],
    public_key: PublicKeyFile = None,
    new_key: NewKeyFile = None,
    of: For = None,
    expires: Annotated[
        str | None,
        typer.Option("--expires", metavar="SPAN", help="Ends after 90d, 12h. [default: never]"),
    ] = None,
    scope: Scoped = KeyScope.WRITE,
    json: Json = False,
    stack: Stack = None,
) -> None:
    """Registers a public key, or makes a private one.

    Run again with the same file, it registers nothing twice.
    """
    require_one(public_key, new_key)
    from pulumi_encord_integrations.cli.spans import end_after
    from pulumi_encord_integrations.model.public_keys import openssh

    end = end_after(expires, "--expires")
    given = {"name": name, "scope": scope.value, "expires_at": end}
    checked({**given, "public_key": openssh("ab" * 32)})
    with existing(stack, _NONE, write=True) as client:
        if public_key is not None:
            key, made = read_public(public_key), False
        else:
            signer, made = signer_in(new_key)  # type: ignore[arg-type]  # one of both is given
            key = signer.public_key
        try:
            view = _registered(client, checked({**given, "public_key": openssh(key)}), of)
        except EncordError:
            if made:
                say(f"the private key in {printable(str(new_key))} stays: run this again to register it")
            raise
    say(f"{view.fingerprint} is a key of {printable(view.user)}: {view.scope}, {ends(view)}")
    if json:
        result(document(key=view.model_dump(mode="json", by_alias=True)))


def checked(given: dict[str, object]) -> "KeySpec":
    """The key to register; raises `typer.BadParameter`."""
    from pulumi_encord_integrations.model.keys import KeySpec

    spec, problems = KeySpec.examine(given)
    if spec is None or problems:
        raise typer.BadParameter("; ".join(f"--{one}" for one in map(str, problems)))
    return spec


def _registered(client: "Client", spec: "KeySpec", of: str | None) -> "KeyView":
    """The key, registered now, or before by a run whose answer was lost."""
    from pulumi_encord_integrations.client import keys as api

    try:
        return api.add(client, spec, of)
    except Refused as error:
        if error.code != "key_exists":
            raise
        same = [one for one in api.listing(client, of) if one.public_key == spec.public_key]
        if not same or same[0].state == "revoked":
            raise
        _require_like(same[0], spec)
        say("it was registered before; nothing was changed")
        return same[0]


def _require_like(known: "KeyView", spec: "KeySpec") -> None:
    """Raises `Refused` unless the key that is registered is what was asked for."""
    from datetime import datetime, timedelta

    # A run whose answer was lost reckoned the end from its own beginning.
    wanted = datetime.fromisoformat(spec.expires_at) if spec.expires_at else None
    late = known.expires_at and wanted and abs(known.expires_at - wanted) > timedelta(hours=1)
    if known.scope != spec.scope or bool(known.expires_at) != bool(wanted) or late:
        raise Refused(
            f"the key is registered already with another scope or end: {known.scope}, {ends(known)}",
            code="key_exists",
            hint="Register another key as you want it, then revoke this one: encord-integrations keys revoke",
        )


def revoke(
    key: Annotated[str, typer.Argument(metavar="KEY", help="Its uuid, name or fingerprint.")],
    of: For = None,
    yes: Yes = False,
    json: Json = False,
    stack: Stack = None,
) -> None:
    """Revokes a key, which never comes back.

    It and the bearer tokens made from it stop at once. With --for it also takes the uuid of an invitation.
    It asks first.
    """
    from pulumi_encord_integrations.client import keys as api

    with existing(stack, _NONE, write=True) as client:
        invited = api.invitations(client, of) if of else []
        invitation = next((one for one in invited if one.uuid == key), None)
        if invitation is not None:
            ended: InvitationView | KeyView = _uninvited(client, invitation, yes=yes)
        else:
            found = the_key(api.listing(client, of), key)
            say(f"{_named(found)} of {printable(found.user)} stops at once, with its bearer tokens.")
            if found.current:
                say("It is the key that you call with: nothing that you sign with it is taken afterwards.")
            confirm("Revoke?", yes=yes)
            ended = api.revoke(client, found.uuid, of)
            say("revoked")
    if json:
        result(document(revoked=ended.model_dump(mode="json", by_alias=True)))


def _uninvited(client: "Client", invitation: "InvitationView", *, yes: bool) -> "InvitationView":
    from pulumi_encord_integrations.client import keys as api

    say(f"The invitation of {printable(invitation.user)} by {printable(invitation.created_by)} ends.")
    confirm("Revoke?", yes=yes)
    ended = api.uninvite(client, invitation.user, invitation.uuid)
    say("revoked")
    return ended


def the_key(known: "Sequence[KeyView]", given: str) -> "KeyView":
    """The key of that uuid, fingerprint or name; raises `NotFound`, `Refused`."""
    from pulumi_encord_integrations.cli.lookup import nearest

    names = {given, f"SHA256:{given}"}
    exact = [one for one in known if one.uuid == given.lower() or one.fingerprint in names]
    called = [one for one in known if one.name == given]
    active = [one for one in called if one.state == "active"]
    found = exact or active or [one for one in called if one.state != "revoked"] or called
    if len(found) > 1:
        lines = [f"{one.uuid} {one.fingerprint} {one.state}" for one in found]
        raise Refused(
            f'{len(found)} keys are called "{given}"', hint="\n".join(["name it by its uuid", *lines])
        )
    if not found:
        hint = nearest(given, [one.name for one in known if one.name])
        raise NotFound(f'there is no key "{given}"', hint=hint or "see encord-integrations keys list")
    return found[0]


def ends(key: "KeyView") -> str:
    """When a key ends, in words."""
    return f"ends {key.expires_at:%Y-%m-%d %H:%M} UTC" if key.expires_at else "without an end"


def _named(key: "KeyView") -> str:
    return f'"{printable(key.name)}" ({key.fingerprint})' if key.name else key.fingerprint
