"""PostgreSQL as another machine would be: over TLS, with a certificate of a test's own CA."""

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from pulumi_encord_integrations.server.errors import DatabaseUnusable
from pulumi_encord_integrations.server.store.postgresql import PostgresqlDatabase
from tests.support import postgres
from tests.support.authority import Authority
from tests.support.command import ADA, run, serving
from tests.support.served import free_port

HOST = "db.example.com"


@dataclass
class Remote:
    server: postgres.Server
    ca: Path

    def at(self, host: str = HOST, **parameters: str) -> str:
        """The address of a new database as clients of another machine write it."""
        name = self.server.new(template="template0").partition("?")[0].rpartition("/")[2]
        given = {"hostaddr": "127.0.0.1", **parameters}
        said = "&".join(f"{key}={value}" for key, value in given.items())
        return f"postgresql://encord@{host}:{self.server.port}/{name}?{said}"


@pytest.fixture(scope="module")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remote]:
    if not (programs := postgres.programs()):
        pytest.skip("there is no PostgreSQL on this machine")
    server = postgres.Server(programs)
    server.halt()
    authority = Authority(tmp_path_factory.mktemp("authority"))
    authority.server(HOST, [])
    file = server.folder / "server.pem"
    file.write_bytes((authority.folder / "server.pem").read_bytes())
    server.own(file)
    server.port = free_port()
    plain = ("listen_addresses=127.0.0.1", f"port={server.port}")
    server.options = (*plain, "ssl=on", f"ssl_cert_file={file}", f"ssl_key_file={file}")
    server.start()
    yield Remote(server, authority.file)
    server.stop()


@pytest.fixture
def plain(remote: Remote) -> Iterator[Remote]:
    """The same server without TLS."""
    before = remote.server.options
    remote.server.halt()
    remote.server.options = before[:2]
    remote.server.start()
    yield remote
    remote.server.halt()
    remote.server.options = before
    remote.server.start()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in [name for name in os.environ if name.startswith("PG") or name == "SSL_CERT_FILE"]:
        monkeypatch.delenv(name)


def opened(address: str, folder: Path) -> PostgresqlDatabase:
    return PostgresqlDatabase(postgres.address_of(address), folder / "key", create=True)


def encrypted(database: PostgresqlDatabase) -> bool:
    with closing(database), database.read() as connection:
        query = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        return bool(connection.exec_driver_sql(query).scalar())


def refused(address: str, folder: Path) -> tuple[str, str]:
    with closing(opened(address, folder)) as database, pytest.raises(DatabaseUnusable) as refusal:
        database.prepare()
    assert "\n" not in refusal.value.message
    return refusal.value.message, refusal.value.hint


def test_a_certificate_of_a_ca_that_is_named_is_taken(remote: Remote, tmp_path: Path) -> None:
    database = opened(remote.at(sslrootcert=str(remote.ca)), tmp_path)
    database.prepare()
    assert (encrypted(database), database.caveat) == (True, "")


def test_a_ca_that_the_machine_trusts_is_taken(
    remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(remote.ca))
    database = opened(remote.at(), tmp_path)
    database.prepare()
    assert encrypted(database)


def test_a_ca_that_nobody_named_is_refused(remote: Remote, tmp_path: Path) -> None:
    message, hint = refused(remote.at(), tmp_path)
    assert message.endswith("its certificate is of a CA that this machine does not trust")
    assert "sslrootcert=FILE" in hint


def test_a_file_that_holds_no_ca_is_told(remote: Remote, tmp_path: Path) -> None:
    message, hint = refused(remote.at(sslrootcert=str(tmp_path / "gone")), tmp_path)
    assert message.endswith("there is no file of the CA that verifies its certificate")
    assert "sslrootcert=FILE" in hint


def test_a_certificate_for_another_name_is_refused(remote: Remote, tmp_path: Path) -> None:
    message, hint = refused(remote.at("other.example.com", sslrootcert=str(remote.ca)), tmp_path)
    assert message.endswith("its certificate is for another host name")
    assert "hostaddr=" in hint
    by_ca = opened(remote.at("other.example.com", sslrootcert=str(remote.ca), sslmode="verify-ca"), tmp_path)
    by_ca.prepare()
    assert encrypted(by_ca)
    assert "the host name of other.example.com is not verified" in by_ca.caveat


def test_a_server_without_tls_is_refused_unless_the_address_says_so(plain: Remote, tmp_path: Path) -> None:
    message, hint = refused(plain.at(), tmp_path)
    assert message.endswith("it does not offer TLS, which is required for other machines")
    assert "sslmode=disable" in hint
    database = opened(plain.at(sslmode="disable"), tmp_path)
    database.prepare()
    assert "sslmode=disable" in database.caveat
    assert not encrypted(database)


def test_on_loopback_and_on_a_unix_socket_nothing_is_verified(remote: Remote, tmp_path: Path) -> None:
    server = remote.server
    folder = str(server.folder).replace("/", "%2F")
    name = server.new(template="template0").partition("?")[0].rpartition("/")[2]
    for address in (
        f"postgresql://encord@localhost:{server.port}/{name}",
        f"postgresql://encord@127.0.0.1:{server.port}/{name}",
        f"postgresql:///{name}?host={server.folder}&port={server.port}&user=encord",
        f"postgresql://encord@{folder}:{server.port}/{name}",
    ):
        database = opened(address, tmp_path)
        with closing(database):
            database.prepare()
            assert database.caveat == ""


def test_serve_says_once_that_the_connection_is_not_verified(remote: Remote, tmp_path: Path) -> None:
    address = remote.at(sslmode="require")
    named = ("--database", address, "--encryption-key", "key")
    made = run(tmp_path, "init-server", *named, "--organization", "A", "--admin", ADA, "--new-key", "k")
    assert made.code == 0, made.err
    with serving(tmp_path, *named) as server:
        server.process.terminate()
        code, said = server.ended()
    assert code == 0
    assert said.count(f"the connection to {HOST} is not verified (sslmode=require in the address)") == 1


def test_an_address_that_verifies_is_served_without_a_word(remote: Remote, tmp_path: Path) -> None:
    address = remote.at(sslrootcert=str(remote.ca))
    named = ("--database", address, "--encryption-key", "key")
    made = run(tmp_path, "init-server", *named, "--organization", "A", "--admin", ADA, "--new-key", "k")
    assert made.code == 0, made.err
    with serving(tmp_path, *named) as server:
        server.process.terminate()
        assert server.ended() == (0, "")
    ran = run(tmp_path, "maintain", "--database", remote.at(), "--encryption-key", "key", PGSSLMODE="require")
    assert (ran.code, "PGSSLMODE=require would not verify" in ran.err) == (2, True)


def test_the_server_of_the_tests_speaks_tls(remote: Remote) -> None:
    with psycopg.connect(remote.at(sslmode="require")) as connection:
        assert connection.pgconn.ssl_in_use
