"""Files that others may read or write are refused before anything is made; e-mails make safe file names."""

import os
from pathlib import Path

import pytest

from pulumi_encord_integrations import embedded
from pulumi_encord_integrations.client import organization_users, organizations
from pulumi_encord_integrations.client.auth import read_key
from pulumi_encord_integrations.client.errors import ConfigurationError
from pulumi_encord_integrations.client.settings import Settings
from pulumi_encord_integrations.model.users import OrganizationUserSpec
from pulumi_encord_integrations.server.keys import user_key_file
from tests.support.command import Ran, found, run, serving

ADA = "ada@acme.example"
PLANTED = "ab" * 32
DATABASE = "encord.sqlite"


def settings(folder: Path, user: str = ADA, database: str = DATABASE) -> Settings:
    return Settings("embedded", database=folder / database, user=user)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def planted(folder: Path, database: str, mode: int) -> Path:
    key = folder / f"{database}.encryption-key"
    key.write_text(PLANTED)
    key.chmod(mode)
    return key


def refused(ran: Ran, *words: str) -> None:
    assert ran.code == 2, ran.err
    assert not [word for word in words if word not in ran.err], ran.err


@pytest.mark.parametrize("mode", [0o666, 0o644, 0o640])
def test_init_server_takes_no_encryption_key_that_others_may_know(tmp_path: Path, mode: int) -> None:
    key = planted(tmp_path, "served.sqlite", mode)
    refused(found(tmp_path), f"{key} is open to others", f"chmod 600 {key}")
    assert names(tmp_path) == {key.name}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_init_server_takes_no_encryption_key_that_somebody_else_made(tmp_path: Path) -> None:
    key = planted(tmp_path, "served.sqlite", 0o600)
    os.chown(key, 54_321, -1)
    refused(found(tmp_path), f"{key} belongs to another user", "Run this as its owner")
    assert names(tmp_path) == {key.name}


def test_init_server_takes_no_encryption_key_behind_a_link_that_others_may_know(tmp_path: Path) -> None:
    key = planted(tmp_path, "elsewhere", 0o644)
    (tmp_path / "served.sqlite.encryption-key").symlink_to(key)
    refused(found(tmp_path), "served.sqlite.encryption-key is open to others")
    (tmp_path / "served.sqlite.encryption-key").unlink()
    (tmp_path / "served.sqlite.encryption-key").symlink_to(tmp_path / "nothing")
    refused(found(tmp_path), "cannot read the key file")
    assert names(tmp_path) == {key.name, "served.sqlite.encryption-key"}


def test_init_server_takes_a_private_encryption_key(tmp_path: Path) -> None:
    key = planted(tmp_path, "served.sqlite", 0o600)
    assert found(tmp_path).code == 0
    assert key.read_text() == PLANTED


def test_init_server_makes_nothing_in_a_folder_that_others_may_write(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    refused(found(tmp_path), f"{tmp_path} may be written by others", "Name a folder of your own")
    assert names(tmp_path) == set()


def test_a_private_key_is_not_made_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "ada.key").symlink_to(tmp_path / "nothing")
    refused(found(tmp_path), "ada.key is a link to nothing")
    assert names(tmp_path) == {"ada.key"}


def test_keys_lie_beside_the_database_whichever_link_names_it(tmp_path: Path) -> None:
    (tmp_path / "links").mkdir(0o700)
    link = tmp_path / "links" / "link.sqlite"
    link.symlink_to(tmp_path / "served.sqlite")
    assert found(tmp_path).code == 0
    with serving(tmp_path, "--database", str(link)):
        assert names(link.parent) == {"link.sqlite"}
    link.unlink()
    link.symlink_to(tmp_path / DATABASE)
    embedded.connect(settings(tmp_path), create=True)
    before = names(tmp_path)
    for read_only in (False, True):
        embedded.connect(settings(link.parent, database=link.name), read_only=read_only)
    assert (names(tmp_path), names(link.parent)) == (before, {"link.sqlite"})


def test_keys_that_lie_beside_a_link_stay_in_use(tmp_path: Path) -> None:
    embedded.connect(settings(tmp_path), create=True)
    (tmp_path / "real").mkdir(0o700)
    (tmp_path / DATABASE).rename(tmp_path / "real" / DATABASE)
    (tmp_path / DATABASE).symlink_to(tmp_path / "real" / DATABASE)
    embedded.connect(settings(tmp_path))
    assert names(tmp_path / "real") == {DATABASE}


@pytest.mark.parametrize("name", ["served.sqlite", "served.sqlite.encryption-key", "served.sqlite-journal"])
def test_nothing_is_served_from_files_that_others_may_write(tmp_path: Path, name: str) -> None:
    assert found(tmp_path).code == 0
    (tmp_path / name).touch()
    (tmp_path / name).chmod(0o666)
    ran = run(tmp_path, "serve", "--database", "served.sqlite")
    refused(ran, f"{name} is open to others (-rw-rw-rw-)", "chmod 600")


