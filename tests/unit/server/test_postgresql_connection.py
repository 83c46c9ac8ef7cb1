"""What libpq is told about TLS: other machines are verified, unless the address says otherwise."""

import ssl
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pulumi_encord_integrations.server.errors import DatabaseUnusable
from pulumi_encord_integrations.server.store import postgresql_connection
from pulumi_encord_integrations.server.store.postgresql import PostgresqlDatabase
from pulumi_encord_integrations.server.store.postgresql_connection import connecting, tls_problem
from tests.support.postgres import address_of

CAS = "/etc/ssl/certs/of-this-machine.pem"


class Paths:
    cafile: str | None = CAS


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in ("PGHOST", "PGHOSTADDR", "PGSSLMODE", "PGSSLROOTCERT", "PGSERVICE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: Paths)
    return tmp_path


def parameters(address: str) -> dict[str, Any]:
    found, _ = connecting(address_of(address))
    return {name: found[name] for name in ("sslmode", "sslrootcert") if name in found}


VERIFIED = {"sslmode": "verify-full", "sslrootcert": CAS}


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://db.example.com/x",
        "postgresql://10.0.0.7/x",
        "postgresql://[2001:db8::1]/x",
        "postgresql://127.0.0.1,db.example.com/x",
        "postgresql://db.example.com/x?hostaddr=127.0.0.1",
        "postgresql://localhost/x?hostaddr=10.0.0.7",
        "postgresql:///x?hostaddr=10.0.0.7",
        "postgresql:///x?host=/run/postgresql,db.example.com",
        "postgresql://localhost.example.com/x",
        "postgresql://db%2Eexample%2Ecom/x",
        "postgresql://?service=encord",
        "postgresql://localhost/x?service=encord",
        "postgresql:///x?host=/run/postgresql&service=encord",
    ],
)
def test_another_machine_is_verified(address: str) -> None:
    found, caveat = connecting(address_of(address))
    assert {name: found[name] for name in VERIFIED} == VERIFIED
    assert caveat == ""


@pytest.mark.parametrize(
    "address",
    [
        "postgresql:///x",
        "postgresql:///x?host=/run/postgresql",
        "postgresql://%2Frun%2Fpostgresql/x",
        "postgresql:///x?host=%40abstract",
        "postgresql://localhost/x",
        "postgresql://LOCALHOST/x",
        "postgresql://127.0.0.1/x",
        "postgresql://127.8.9.1/x",
        "postgresql://[::1]/x",
        "postgresql://localhost,127.0.0.1/x",
    ],
)
def test_this_machine_is_reached_as_libpq_does(address: str) -> None:
    assert parameters(address) == {}
    assert connecting(address_of(address))[1] == ""


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "require"])
def test_what_the_address_says_holds_and_is_told(mode: str) -> None:
    found, caveat = connecting(address_of(f"postgresql://ada:hush@db.example.com/x?sslmode={mode}"))
    assert found["sslmode"] == mode
    assert "sslrootcert" not in found
    assert f"the connection to db.example.com is not verified (sslmode={mode} in the address)" in caveat
    assert "hush" not in caveat


def test_the_mode_that_verifies_all_is_taken_from_the_address_and_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert parameters("postgresql://h/x?sslmode=verify-full") == VERIFIED
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    assert parameters("postgresql://h/x") == VERIFIED


def test_an_address_whose_host_name_is_not_verified_is_told() -> None:
    found, caveat = connecting(address_of("postgresql://h/x?sslmode=verify-ca"))
    assert (found["sslmode"], found["sslrootcert"]) == ("verify-ca", CAS)
    assert "the host name of h is not verified (sslmode=verify-ca in the address)" in caveat


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "require", "verify-ca", "other"])
def test_the_environment_cannot_weaken_it(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLMODE", mode)
    with pytest.raises(DatabaseUnusable, match=f"PGSSLMODE={mode} would not verify h") as refusal:
        connecting(address_of("postgresql://h/x"))
    assert f"?sslmode={mode}" in refusal.value.hint
    assert parameters("postgresql://localhost/x") == {}


def test_a_host_of_the_environment_is_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "db.example.com")
    assert parameters("postgresql:///x") == VERIFIED
    monkeypatch.setenv("PGHOST", "/run/postgresql")
    assert parameters("postgresql:///x") == {}
    monkeypatch.setenv("PGHOSTADDR", "10.0.0.7")
    assert parameters("postgresql:///x") == VERIFIED


def test_a_service_wins_over_the_hosts_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSERVICE", "encord")
    assert parameters("postgresql://localhost/x") == VERIFIED
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.1")
    assert parameters("postgresql:///x") == VERIFIED
    assert parameters("postgresql:///x?hostaddr=127.0.0.1") == {}


def test_cas_that_are_named_are_used(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = {"sslmode": "verify-full", "sslrootcert": "/ca.pem"}
    assert parameters("postgresql://h/x?sslrootcert=/ca.pem") == named
    (machine / ".postgresql").mkdir()
    (machine / ".postgresql" / "root.crt").touch()
    assert parameters("postgresql://h/x") == {"sslmode": "verify-full"}
    (machine / ".postgresql" / "root.crt").unlink()
    monkeypatch.setenv("PGSSLROOTCERT", "/ca.pem")
    assert parameters("postgresql://h/x") == {"sslmode": "verify-full"}


def test_where_python_knows_no_cas_libpq_must_know_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Paths, "cafile", None)
    assert parameters("postgresql://h/x") == {"sslmode": "verify-full", "sslrootcert": "system"}
    monkeypatch.setattr(psycopg.pq, "version", lambda: 150_004)
    with pytest.raises(DatabaseUnusable, match="libpq 15 cannot use the CAs of this machine") as refusal:
        connecting(address_of("postgresql://h/x"))
    assert "?sslrootcert=FILE" in refusal.value.hint


def test_databases_of_one_name_on_two_servers_have_copies_of_their_own(tmp_path: Path) -> None:
    class Connected:
        def exec_driver_sql(self, _: str) -> Any:
            return self

        def scalar(self) -> str:
            return "encord"

    (tmp_path / "key").touch()
    addresses = ("postgresql://a/encord", "postgresql://b/encord", "postgresql://a:6000/encord")
    opened = [PostgresqlDatabase(address_of(one), tmp_path / "key") for one in (*addresses, addresses[0])]
    first, *others, again = [one._copy_file(Connected()) for one in opened]  # type: ignore[arg-type]
    assert len({first, *others}) == 3
    assert again == first
    assert first.name.startswith("encord.")


def test_an_error_that_is_not_about_tls_is_none_of_it() -> None:
    assert tls_problem("connection refused") is None
    assert postgresql_connection._is_here("fe80::1%eth0") is False
