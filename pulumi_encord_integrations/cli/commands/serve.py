"""`encord-integrations serve`."""

import os
import socket
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pulumi_encord_integrations.cli import interrupts
from pulumi_encord_integrations.cli.extras import Database, EncryptionKey, database_in, require_server
from pulumi_encord_integrations.cli.operator import tell_migrated
from pulumi_encord_integrations.cli.rendering.help import NAME
from pulumi_encord_integrations.cli.rendering.output import say
from pulumi_encord_integrations.cli.served_addresses import acceptance, is_loopback, metrics_address
from pulumi_encord_integrations.client.errors import ConfigurationError

if TYPE_CHECKING:
    from pulumi_encord_integrations.client.settings import Settings
    from pulumi_encord_integrations.model.databases import PostgresqlAddress
    from pulumi_encord_integrations.server.auth import Acceptance
    from pulumi_encord_integrations.server.store.database import Database as OpenDatabase

EXAMPLES = (
    "serve --database /srv/encord.sqlite",
    "serve --database /srv/encord.sqlite --port 0",
    "serve --database postgresql://encord@db.example.com/encord --encryption-key /srv/encord.encryption-key",
    "serve --database /srv/encord.sqlite --host 0.0.0.0 --behind-tls-proxy --public-host encord.example.com",
    "serve --database /srv/encord.sqlite --public-url https://encord.example.com",
    "serve --database /srv/encord.sqlite --log-format json --metrics 127.0.0.1:9464",
)


class LogFormat(StrEnum):
    """How log lines are written."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """The least that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def serve(
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: a free one.")] = 8080,
    database: Database = None,
    encryption_key: EncryptionKey = None,
    behind_tls_proxy: Annotated[
        bool, typer.Option("--behind-tls-proxy", help="Other machines reach it through a TLS proxy only.")
    ] = False,
    public_url: Annotated[
        list[str] | None,
        typer.Option(
            "--public-url",
            metavar="URL",
            help="Where callers reach it, if a proxy changes Host or strips a prefix. Repeatable.",
        ),
    ] = None,
    public_host: Annotated[
        list[str] | None,
        typer.Option(
            "--public-host",
            metavar="HOST",
            help="The name that callers use, if a proxy passes it on. Repeatable.",
        ),
    ] = None,
    strict_signatures: Annotated[
        bool,
        typer.Option("--strict-signatures", help="Refuse bearer tokens, and signatures without a nonce."),
    ] = False,
    log_format: Annotated[
        LogFormat,
        typer.Option(
            "--log-format", help="What the log on stderr is: lines of text, or a JSON object a line."
        ),
    ] = LogFormat.TEXT,
    log_level: Annotated[
        LogLevel | None,
        typer.Option(
            "--log-level",
            help="The least that is logged; info has a line for each request.",
            show_default=False,
        ),
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            "--metrics", metavar="ADDRESS:PORT", help="Where Prometheus reads metrics; port 0: a free one."
        ),
    ] = None,
    no_backup: Annotated[
        bool, typer.Option("--no-backup", help="Keep no copy of an older database before it is migrated.")
    ] = False,
) -> None:
    """Serves the API until a signal (Ctrl-C, SIGTERM) ends it.

    It speaks http: for this machine alone, or for a proxy that speaks https to all others. Signatures cover
    the Host header: the proxy passes it on (--public-host), or changes it (--public-url says what it was).
    """
    if not (is_loopback(host) or behind_tls_proxy):
        raise ConfigurationError(
            f"{host} would let other machines in over http",
            hint="Put a proxy that speaks https before it and say so: --behind-tls-proxy",
        )
    from pulumi_encord_integrations.cli.configuration import read_server_settings

    metrics_at = None if metrics is None else metrics_address(metrics)
    accepted = acceptance(host, public_host or [], public_url or [], strict=strict_signatures)
    settings = read_server_settings()
    place = database_in(database, settings)
    require_server(place)
    _log_to_stderr(log_format, log_level)
    opened = open_database(place, encryption_key or settings.encryption_key_file)
    opened.keeps_copy = not no_backup
    app = _open(opened, settings, accepted)
    listener = _listen(host, port)
    measured = None if metrics_at is None else _measure(app, *metrics_at)
    _run(app, listener, opened, measured)


