"""Who may read or write what holds secrets: the rules, by owner, mode and folder."""

import grp
import os
import pwd
from pathlib import Path

import pytest

from pulumi_encord_integrations.model.private_files import (
    FileNotPrivate,
    read_private,
    require_own_folder,
    require_private_database,
)

STRANGER = 54_321
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


def made(path: Path, mode: int, content: bytes = b"key", owner: int | None = None) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    if owner is not None:
        os.chown(path, owner, owner)
    return path


def refusal(path: Path) -> FileNotPrivate:
    with pytest.raises(FileNotPrivate) as refused:
        read_private(path)
    return refused.value


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_key_of_its_owner_alone_is_read(tmp_path: Path, mode: int) -> None:
    assert read_private(made(tmp_path / "key", mode)) == b"key"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o602, 0o610, 0o666])
def test_a_key_that_others_may_use_is_refused_with_its_cure(tmp_path: Path, mode: int) -> None:
    path = made(tmp_path / "my key", mode)
    refused = refusal(path)
    assert f"{path} is open to others (-rw" in refused.message
    assert refused.hint == f"chmod 600 '{path}'"


def test_a_key_behind_a_link_is_judged_itself(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(made(tmp_path / "key", 0o600))
    assert read_private(link) == b"key"
    (tmp_path / "key").chmod(0o644)
    assert "is open to others" in refusal(link).message


@as_root
@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_root_uses_a_private_key_of_anybody(tmp_path: Path, mode: int) -> None:
    path = made(tmp_path / "key", mode, owner=STRANGER)
    assert read_private(path) == b"key"
    with pytest.raises(FileNotPrivate, match="belongs to another user"):
        read_private(path, own=True)


@as_root
def test_a_key_of_somebody_else_that_others_may_read_is_refused_to_root(tmp_path: Path) -> None:
    path = made(tmp_path / "key", 0o640, owner=STRANGER)
    assert refusal(path).hint == f"chmod 600 {path}"


@as_root
def test_a_key_of_somebody_else_is_refused_to_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(tmp_path / "key", 0o600, owner=STRANGER)
    monkeypatch.setattr(os, "geteuid", lambda: STRANGER + 1)
    refused = refusal(path)
    assert refused.message == f"{path} belongs to another user ({STRANGER})"
    assert refused.hint == f"Run this as its owner: sudo -u '#{STRANGER}' ..."


@as_root
@pytest.mark.parametrize("name", ["folder", "folder/d", "folder/d-journal"])
def test_root_is_told_to_act_as_the_owner_of_a_database_and_not_to_take_it(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir(0o700)
    for file in ("d", "d-journal"):
        made(folder / file, 0o600)
    os.chown(tmp_path / name, 65_534, -1)
    owner = pwd.getpwuid(65_534).pw_name
    with pytest.raises(FileNotPrivate) as refused:
        require_private_database(folder / "d")
    assert refused.value.message == f"{tmp_path / name} belongs to another user ({owner})"
    assert refused.value.hint.startswith(f"Run this as its owner: sudo -u {owner} ...")
    assert "...; root would leave files of its own there" in refused.value.hint
    assert "chown" not in refused.value.hint


@as_root
@pytest.mark.parametrize(("mode", "read"), [(0o440, True), (0o640, True), (0o660, False), (0o444, False)])
def test_a_mounted_key_of_root_may_be_readable_by_its_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, read: bool
) -> None:
    path = made(tmp_path / "key", mode)
    monkeypatch.setattr(os, "geteuid", lambda: STRANGER)
    if read:
        assert read_private(path) == b"key"
    else:
        assert refusal(path).hint == f"As root: chmod 640 {path}"


@pytest.mark.parametrize("name", ["d", "d-journal", "d-wal", "d-shm"])
@pytest.mark.parametrize(("mode", "fine"), [(0o600, True), (0o640, True), (0o644, False), (0o660, False)])
def test_nobody_else_may_write_a_database_or_what_lies_beside_it(
    tmp_path: Path, name: str, mode: int, fine: bool
) -> None:
    made(tmp_path / "d", 0o600)
    made(tmp_path / name, mode)
    (tmp_path / "link").symlink_to(tmp_path / "d")
    for path in (tmp_path / "d", tmp_path / "link"):
        if fine:
            require_private_database(path)
        else:
            with pytest.raises(FileNotPrivate, match=f"{name} is open to others"):
                require_private_database(path)


def test_what_is_not_there_yet_is_not_judged(tmp_path: Path) -> None:
    require_private_database(tmp_path / "d")
    require_private_database(tmp_path / "none" / "d")


@pytest.mark.parametrize("mode", [0o757, 0o777, 0o1777])
def test_a_database_lies_in_a_folder_that_nobody_else_may_write(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(FileNotPrivate, match="shared may be written by others") as refused:
        require_private_database(folder / "d")
    # A sticky folder is meant for all, as /tmp is.
    cure = "" if mode == 0o1777 else f", or: chmod go-w {folder}"
    assert refused.value.hint == f"Name a folder of your own{cure}"


def test_a_key_may_be_made_where_nobody_else_may_take_it_away(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    require_own_folder(tmp_path, sticky=True)
    tmp_path.chmod(0o777)
    with pytest.raises(FileNotPrivate):
        require_own_folder(tmp_path, sticky=True)


@as_root
@pytest.mark.parametrize(("member", "fine"), [("", True), ("eve", False)])
def test_a_folder_may_be_written_by_a_group_that_is_its_owner_s_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, member: str, fine: bool
) -> None:
    members = [member] if member else []
    tmp_path.chmod(0o775)
    group = grp.struct_group(("root", "x", 0, members))
    monkeypatch.setattr(grp, "getgrgid", lambda _gid: group)
    if fine:
        require_own_folder(tmp_path)
    else:
        with pytest.raises(FileNotPrivate, match="may be written by others"):
            require_own_folder(tmp_path)


@as_root
def test_a_folder_of_a_group_without_a_name_is_shared(tmp_path: Path) -> None:
    tmp_path.chmod(0o775)
    os.chown(tmp_path, 0, STRANGER)
    with pytest.raises(FileNotPrivate):
        require_own_folder(tmp_path)
