"""`init-server` and `serve` as real processes, with our client and Encord's own SDK talking to them."""

import signal
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from encord import EncordUserClient

from pulumi_encord_integrations.cli.commands import serve
from pulumi_encord_integrations.client import integrations, organizations
from pulumi_encord_integrations.client.auth import Signer, read_key
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.client.errors import ConfigurationError
from pulumi_encord_integrations.client.settings import Settings
from pulumi_encord_integrations.model.identity import Placement
from pulumi_encord_integrations.model.integration_types.aws import AwsSpec
from pulumi_encord_integrations.model.integrations import IntegrationView
from pulumi_encord_integrations.server.auth import Acceptance
from pulumi_encord_integrations.server.store.sqlite import SqliteDatabase, journal_mode
from tests.support.command import ADA, Ran, found, run, serving

PRINCIPAL = "arn:aws:iam::111122223333:user/encord"
FILES = ("served.sqlite", "served.sqlite.encryption-key", "ada.key")


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("founded")
    assert found(folder).code == 0
    return folder


@pytest.fixture(scope="module")
def address(founded: Path) -> Iterator[str]:
    with serving(founded, ENCORD_AWS_PRINCIPAL_ARN=PRINCIPAL) as server:
        yield server.address


T = TypeVar("T")


def asked(address: str, key: Path, question: Callable[[Client], T]) -> T:
    """What the API answers to the owner of a key."""
    with closing(Client(address, Signer(read_key(key)))) as client:
        return question(client)


def created(address: str, folder: Path, title: str) -> IntegrationView:
    spec = AwsSpec.model_validate(
        {
            "title": title,
            "role_arn": "arn:aws:iam::123456789012:role/encord-prod",
            "buckets": ["acme-training"],
        }
    )
    view, _ = asked(address, folder / "ada.key", lambda api: integrations.create(api, spec, Placement()))
    return view


def openssh(folder: Path) -> bytes:
    """The admin's public key as ssh-keygen writes it."""
    key = read_key(folder / "ada.key").public_key()
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_admin_of_a_new_server_is_its_caller(address: str, founded: Path) -> None:
    me = asked(address, founded / "ada.key", organizations.current)
    assert (me.name, me.user_email, me.role) == ("Acme", ADA, "ADMIN")


def test_the_command_shows_what_the_client_made(address: str, founded: Path) -> None:
    made = created(address, founded, "made by the client")
    ran = run(
        founded, "show", made.title, ENCORD_ENDPOINT=address, ENCORD_SSH_KEY_FILE=str(founded / "ada.key")
    )
    assert ran.code == 0
    assert made.uuid in ran.out
    assert PRINCIPAL in ran.out


def test_encords_own_sdk_lists_what_is_served(address: str, founded: Path) -> None:
    made = created(address, founded, "seen by the SDK")
    sdk = EncordUserClient.create_with_ssh_private_key(
        ssh_private_key_path=founded / "ada.key", domain=address
    )
    assert (made.uuid, made.title) in [(i.id, i.title) for i in sdk.get_cloud_integrations()]
    (only,) = sdk.get_cloud_integrations(filter_integration_titles=[made.title])
    assert only.id == made.uuid


def test_a_public_key_from_ssh_keygen_may_be_registered_instead(founded: Path, tmp_path: Path) -> None:
    (tmp_path / "ada.pub").write_bytes(openssh(founded) + b" ada@laptop\n")
    named = ("--organization", "Acme", "--admin", "Ada@Example.com", "--public-key", "ada.pub")
    assert run(tmp_path, "init-server", "--database", "served.sqlite", *named).code == 0
    with serving(tmp_path) as server:
        assert asked(server.address, founded / "ada.key", organizations.current).user_email == ADA


def test_the_line_of_serve_names_address_database_and_journal_mode(founded: Path) -> None:
    mode, _ = journal_mode(sqlite3.sqlite_version_info)
    with serving(founded) as server:
        assert server.line.startswith(f"listening on {server.address}, ")
        assert str(founded / "served.sqlite") in server.line
        assert f"journal mode {mode}" in server.line


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_cleanly_and_without_a_word(founded: Path, number: signal.Signals) -> None:
    with serving(founded) as server:
        asked(server.address, founded / "ada.key", organizations.current)
        server.process.send_signal(number)
        assert server.ended() == (0, "")


def test_what_was_written_is_there_after_a_restart(founded: Path) -> None:
    with serving(founded) as server:
        made = created(server.address, founded, "lives on")
    with serving(founded) as server:
        again = asked(server.address, founded / "ada.key", lambda api: integrations.read(api, made.uuid))
    assert again == made


def test_the_new_files_are_their_owners_alone(founded: Path) -> None:
    assert {(founded / name).stat().st_mode & 0o777 for name in FILES} == {0o600}


def test_a_second_init_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    assert found(tmp_path).code == 0
    before = contents(tmp_path)
    again = found(tmp_path, key="other.key")
    assert again.code == 1
    assert 'served.sqlite holds the organization "Acme" already\n' in again.err
    assert contents(tmp_path) == before


