"""How PostgreSQL is reached: libpq's parameters, and TLS that verifies every other machine."""

import os
import ssl
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from pulumi_encord_integrations.model.databases import PostgresqlAddress
from pulumi_encord_integrations.server.errors import DatabaseUnusable

# libpq's own settings; the address may say otherwise.
_CONNECTING = {"connect_timeout": "5", "application_name": "encord-integrations", "tcp_user_timeout": "15000"}
_VERIFIES_ALL, _VERIFIES_CA = "verify-full", "verify-ca"
_SYSTEM_SINCE = 160000
"""The version of libpq that knows `sslrootcert=system`."""
_CA_HINT = "Name the file of its CA in the address: ?sslrootcert=FILE"
_TLS_PROBLEMS = (
    ("certificate verify failed", "its certificate is of a CA that this machine does not trust", _CA_HINT),
    ("root certificate file", "there is no file of the CA that verifies its certificate", _CA_HINT),
    ("could not read root certificate", "the file of the CA cannot be read", _CA_HINT),
    (
        "does not match host name",
        "its certificate is for another host name",
        "Name the host in the address as the certificate does; hostaddr= says where it is",
    ),
    (
        "server does not support SSL",
        "it does not offer TLS, which is required for other machines",
        "Turn it on there (ssl = on); with sslmode=disable in the address everybody on the way reads all",
    ),
)
"""Words of libpq, what they mean, what to do."""


def connecting(address: PostgresqlAddress) -> tuple[dict[str, Any], str]:
    """What psycopg connects with, and what whoever serves it should know; raises `DatabaseUnusable`."""
    given = _given(address)
    secure, caveat = _tls(given, os.environ)
    # PgBouncer may give each transaction another connection, where a statement prepared earlier is unknown.
    return {**_CONNECTING, **given, **secure, "prepare_threshold": None}, caveat


def tls_problem(text: str) -> tuple[str, str] | None:
    """What an error of libpq about TLS means, and what to do."""
    return next(((means, hint) for words, means, hint in _TLS_PROBLEMS if words in text), None)


def _given(address: PostgresqlAddress) -> dict[str, Any]:
    try:
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict
    except ImportError:
        raise DatabaseUnusable(
            "PostgreSQL needs psycopg",
            "Install the extra: pip install 'pulumi-encord-integrations[server,postgresql]'",
        ) from None
    try:
        return dict(conninfo_to_dict(address.uri))
    # Its text quotes the address.
    except ProgrammingError:
        raise DatabaseUnusable(
            "the database's address has a parameter that libpq does not know",
            "Its parameters: https://www.postgresql.org/docs/current/libpq-connect.html",
        ) from None


def _tls(given: Mapping[str, Any], environment: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """The parameters of TLS that the address leaves out, and what is not verified."""
    others = [host for host in _hosts(given, environment) if not _is_here(host)]
    if not others:
        return {}, ""
    named = ", ".join(others)
    chosen = given.get("sslmode")
    if chosen == _VERIFIES_ALL:
        return _trusted(given, environment), ""
    if chosen == _VERIFIES_CA:
        caveat = f"the host name of {named} is not verified (sslmode={chosen} in the address)"
        return _trusted(given, environment), f"{caveat}: whoever has a certificate of the CA can pose as it"
    if chosen:
        caveat = f"the connection to {named} is not verified (sslmode={chosen} in the address)"
        return {}, f"{caveat}: whoever is on the way can read and change everything"
    ambient = environment.get("PGSSLMODE")
    if ambient and ambient != _VERIFIES_ALL:
        raise DatabaseUnusable(
            f"PGSSLMODE={ambient} would not verify {named}",
            f"Unset it; or write it into the address, where it is seen: ?sslmode={ambient}",
        )
    return {"sslmode": _VERIFIES_ALL, **_trusted(given, environment)}, ""


def _hosts(given: Mapping[str, Any], environment: Mapping[str, str]) -> list[str]:
    """All hosts that may be connected to.

    A service may name a `hostaddr`, which wins over each host; only libpq knows it, so it counts as another
    machine unless the address names one.
    """
    service = given.get("service") or environment.get("PGSERVICE")
    if service and not given.get("hostaddr"):
        return [f"the service {service}"]
    names = str(given.get("host") or environment.get("PGHOST") or "")
    addresses = str(given.get("hostaddr") or environment.get("PGHOSTADDR") or "")
    return [host for host in (*names.split(","), *addresses.split(",")) if host]


def _is_here(host: str) -> bool:
    """Whether it is a Unix socket or loopback."""
    if host.startswith(("/", "@")) or host.lower() == "localhost":
        return True
    try:
        return ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _trusted(given: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, str]:
    """The CAs of this machine, unless others are named; raises `DatabaseUnusable`."""
    default = os.path.expanduser("~/.postgresql/root.crt")  # noqa: PTH111  libpq's own place
    if given.get("sslrootcert") or environment.get("PGSSLROOTCERT") or os.path.exists(default):  # noqa: PTH110
        return {}
    # Wheels of psycopg bring an OpenSSL that looks for them where no system has them.
    found = ssl.get_default_verify_paths().cafile
    if found:
        return {"sslrootcert": found}
    from psycopg import pq

    if pq.version() < _SYSTEM_SINCE:
        raise DatabaseUnusable(f"libpq {pq.version() // 10000} cannot use the CAs of this machine", _CA_HINT)
    return {"sslrootcert": "system"}