def test_an_operator_s_command_reads_no_database_that_others_may_write(tmp_path: Path) -> None:
    assert found(tmp_path).code == 0
    (tmp_path / "served.sqlite").chmod(0o666)
    ran = run(tmp_path, "remove-admin", "x", ADA, "--database", "served.sqlite")
    refused(ran, "served.sqlite is open to others", "chmod 600")


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize("name", [DATABASE, f"{DATABASE}.encryption-key", f"{DATABASE}.{ADA}.key"])
def test_nothing_is_embedded_that_others_may_read(tmp_path: Path, name: str, read_only: bool) -> None:
    embedded.connect(settings(tmp_path), create=True)
    (tmp_path / name).chmod(0o644)
    with pytest.raises(ConfigurationError, match=f"{name} is open to others") as refusal:
        embedded.connect(settings(tmp_path), read_only=read_only)
    assert refusal.value.hint == f"chmod 600 {tmp_path / name}"


def test_an_embedded_database_takes_no_key_that_others_may_know(tmp_path: Path) -> None:
    for key in (planted(tmp_path, DATABASE, 0o644), tmp_path / f"{DATABASE}.{ADA}.key"):
        key.touch(0o644)
        before = names(tmp_path)
        with pytest.raises(ConfigurationError, match=f"{key.name} is open to others"):
            embedded.connect(settings(tmp_path), create=True)
        assert names(tmp_path) == before
        key.unlink()


def test_a_key_of_a_user_that_others_may_read_signs_nothing(tmp_path: Path) -> None:
    assert found(tmp_path).code == 0
    (tmp_path / "ada.key").chmod(0o644)
    with pytest.raises(ConfigurationError, match=r"ada\.key is open to others") as refusal:
        read_key(tmp_path / "ada.key")
    assert refusal.value.hint.startswith("chmod 600 ")


E_MAILS = {
    "ada@acme.example": "ada@acme.example",
    "a.b+c'd_e@acme.example": "a.b+c'd_e@acme.example",
    "j\u00f6rg@ex\u00e4mple.de": "j\u00f6rg@ex\u00e4mple.de",
    "a/b@acme.example": "a%2Fb@acme.example",
    "a%2fb@acme.example": "a%252fb@acme.example",
    "\u03c2@acme.example": "%CF%82@acme.example",
    "\u03c3@acme.example": "\u03c3@acme.example",
    "stra\u00dfe@acme.example": "stra%C3%9Fe@acme.example",
}


@pytest.mark.parametrize("user", E_MAILS)
def test_a_user_s_key_lies_beside_the_database_whatever_the_e_mail(tmp_path: Path, user: str) -> None:
    client = embedded.connect(settings(tmp_path, user), create=True)
    assert organizations.current(client).user_email == user
    key = f"{DATABASE}.{E_MAILS[user]}.key"
    assert names(tmp_path) == {DATABASE, f"{DATABASE}.encryption-key", key}


def test_no_two_users_share_a_key_file_where_case_is_ignored() -> None:
    found = [user_key_file(Path(DATABASE), user).name.casefold() for user in E_MAILS]
    assert len({*found}) == len(E_MAILS)


def test_a_long_e_mail_has_a_key_file_too(tmp_path: Path) -> None:
    long = [f"{'a' * 60}@{'.'.join([letter * 60] * 3)}.de" for letter in "bc"]
    client = embedded.connect(settings(tmp_path, long[0]), create=True)
    organization_users.add(client, OrganizationUserSpec(email=long[1]))
    for user in long:
        assert organizations.current(embedded.connect(settings(tmp_path, user))).user_email == user
    assert len(list(tmp_path.glob(f"{DATABASE}.sha256-*.key"))) == 2


@pytest.mark.parametrize(
    "user",
    ["a\0b@acme.example", f"{'a' * 300}@acme.example", ".a@acme.example", "../x"],
)
def test_what_is_no_e_mail_makes_nothing(tmp_path: Path, user: str) -> None:
    with pytest.raises(ConfigurationError, match="encord:user is not an e-mail address"):
        embedded.connect(settings(tmp_path, user), create=True)
    assert names(tmp_path) == set()


def test_a_database_whose_key_has_too_long_a_name_is_not_made(tmp_path: Path) -> None:
    database = "d" * 240
    with pytest.raises(ConfigurationError, match="is too long for a file"):
        embedded.connect(settings(tmp_path, database=database), create=True)
    refused(found(tmp_path, database=database), "is too long for a file")
    assert names(tmp_path) == set()


def test_a_database_is_made_for_its_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        embedded.connect(settings(tmp_path), create=True)
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