def test_init_names_the_next_command_and_it_works(tmp_path: Path) -> None:
    ran = found(tmp_path)
    assert all(str(tmp_path / name) in ran.out for name in FILES)
    verb, *rest = ran.err.splitlines()[-1].removeprefix("next: encord-integrations ").split()
    assert verb == "serve"
    with serving(tmp_path, *rest) as server:
        assert asked(server.address, tmp_path / "ada.key", organizations.current).user_email == ADA


def refused(ran: Ran, said: str) -> None:
    """Called wrongly, told in one line and its hints, nothing on stdout."""
    assert (ran.code, ran.out) == (2, ""), ran
    error, *hints = ran.err.splitlines()
    assert said in error
    assert all(line.startswith("hint: ") for line in hints)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"--admin": "nobody"}, "--admin must be an e-mail address"),
        ({"--admin": "boss@Service-Accounts.internal"}, "--admin must be a person's e-mail"),
        ({"--organization": " "}, "--organization must not be empty"),
        ({"--public-key": "absent.pub"}, "cannot read absent.pub"),
        ({"--public-key": "rsa.pub"}, "rsa.pub holds no usable public key"),
        ({"--database": "other.sqlite"}, "other.sqlite is the database of another program"),
        ({"--database": "text"}, "text is not an SQLite database"),
        ({"--new-key": "another.key"}, "give either --public-key or --new-key"),
    ],
)
def test_a_wrong_init_is_refused_and_makes_nothing(
    tmp_path: Path, founded: Path, changed: dict[str, str], said: str
) -> None:
    (tmp_path / "ok.pub").write_bytes(openssh(founded))
    (tmp_path / "rsa.pub").write_text("ssh-rsa AAAA nobody")
    (tmp_path / "text").touch(0o600)
    (tmp_path / "text").write_text("no database at all " * 100)
    with closing(sqlite3.connect(tmp_path / "other.sqlite")) as other:
        other.execute("CREATE TABLE theirs (x)")
    (tmp_path / "other.sqlite").chmod(0o600)
    before = contents(tmp_path)
    options = {"--database": "a.sqlite", "--organization": "Acme", "--admin": ADA, "--public-key": "ok.pub"}
    refused(
        run(tmp_path, "init-server", *(part for pair in {**options, **changed}.items() for part in pair)),
        said,
    )
    assert contents(tmp_path) == before


def test_a_key_file_that_exists_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "ada.key").write_text("precious")
    refused(found(tmp_path), "ada.key exists")
    assert contents(tmp_path) == {"ada.key": b"precious"}


def test_a_missing_database_names_the_command_that_makes_it(tmp_path: Path) -> None:
    ran = run(tmp_path, "serve", "--database", "none.sqlite")
    refused(ran, "there is no database")
    assert "encord-integrations init-server --database" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    found(tmp_path)
    with closing(sqlite3.connect(tmp_path / "served.sqlite", isolation_level=None)) as served:
        served.execute("UPDATE alembic_version SET version_num = '9999'")
    refused(run(tmp_path, "serve", "--database", "served.sqlite"), "made by a newer version")


def test_the_key_of_a_file_may_lie_elsewhere_if_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir(mode=0o700)
    named = ("--database", "served.sqlite", "--encryption-key", "keys/key")
    made = run(tmp_path, "init-server", *named, "--organization", "A", "--admin", ADA, "--new-key", "ada.key")
    assert made.code == 0, made.err
    assert f"--encryption-key {tmp_path / 'keys' / 'key'}" in made.err
    assert not (tmp_path / "served.sqlite.encryption-key").exists()
    refused(run(tmp_path, "serve", "--database", "served.sqlite"), "encryption-key is missing")
    with serving(tmp_path, *named) as server:
        server.process.terminate()
        assert server.ended()[0] == 0


def test_a_database_without_its_encryption_key_is_refused(tmp_path: Path) -> None:
    found(tmp_path)
    (tmp_path / "served.sqlite.encryption-key").unlink()
    refused(run(tmp_path, "serve", "--database", "served.sqlite"), "encryption-key is missing")


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").touch(0o600)
    (tmp_path / "text").write_text("no database at all " * 100)
    refused(run(tmp_path, "serve", "--database", "text"), "is not an SQLite database")


def test_a_port_in_use_is_refused(founded: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ran = run(founded, "serve", "--database", "served.sqlite", "--port", port)
    refused(ran, f"cannot listen on 127.0.0.1 port {port}: Address already in use")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.com"])
def test_other_machines_are_let_in_only_through_a_tls_proxy(founded: Path, host: str) -> None:
    ran = run(founded, "serve", "--database", "served.sqlite", "--host", host)
    refused(ran, f"{host} would let other machines in over http")
    assert "--behind-tls-proxy" in ran.err


def test_behind_a_tls_proxy_any_host_will_do(tmp_path: Path) -> None:
    named = ("--behind-tls-proxy", "--public-host", "encord.example.com")
    ran = run(tmp_path, "serve", "--database", "none.sqlite", "--host", "0.0.0.0", *named)
    refused(ran, "there is no database")


def test_a_locked_database_is_told_in_a_line(tmp_path: Path) -> None:
    found(tmp_path)
    path = tmp_path / "served.sqlite"
    with closing(sqlite3.connect(path)) as other, closing(SqliteDatabase(path, busy_seconds=0.01)) as served:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ConfigurationError, match="is locked by another process"):
            serve._open(served, Settings("embedded"), Acceptance(300))
