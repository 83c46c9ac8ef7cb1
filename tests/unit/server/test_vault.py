"""The encryption key's file: what it may hold, and that a file that was replaced is read anew."""

import os
from pathlib import Path

import pytest

from pulumi_encord_integrations.model.private_files import write_once
from pulumi_encord_integrations.server import auth
from pulumi_encord_integrations.server.auth import Acceptance, Incoming
from pulumi_encord_integrations.server.errors import DatabaseUnusable, Overloaded
from pulumi_encord_integrations.server.keys import replace_private
from pulumi_encord_integrations.server.vault import Keyring, SecretUnreadable, Vault, read_keyring

OLD, NEW, THIRD = ("11" * 32, "22" * 32, "33" * 32)
PLACE = ("integration_secrets", "uuid", "field")


def keyring(*lines: str) -> Keyring:
    return Keyring.parse("\n".join(lines).encode())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    write_once(path, OLD.encode())
    return path


def test_one_line_is_a_key_as_it_always_was() -> None:
    assert keyring(OLD).content() == OLD.encode()
    assert [key.id for key in keyring(f" {OLD} ", "").keys] == [keyring(OLD).current.id]
    assert Vault(bytes.fromhex(OLD)).key_id == Vault(keyring(OLD)).key_id


def test_what_is_written_is_what_is_read() -> None:
    ring = keyring(OLD).rotated(bytes.fromhex(NEW))
    again = Keyring.parse(ring.content())
    assert again.content() == ring.content()
    assert [key.hex() for key in again.keys] == [NEW, OLD]
    assert again.completed().content().decode().splitlines()[0] == NEW
    assert OLD not in again.completed().content().decode()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "hello",
        OLD[:-2],
        f"{OLD}22",
        f"{OLD} {NEW}",
        f"{OLD}\n{NEW}",
        f"{OLD}\nprevious",
        f"{OLD}\nprevious {NEW[:-1]}",
        f"{OLD}\nPREVIOUS {NEW}",
        f"{OLD}\naudit {NEW}\naudit {NEW}",
        f"{OLD}\naudit {NEW}",
        f"{OLD}\nprevious {NEW}\nfingerprints {NEW}",
        f"{OLD}\nsecrets {NEW}",
        f"previous {OLD}",
        " ".join(OLD[at : at + 2] for at in range(0, 64, 2)),
        f"{OLD}é",
    ],
)
def test_anything_else_is_no_key_and_is_not_quoted(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key"
    write_once(path, content.encode())
    with pytest.raises(DatabaseUnusable, match="holds no encryption key") as refusal:
        read_keyring(path)
    assert OLD[:8] not in f"{refusal.value.message} {refusal.value.hint}"
    with pytest.raises(ValueError) as raised:  # noqa: PT011  whatever it says, it must quote nothing
        Keyring.parse(content.encode())
    assert OLD[:8] not in str(raised.value)


def test_no_key_shows() -> None:
    ring = keyring(OLD).rotated(bytes.fromhex(NEW))
    shown = f"{ring!r} {Vault(ring)!r} {vars(Vault(ring))!r}"
    assert not [key for key in (OLD, NEW, ring.pinned["audit"].hex()) if key in shown]
    assert repr(bytes.fromhex(OLD))[2:10] not in shown


def test_a_secret_opens_at_its_place_under_its_key_alone() -> None:
    ring = keyring(OLD).rotated(bytes.fromhex(NEW))
    vault, sealed = Vault(ring), ring.previous[0].seal("canary", *PLACE)
    assert vault.open(sealed, ring.previous[0].id, *PLACE) == "canary"
    for key_id, place in ((ring.current.id, PLACE), ("unknown", PLACE), (ring.previous[0].id, ("x",))):
        with pytest.raises(SecretUnreadable):
            vault.open(sealed, key_id, *place)


def test_a_rotation_changes_neither_fingerprints_nor_the_chain() -> None:
    first = keyring(OLD)
    rings = [first, first.rotated(bytes.fromhex(NEW)), first.rotated(bytes.fromhex(NEW)).completed()]
    rings.append(rings[-1].rotated(bytes.fromhex(THIRD)).completed())
    assert len({Vault(ring).fingerprint("a", "b") for ring in rings}) == 1
    assert len({Vault(ring).audit_key for ring in rings}) == 1
    assert len({Vault(ring).key_id for ring in rings}) == 3
    assert Vault(keyring(NEW)).audit_key != Vault(first).audit_key


def test_a_file_that_is_replaced_is_read_by_itself(file: Path) -> None:
    vault, ring = Vault.read(file), read_keyring(file).rotated(bytes.fromhex(NEW))
    sealed = ring.current.seal("canary", *PLACE)
    assert not vault.holds(ring.current.id)
    replace_private(file, ring.content())
    assert vault.holds(ring.current.id)
    assert vault.open(sealed, ring.current.id, *PLACE) == "canary"
    assert vault.key_id == ring.current.id


@pytest.mark.parametrize("content", [None, "", "hello", THIRD, f"{THIRD}\nprevious {NEW}"])
def test_a_file_that_is_gone_or_of_another_database_changes_nothing(file: Path, content: str | None) -> None:
    vault = Vault.read(file)
    before = (vault.key_id, vault.audit_key, vault.fingerprint("a"))
    file.unlink()
    if content is not None:
        write_once(file, content.encode())
    assert (vault.key_id, vault.audit_key, vault.fingerprint("a")) == before


def test_a_key_that_the_database_names_and_that_is_not_here_is_told(file: Path) -> None:
    with pytest.raises(Overloaded, match="does not hold the encryption key 0123456789abcdef"):
        Vault.read(file).sealing("0123456789abcdef")


def test_a_bearer_token_of_the_key_before_is_good_until_the_rotation_ends() -> None:
    token = auth.issue_token("ab" * 32, Vault(keyring(OLD)))
    ring = keyring(OLD).rotated(bytes.fromhex(NEW))
    incoming = Incoming("GET", "/", "localhost", {"authorization": f"Bearer {token}"})
    assert auth.prove(incoming, Vault(ring), Acceptance(300)).public_key == "ab" * 32
    with pytest.raises(Exception, match="not valid or has ended"):
        auth.prove(incoming, Vault(ring.completed()), Acceptance(300))


def test_a_file_is_replaced_whole_or_not_at_all(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace_private(file, NEW.encode())
    assert file.read_text() == OLD
    assert [path.name for path in file.parent.iterdir()] == ["key"]


def test_a_group_that_may_read_a_mounted_key_may_read_the_next_one(file: Path) -> None:
    file.chmod(0o640)
    replace_private(file, NEW.encode())
    assert file.stat().st_mode & 0o777 == 0o640
