"""The verbs together, and the border of the process."""

import logging
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from pulumi_encord_integrations.cli import error_reporting
from pulumi_encord_integrations.cli.commands import (
    approve,
    audit,
    backup,
    cloud_policy,
    credentials,
    doctor,
    init_server,
    invitations,
    join,
    keys,
    maintain,
    members,
    recover_admin,
    register,
    registrations,
    release,
    remove_admin,
    restore,
    rotate_encryption_key,
    scenarios,
    serve,
    show,
    verify,
    video_metadata,
    who_can,
)
from pulumi_encord_integrations.cli.commands import list as listing
from pulumi_encord_integrations.cli.exit_codes import ExitCode
from pulumi_encord_integrations.cli.rendering import output
from pulumi_encord_integrations.cli.rendering.help import NAME, verb, verbs

_EXAMPLES = (
    "list",
    "show prod-images",
    "members prod-images",
    "who-can mia@example.com",
    "join prod-images",
    "keys list",
    "register prod-images videos.json",
    "registrations prod-images --list videos",
    "release prod-images",
    "video-metadata video_file.mp4",
    "cloud-policy prod-images",
    "verify prod-images",
    "credentials --within 30d",
    "scenarios --type aws --strict --over-vpn",
    "audit --since 7d",
    "doctor --stack prod",
    "init-server --database /srv/encord.sqlite --organization Acme --admin ada@example.com --new-key ada.key",
    "serve --database /srv/encord.sqlite",
)

app = typer.Typer(name=NAME, cls=verbs(*_EXAMPLES), rich_markup_mode=None, pretty_exceptions_enable=False)
app.command("list", cls=verb(*listing.EXAMPLES))(listing.list_integrations)
app.command("show", cls=verb(*show.EXAMPLES))(show.show)
app.command("members", cls=verb(*members.EXAMPLES))(members.members)
app.command("who-can", cls=verb(*who_can.EXAMPLES))(who_can.who_can)
app.command("join", cls=verb(*join.EXAMPLES))(join.join)
app.command("cloud-policy", cls=verb(*cloud_policy.EXAMPLES))(cloud_policy.cloud_policy)
app.command("verify", cls=verb(*verify.EXAMPLES))(verify.verify)
app.command("register", cls=verb(*register.EXAMPLES))(register.register)
app.command("registrations", cls=verb(*registrations.EXAMPLES))(registrations.registrations)
app.command("release", cls=verb(*release.EXAMPLES))(release.release)
app.command("video-metadata", cls=verb(*video_metadata.EXAMPLES))(video_metadata.video_metadata)
app.command("scenarios", cls=verb(*scenarios.EXAMPLES))(scenarios.scenarios)
app.command("credentials", cls=verb(*credentials.EXAMPLES))(credentials.credentials)
app.command("audit", cls=verb(*audit.EXAMPLES))(audit.audit)
app.command("doctor", cls=verb(*doctor.EXAMPLES))(doctor.doctor)
app.command("serve", cls=verb(*serve.EXAMPLES))(serve.serve)
app.command("init-server", cls=verb(*init_server.EXAMPLES))(init_server.init_server)
app.command("approve", cls=verb(*approve.EXAMPLES))(approve.approve)
app.command("recover-admin", cls=verb(*recover_admin.EXAMPLES))(recover_admin.recover_admin)
app.command("remove-admin", cls=verb(*remove_admin.EXAMPLES))(remove_admin.remove_admin)
app.command("maintain", cls=verb(*maintain.EXAMPLES))(maintain.maintain)
app.command("backup", cls=verb(*backup.EXAMPLES))(backup.backup)
app.command("restore", cls=verb(*restore.EXAMPLES))(restore.restore)
app.command("rotate-encryption-key", cls=verb(*rotate_encryption_key.EXAMPLES))(
    rotate_encryption_key.rotate_encryption_key
)

of_keys = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
of_keys.command("list", cls=verb(*keys.LIST_EXAMPLES))(keys.list_keys)
of_keys.command("add", cls=verb(*keys.ADD_EXAMPLES))(keys.add)
of_keys.command("revoke", cls=verb(*keys.REVOKE_EXAMPLES))(keys.revoke)
of_keys.command("invite", cls=verb(*invitations.INVITE_EXAMPLES))(invitations.invite)
of_keys.command("accept", cls=verb(*invitations.ACCEPT_EXAMPLES))(invitations.accept)
of_keys.callback(invoke_without_command=True)(keys.keys)
app.add_typer(of_keys, name="keys", cls=verbs(*keys.EXAMPLES))


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        output.result(f"{NAME} {version('pulumi-encord-integrations')}\n")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    _show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    _debug: Annotated[
        bool, typer.Option("--debug", help="Say what is done and show tracebacks; for every verb.")
    ] = False,
) -> None:
    """Serves, lists and shows Encord data integrations, and who may use them.

    Only pulumi up changes what is declared.
    """
    if context.invoked_subcommand is None:
        output.say(context.get_help())
        raise typer.Exit(ExitCode.USAGE)


def run(arguments: Sequence[str]) -> int:
    """Runs the command and answers its exit code; nothing escapes."""
    debug, rest = _without_debug(list(arguments))
    if debug:
        logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
        logging.getLogger("pulumi_encord_integrations").setLevel(logging.DEBUG)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        command = typer.main.get_command(app)
        return error_reporting.ended(command.main(args=rest, prog_name=NAME, standalone_mode=False))
    except KeyboardInterrupt:
        return error_reporting.cancelled()
    except SystemExit:
        # typer, where the reader of the help has gone away.
        return ExitCode.DONE
    except Exception as error:  # noqa: BLE001  the border of the process
        return error_reporting.report(error, debug=debug)


def _without_debug(arguments: list[str]) -> tuple[bool, list[str]]:
    """Takes --debug out wherever it stands, so that it holds for wrong calls too."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    options = [argument for argument in arguments[:end] if argument != "--debug"]
    return len(options) < end, options + arguments[end:]
