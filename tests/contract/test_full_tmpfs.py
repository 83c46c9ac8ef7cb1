"""A file system that is full, as far as a namespace of the test's own allows one."""

import shutil
import subprocess
import time
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from pulumi_encord_integrations.client.auth import Signer, read_key
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.client.errors import ServerFailed
from tests.support import command
from tests.support.api import AWS
from tests.support.command import COMMAND, found, serving
from tests.support.size import at_full_size

SIZE = 96 * 2**20
"""Bytes: more than `serve` wants to be free."""
MOUNTED = ["unshare", "-Urm", "sh", "-c"]


def _mountable(folder: Path) -> bool:
    if not shutil.which("unshare"):
        return False
    mount = [*MOUNTED, f'mount -t tmpfs none "{folder}"']
    return subprocess.run(mount, capture_output=True, check=False).returncode == 0


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The folders of an API and of the file system that its database is moved to by whoever serves it."""
    folder, small = tmp_path / "api", tmp_path / "small"
    folder.mkdir()
    small.mkdir()
    if not _mountable(small):
        pytest.skip("this machine lets nobody mount a file system in a namespace")
    assert found(folder).code == 0
    script = tmp_path / "mounted"
    script.write_text(
        f'#!/bin/sh\nmount -t tmpfs -o size={SIZE},mode=700 none "{small}"'
        f' && cp -p "{folder}"/served* "{small}" && cd "{small}" && exec "{COMMAND}" "$@"\n'
    )
    outer = tmp_path / "outer"
    outer.write_text(f'#!/bin/sh\nexec unshare -Urm sh "{script}" "$@"\n')
    outer.chmod(0o700)
    monkeypatch.setattr(command, "COMMAND", str(outer))
    return folder, small


@at_full_size
def test_a_served_api_says_that_the_disk_is_full_and_goes_on_once_it_is_not(api: tuple[Path, Path]) -> None:
    folder, small = api
    signer = Signer(read_key(folder / "ada.key"))
    with serving(folder) as server, closing(Client(server.address, signer)) as client:
        seen = Path("/proc", str(server.process.pid), "root", *small.parts[1:])
        filler = seen / "filler"
        with pytest.raises(OSError, match="No space left"):
            filler.write_bytes(b"\0" * SIZE)
        with pytest.raises(
            ServerFailed, match=r"database or disk is full .*\. Check its file, folder and disk"
        ):
            client.call("POST", "cloud-integrations", body=AWS)
        assert client.call("GET", "cloud-integrations")["result"] == []
        _becomes(f"{server.address}/readyz", 503)
        assert httpx2.get(f"{server.address}/livez").status_code == 200
        filler.unlink()
        assert client.call("POST", "cloud-integrations", body=AWS)["created"]
        _becomes(f"{server.address}/readyz", 200)


def _becomes(address: str, status: int) -> None:
    """An answer serves for a moment."""
    for _ in range(200):
        if httpx2.get(address).status_code == status:
            return
        time.sleep(0.1)
    pytest.fail(f"{address} never answered {status}")