def open_database(
    place: "Path | PostgresqlAddress", key_file: Path | None, *, create: bool = False
) -> "OpenDatabase":
    """The database of a file or address; raises `ConfigurationError`."""
    from pulumi_encord_integrations.server.errors import DatabaseUnusable
    from pulumi_encord_integrations.server.store.factory import database_at

    try:
        return database_at(place, key_file, create=create)
    except DatabaseUnusable as error:
        raise ConfigurationError(error.message, hint=error.hint) from None


def _open(database: "OpenDatabase", settings: "Settings", accepted: "Acceptance") -> Any:
    """The service on a database that `init-server` made; raises `ConfigurationError`."""
    from pulumi_encord_integrations.server.app import create_app
    from pulumi_encord_integrations.server.deployment import Deployment
    from pulumi_encord_integrations.server.errors import DatabaseUnusable
    from pulumi_encord_integrations.server.initialization import open_served

    try:
        vault = open_served(database)
        database.probe()
    except DatabaseUnusable as error:
        made = f"--database {database.name} --organization NAME --admin EMAIL --new-key FILE"
        init = f"Make it: {NAME} init-server {made}"
        raise ConfigurationError(error.message, hint=init if error.missing else error.hint) from None
    deployment = Deployment(
        vault,
        settings.principals,
        settings.clouds,
        accepted,
        settings.quotas,
        settings.max_requests_per_minute,
    )
    return create_app(deployment, database)


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket; raises `ConfigurationError`."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.create_server(address[:2], family=family, backlog=2048)
        # asyncio turns Nagle's algorithm off only where the protocol is named: 40 ms of each request.
        return socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, listener.detach())
    except socket.gaierror:
        raise ConfigurationError(f"{host} is no address of this machine") from None
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen on {host} port {port}: {os.strerror(error.errno or 0)}",
            hint="Choose another with --port; 0 takes a free one",
        ) from None


def _log_to_stderr(kind: LogFormat, level: LogLevel | None) -> None:
    """Text is for who watches, so it holds what needs attention; JSON is for a machine, which takes all."""
    from pulumi_encord_integrations.server import logs

    default = LogLevel.INFO if kind is LogFormat.JSON else LogLevel.WARNING
    stream = None if sys.__stderr__ is None else sys.__stderr__.fileno()
    logs.configure(kind.value, (level or default).value, stream)


def _measure(app: Any, host: str, port: int) -> str:
    """Serves metrics of the application; answers their address. Raises `ConfigurationError`."""
    from pulumi_encord_integrations.server.metrics import Metrics

    app.state.metrics = Metrics(app.state.database)
    try:
        found = app.state.metrics.serve(host, port)
    except OSError as error:
        raise ConfigurationError(
            f"cannot serve metrics on {host} port {port}: {error.strerror or error}",
            hint="Choose another address with --metrics; port 0 takes a free one",
        ) from None
    return f"{_http(host, found)}/metrics"


def _run(app: Any, listener: socket.socket, database: "OpenDatabase", metrics: str | None) -> None:
    from pulumi_encord_integrations.server.http_server import serve as run

    def listening() -> None:
        # By now the server has handlers of its own.
        interrupts.release()
        say(f"listening on {_address(listener)}, database {database.name}, {database.described()}")
        if metrics:
            say(f"metrics on {metrics}")
        tell_migrated(database)
        if database.caveat:
            say(database.caveat)

    run(app, listener, listening, database.close)


def _address(listener: socket.socket) -> str:
    return _http(*listener.getsockname()[:2])


def _http(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
