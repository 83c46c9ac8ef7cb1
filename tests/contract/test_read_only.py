"""A database that may be read and not written: reads work, writes are refused in words, nothing hangs."""

import shlex
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from pulumi_encord_integrations import embedded
from pulumi_encord_integrations.client.auth import Signer, read_key
from pulumi_encord_integrations.client.client import Client
from pulumi_encord_integrations.client.errors import ServerFailed
from pulumi_encord_integrations.client.settings import Settings
from tests.support import command
from tests.support.api import AWS
from tests.support.bound import bound_by_modes
from tests.support.command import ADA, COMMAND, Ran, environment, found, serving
from tests.support.size import sized

TITLE = str(AWS["title"])
LEAVE = "leave"
"""What is left as it was."""
KINDS = {
    "a read-only folder": (0o500, LEAVE),
    "a read-only file": (LEAVE, 0o400),
    "both": (0o500, 0o400),
}


@contextmanager
def read_only(folder: Path, file: Path, kind: str) -> Iterator[None]:
    """Until the block ends."""
    modes = dict(zip((folder, file), KINDS[kind], strict=True))
    before = {path: path.stat().st_mode for path in modes}
    for path, mode in modes.items():
        if isinstance(mode, int):
            path.chmod(mode)
    try:
        yield
    finally:
        for path, mode in before.items():
            path.chmod(mode)


def bound(folder: Path, *arguments: str, **more: str) -> Ran:
    """What the command does as somebody whom modes bind."""
    ran = subprocess.run(
        bound_by_modes(COMMAND, *arguments),
        cwd=folder,
        env=environment(folder, **more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a database to serve; `serve` is somebody whom modes bind."""
    folder = tmp_path / "api"
    folder.mkdir(mode=0o700)
    assert found(folder).code == 0
    script = tmp_path / "bound"
    script.write_text(f'#!/bin/sh\nexec {shlex.join(bound_by_modes(COMMAND))} "$@"\n')
    script.chmod(0o700)
    monkeypatch.setattr(command, "COMMAND", str(script))
    return folder


# What a process has opened it may go on writing, if the folder takes its journal.
@pytest.mark.parametrize("kind", sized(["a read-only folder"], ["a read-only folder", "both"]))
def test_a_served_database_that_turns_read_only_is_read_and_refuses_writes_in_words(
    api: Path, kind: str
) -> None:
    signer = Signer(read_key(api / "ada.key"))
    with serving(api) as server, closing(Client(server.address, signer)) as client:
        client.call("POST", "cloud-integrations", body=AWS)
        with read_only(api, api / "served.sqlite", kind):
            assert client.call("GET", "cloud-integrations")["result"][0]["title"] == TITLE
            with pytest.raises(ServerFailed, match=r"write a readonly database .*\. Check its file, folder"):
                client.call("POST", "cloud-integrations", body={**AWS, "title": "More"})
        client.call("POST", "cloud-integrations", body={**AWS, "title": "Later"})
        found = client.call("GET", "cloud-integrations")["result"]
    assert sorted(one["title"] for one in found) == sorted([TITLE, "Later"])


@pytest.mark.parametrize("kind", sized(["both"], [*KINDS]))
def test_serve_on_a_read_only_database_is_refused(api: Path, kind: str) -> None:
    with read_only(api, api / "served.sqlite", kind):
        ran = bound(api, "serve", "--port", "0", "--database", "served.sqlite")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: ")
    assert "served.sqlite takes no writes\nhint: Check owner and mode of the file and its folder" in ran.err


@pytest.mark.parametrize("kind", sized(["both"], [*KINDS]))
def test_an_embedded_database_that_is_read_only_is_read_and_refuses_writes_in_words(
    tmp_path: Path, kind: str
) -> None:
    file = tmp_path / "api" / "encord.sqlite"
    settings = Settings("embedded", database=file, user=ADA)
    with closing(embedded.connect(settings, create=True)) as client:
        client.call("POST", "cloud-integrations", body=AWS)
    (tmp_path / "data.json").write_text('{"videos": [{"objectUrl": "s3://acme-training/a.mp4"}]}')
    env = {"ENCORD_ENDPOINT": "embedded", "ENCORD_DATABASE": str(file), "ENCORD_USER": ADA}
    with read_only(file.parent, file, kind):
        before = file.read_bytes()
        listed = bound(tmp_path, "list", **env)
        refused = bound(tmp_path, "register", TITLE, "data.json", "--yes", **env)
        assert file.read_bytes() == before
    assert (listed.code, TITLE in listed.out) == (0, True)
    assert (refused.code, refused.out) == (4, ""), refused
    assert "readonly database" in refused.err
    assert "Traceback" not in refused.err
    assert bound(tmp_path, "register", TITLE, "data.json", "--yes", **env).code == 0
