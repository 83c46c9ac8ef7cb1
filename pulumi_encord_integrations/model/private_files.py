"""Files and folders that hold secrets: who else may read or write them."""

import grp
import os
import pwd
import secrets
import stat
from pathlib import Path
from shlex import quote

_COMPANIONS = ("", "-journal", "-wal", "-shm")
"""What SQLite keeps beside a database and believes, by the end of the name."""


class FileNotPrivate(Exception):
    """Others may read or write what only this user should; `hint` says what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def read_private(path: Path, *, own: bool = False) -> bytes:
    """The content of a key file, which nobody else may read or write.

    A file of root may be readable by its group, as a mounted secret is for a service that is not root. Root
    may use a file of anybody, as long as nobody but its owner may; with `own` it must be root's, because
    whoever made it knows what is in it. Raises `FileNotPrivate`, OSError.
    """
    with path.open("rb") as file:
        found = os.fstat(file.fileno())
        mounted = found.st_uid == 0 != os.geteuid()
        if own or os.geteuid():
            _refuse_owner(path, found)
        _refuse(path, found, 0o037 if mounted else 0o077, "As root: chmod 640" if mounted else "chmod 600")
        return file.read()


def write_once(path: Path, content: bytes) -> bool:
    """Creates a file that only its owner may read, whole or not at all; answers whether it did.

    One that exists stays.
    """
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def require_private_database(path: Path) -> None:
    """Raises `FileNotPrivate` if others may write an SQLite file, what lies beside it, or its folder."""
    # SQLite looks for what lies beside the file where the file really is.
    # None of them is opened: a close would end the locks that SQLite holds in this process.
    real = Path(os.path.realpath(path))
    if real.parent.is_dir():
        require_own_folder(real.parent)
    for name in _COMPANIONS:
        file = real.with_name(real.name + name)
        try:
            found = file.stat()
        except OSError:
            continue
        if stat.S_ISREG(found.st_mode):
            _refuse_owner(file, found)
            _refuse(file, found, 0o027, "chmod 600")


def require_own_folder(folder: Path, *, sticky: bool = False) -> None:
    """Raises `FileNotPrivate` if others may put files there, or with `sticky` take away what is there."""
    found = folder.stat()
    private = _is_private_group(found)
    shared = 0o002 if private else 0o022
    if sticky and found.st_mode & stat.S_ISVTX:
        shared = 0
    _refuse_owner(folder, found)
    if found.st_mode & shared:
        # A sticky folder is meant for all, as /tmp is.
        for_all = found.st_mode & stat.S_ISVTX
        hint = "" if for_all else f", or: chmod go-w {quote(str(folder))}"
        mode = stat.filemode(found.st_mode)
        said = f"{folder} may be written by others ({mode})"
        raise FileNotPrivate(said, f"Name a folder of your own{hint}")


def _refuse_owner(path: Path, found: os.stat_result) -> None:
    if found.st_uid in {0, os.geteuid()}:
        return
    owner, name = _name(found.st_uid)
    hint = f"Run this as its owner: sudo -u {quote(name)} ..."
    if os.geteuid() == 0:
        hint += "; root would leave files of its own there, which the owner could not use"
    raise FileNotPrivate(f"{path} belongs to another user ({owner})", hint)


def _refuse(path: Path, found: os.stat_result, mask: int, cure: str) -> None:
    if found.st_mode & mask:
        mode = stat.filemode(found.st_mode)
        raise FileNotPrivate(f"{path} is open to others ({mode})", f"{cure} {quote(str(path))}")


def _is_private_group(found: os.stat_result) -> bool:
    """Whether the group is its owner's alone, as many Linux systems make one for each user."""
    try:
        group, owner = grp.getgrgid(found.st_gid), pwd.getpwuid(found.st_uid)
    except KeyError:
        return False
    same = group.gr_name == owner.pw_name and group.gr_gid == owner.pw_gid
    return same and not {*group.gr_mem} - {owner.pw_name}


def _name(uid: int) -> tuple[str, str]:
    """What a user is called, and what sudo calls them."""
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid), f"#{uid}"
    return name, name
